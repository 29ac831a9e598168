package webrtc

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

func ptr[T any](v T) *T { return &v }

// The forms below are those that pion/webrtc v4.2.20 writes for the same
// values.
func TestCandidateJSONForms(t *testing.T) {
	host := ICECandidate{
		Foundation: "f", Priority: 1, Address: "1.2.3.4", Protocol: ICEProtocolUDP, Port: 5,
		Typ: ICECandidateTypeHost, Component: 1,
	}
	srflx := host
	srflx.Typ, srflx.RelatedAddress, srflx.RelatedPort = ICECandidateTypeSrflx, "10.0.0.1", 9
	srflx.SDPMid, srflx.SDPMLineIndex = "audio", 3
	tcp := srflx
	tcp.Typ, tcp.Protocol, tcp.TCPType = ICECandidateTypeHost, ICEProtocolTCP, "active"
	invalid := host
	invalid.Typ = ICECandidateTypeUnknown

	for _, c := range []struct {
		name  string
		value any
		want  string
	}{
		{"init, empty", ICECandidateInit{}, `{"candidate":"","sdpMid":null,"sdpMLineIndex":null,"usernameFragment":null}`},
		{
			"init, full", ICECandidateInit{Candidate: "candidate:1", SDPMid: ptr("0"), SDPMLineIndex: ptr(uint16(1)), UsernameFragment: ptr("u")},
			`{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":1,"usernameFragment":"u"}`,
		},
		{"candidate", host, `{"foundation":"f","priority":1,"address":"1.2.3.4","protocol":1,"port":5,"type":"host","component":1,"relatedAddress":"","relatedPort":0,"tcpType":"","sdpMid":"","sdpMLineIndex":0}`},
		{"candidate without type", invalid, `{"foundation":"f","priority":1,"address":"1.2.3.4","protocol":1,"port":5,"type":"unknown","component":1,"relatedAddress":"","relatedPort":0,"tcpType":"","sdpMid":"","sdpMLineIndex":0}`},
		{"host to JSON", host.ToJSON(), `{"candidate":"candidate:f 1 udp 1 1.2.3.4 5 typ host","sdpMid":"","sdpMLineIndex":0,"usernameFragment":null}`},
		{"srflx to JSON", srflx.ToJSON(), `{"candidate":"candidate:f 1 udp 1 1.2.3.4 5 typ srflx raddr 10.0.0.1 rport 9","sdpMid":"audio","sdpMLineIndex":3,"usernameFragment":null}`},
		{"tcp to JSON", tcp.ToJSON(), `{"candidate":"candidate:f 1 tcp 1 1.2.3.4 5 typ host tcptype active","sdpMid":"audio","sdpMLineIndex":3,"usernameFragment":null}`},
		{"invalid to JSON", invalid.ToJSON(), `{"candidate":"candidate:","sdpMid":"","sdpMLineIndex":0,"usernameFragment":null}`},
		{"parameters", ICEParameters{"u", "p", true}, `{"usernameFragment":"u","password":"p","iceLite":true}`},
		{"gather options", ICEGatherOptions{}, `{"ICEServers":null,"ICEGatherPolicy":"all","ICECandidatePoolSize":0}`},
		{"pair", ICECandidatePair{}, `{"Local":null,"Remote":null}`},
	} {
		got, err := json.Marshal(c.value)
		if err != nil || string(got) != c.want {
			t.Errorf("%s:\n got %s (%v)\nwant %s", c.name, got, err, c.want)
		}
	}
}

func TestCandidateString(t *testing.T) {
	c := ICECandidate{Foundation: "f", Priority: 1, Address: "1.2.3.4", Protocol: ICEProtocolUDP, Port: 5, Typ: ICECandidateTypeHost, Component: 1}
	if got := c.String(); !strings.Contains(got, "host") || !strings.Contains(got, "1.2.3.4:5") {
		t.Errorf("a host candidate reads %q", got)
	}
	pair := NewICECandidatePair(&c, &c)
	if got := pair.String(); got != "(local) "+c.String()+" <-> (remote) "+c.String() {
		t.Errorf("a pair reads %q", got)
	}
	c.Typ = 0
	if got := c.String(); !strings.Contains(got, "unknown candidate type") {
		t.Errorf("an invalid candidate reads %q", got)
	}
}

// Every line that the ice package reads goes through the public type unchanged.
func TestCandidateRoundTrip(t *testing.T) {
	for _, line := range []string{
		"1 1 udp 2130706431 192.0.2.1 5000 typ host",
		"2 1 udp 2130706431 2001:db8::1 5000 typ host generation 0 ufrag EsAw network-id 1 network-cost 10",
		"3 1 udp 1694498815 192.0.2.1 5000 typ srflx raddr 10.0.0.1 rport 4000 ufrag EsAw",
		"4 1 udp 1862270975 192.0.2.1 5000 typ prflx raddr 10.0.0.1 rport 4000",
		"5 2 udp 16777215 192.0.2.1 5000 typ relay raddr 192.0.2.9 rport 4000",
		"6 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0",
		"7 1 udp 2113937151 0f3f9ab5-3aab-4e27-a4a5-0ee4d1fe5c9b.local 5000 typ host",
	} {
		in, err := ice.UnmarshalCandidate(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		public := candidateFrom(in)
		public.SDPMid, public.SDPMLineIndex = "data", 2
		out, err := public.ToICE()
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if !out.DeepEqual(in) || out.Foundation() != in.Foundation() || out.Priority() != in.Priority() || out.Component() != in.Component() {
			t.Errorf("%s\ncame back as %s", line, out.Marshal())
		}
		init := public.ToJSON()
		if init.Candidate != "candidate:"+line || *init.SDPMid != "data" || *init.SDPMLineIndex != 2 {
			t.Errorf("%s\nin JSON is %+v", line, init)
		}
		if ufrag := in.Ufrag(); ufrag == "" && init.UsernameFragment != nil || ufrag != "" && *init.UsernameFragment != ufrag {
			t.Errorf("%s: the username fragment in JSON is %v", line, init.UsernameFragment)
		}
		if public.UsernameFragment() != in.Ufrag() {
			t.Errorf("%s: UsernameFragment is %q", line, public.UsernameFragment())
		}
	}
}

func TestCandidatesCompare(t *testing.T) {
	a := ICECandidate{Foundation: "f", Address: "1.2.3.4", Port: 5, ufrag: "x"}
	b := a
	if a != b {
		t.Error("a copy is another candidate")
	}
}

func TestToICERefusesWhatIsNoCandidate(t *testing.T) {
	good := ICECandidate{Foundation: "f", Priority: 1, Address: "1.2.3.4", Protocol: ICEProtocolUDP, Port: 5, Typ: ICECandidateTypeHost, Component: 1}
	for name, change := range map[string]func(*ICECandidate){
		"no protocol": func(c *ICECandidate) { c.Protocol = 0 },
		"no type":     func(c *ICECandidate) { c.Typ = 0 },
		"no address":  func(c *ICECandidate) { c.Address = "" },
		"bad address": func(c *ICECandidate) { c.Address = "1.2.3.4 typ relay" },
	} {
		c := good
		change(&c)
		_, err := c.ToICE()
		var syntax *rtcerr.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: %v, want a SyntaxError", name, err)
		}
	}
	if _, err := good.ToICE(); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// webrtc-pc §4.8.1: the constructor of RTCIceCandidate.
func TestParseICECandidate(t *testing.T) {
	var typeError *rtcerr.TypeError
	if _, err := ParseICECandidate(ICECandidateInit{Candidate: "candidate:1 1 udp 1 1.2.3.4 5 typ host"}); !errors.As(err, &typeError) {
		t.Errorf("neither mid nor index: %v, want a TypeError", err)
	}
	const line = "candidate:2718281828 1 udp 2113932031 192.168.0.1 40404 typ host generation 0 ufrag q7Rz network-cost 50"
	for _, init := range []ICECandidateInit{
		{Candidate: line, SDPMid: ptr("0")},
		{Candidate: line, SDPMLineIndex: ptr(uint16(7)), UsernameFragment: ptr("user")},
		{Candidate: strings.TrimPrefix(line, "candidate:"), SDPMid: ptr(""), UsernameFragment: ptr("")},
		{Candidate: "", SDPMid: ptr("0"), SDPMLineIndex: ptr(uint16(0))},
		{Candidate: "no candidate at all", SDPMid: ptr("0")},
	} {
		c, err := (&API{}).ParseICECandidate(init)
		if err != nil {
			t.Errorf("%+v: %v", init, err)
			continue
		}
		if got := c.ToJSON(); !reflect.DeepEqual(got, init) {
			t.Errorf("%+v came back as %+v", init, got)
		}
		parsed := strings.Contains(init.Candidate, "typ host")
		if (c.Address == "192.168.0.1") != parsed || (c.Foundation == "2718281828") != parsed || (c.Priority == 2113932031) != parsed || (c.Typ == ICECandidateTypeHost) != parsed {
			t.Errorf("%q is parsed into %+v", init.Candidate, c)
		}
		// W3C takes the fragment from the member, not from the line.
		if want := init.UsernameFragment; want != nil && c.UsernameFragment() != *want || want == nil && c.UsernameFragment() != "" {
			t.Errorf("%+v: UsernameFragment is %q", init, c.UsernameFragment())
		}
	}
}

func FuzzICECandidateInitJSON(f *testing.F) {
	for _, seed := range []string{
		`{"candidate":"","sdpMid":null,"sdpMLineIndex":null,"usernameFragment":null}`,
		`{"candidate":"candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host ufrag EsAw","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"EsAw"}`,
		`{"candidate":"candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active","sdpMid":"data"}`,
		`{"candidate":"candidate:7 1 udp 2113937151 0f3f9ab5-3aab-4e27-a4a5-0ee4d1fe5c9b.local 5000 typ host","sdpMLineIndex":0}`,
		`{"candidate":"x","sdpMLineIndex":70000}`, `null`, `{}`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var init ICECandidateInit
		if json.Unmarshal(b, &init) != nil {
			return
		}
		text, err := json.Marshal(init)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", init, err)
		}
		var back ICECandidateInit
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, init) {
			t.Fatalf("%s reads as %+v (%v), not %+v", text, back, err, init)
		}
		c, err := ParseICECandidate(init)
		if err != nil {
			return
		}
		if got := c.ToJSON(); !reflect.DeepEqual(got, init) {
			t.Fatalf("%+v came back as %+v", init, got)
		}
		if _, err := c.ToICE(); err != nil && c.Address != "" {
			t.Fatalf("%q was read and cannot be written: %v", init.Candidate, err)
		}
		_ = c.String()
	})
}
