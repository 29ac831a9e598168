package sdp

import (
	"reflect"
	"strings"
	"testing"
)

// TestMarshalOrder writes a full description, made by a program, and wants
// RFC 8866 §5's order of lines and RFC 9429 §5.2.1's of attributes.
func TestMarshalOrder(t *testing.T) {
	size := uint64(262144)
	transport := Transport{
		ICEUfrag: "uf12", ICEPwd: "0123456789012345678901", ICEOptions: []string{"trickle", "ice2"},
		Fingerprints: []Fingerprint{{"sha-256", "AB:CD"}}, Setup: SetupActpass, TLSID: "91bbf309c0990a6bec11e38ba2933cee",
	}
	s := &Session{
		Origin: Origin{SessionID: 1<<62 - 1, SessionVersion: 3}, Connection: "2001:db8::1", Bandwidths: []Bandwidth{{"CT", 1}},
		Groups:           []Group{{"BUNDLE", []string{"a", "v", "d"}}, {"LS", []string{"a", "v"}}},
		ExtmapAllowMixed: true, Cryptex: true, MsidSemantic: []string{"WMS *"}, ICELite: true, Extmaps: []Extmap{{ID: 4096, URI: "urn:s"}},
		Transport: Transport{ICEOptions: []string{"trickle"}}, Identity: "id=", Direction: DirectionSendrecv, EndOfCandidates: true,
		Attributes: []Attribute{{Key: "x-flag"}},
		Media: []*Media{{
			Kind: "video", Port: 9, PortCount: 2, Proto: "UDP/TLS/RTP/SAVPF", Formats: []string{"96", "97"}, Title: "a title",
			Connection: "192.0.2.1", Bandwidths: []Bandwidth{{"AS", 500}, {"TIAS", 500000}},
			Mid: "v", Direction: DirectionSendonly, Transport: transport,
			RTPMaps: []RTPMap{{96, "VP8", 90000, 0}, {97, "rtx", 90000, 0}, {111, "opus", 48000, 2}},
			FMTPs:   []FMTP{{"97", "apt=96"}}, RTCPFBs: []RTCPFB{{"96", "nack", ""}, {"*", "nack", "pli"}},
			Extmaps: []Extmap{{1, DirectionUnspecified, "urn:a", ""}, {2, DirectionRecvonly, "urn:b", "short"}},
			Msids:   []Msid{{"-", "track"}, {"", ""}}, SSRCGroups: []SSRCGroup{{"FID", []uint32{1, 4294967295}}},
			SSRCs: []SSRC{{1, "cname", "c"}, {2, "flag", ""}},
			RIDs:  []RID{{"h", "send", []uint8{96, 97}, []string{"max-width=1280", "max-fps=30"}}, {"l", "recv", nil, []string{"max-fps=15"}}, {"m", "send", nil, nil}},
			Simulcast: &Simulcast{
				Send: [][]SimulcastRID{{{"h", false}, {"m", true}}, {{"x", false}}}, Recv: [][]SimulcastRID{{{"l", false}}},
			},
			PTime: 20, MaxPTime: 60, RTCP: "9 IN IP4 0.0.0.0", RTCPMux: true, RTCPMuxOnly: true, RTCPRsize: true, Cryptex: true, ExtmapAllowMixed: true,
			Attributes: []Attribute{{"framerate", "30", true}, {"x-empty", "", true}},
			Candidates: []string{"1 1 udp 1 192.0.2.1 9 typ host"}, EndOfCandidates: true,
		}, {
			Kind: "application", Proto: "UDP/DTLS/SCTP", Formats: []string{"webrtc-datachannel"}, BundleOnly: true, Mid: "d",
			SCTPPort: 5000, MaxMessageSize: &size, SCTPInit: "AQ==",
		}},
	}
	want := `v=0
o=- 4611686018427387903 3 IN IP4 127.0.0.1
s=-
c=IN IP6 2001:db8::1
b=CT:1
t=0 0
a=group:BUNDLE a v d
a=group:LS a v
a=extmap-allow-mixed
a=cryptex
a=msid-semantic:WMS *
a=ice-lite
a=extmap:4096 urn:s
a=ice-options:trickle
a=identity:id=
a=sendrecv
a=end-of-candidates
a=x-flag
m=video 9/2 UDP/TLS/RTP/SAVPF 96 97
i=a title
c=IN IP4 192.0.2.1
b=AS:500
b=TIAS:500000
a=mid:v
a=sendonly
a=rtpmap:96 VP8/90000
a=rtpmap:97 rtx/90000
a=rtpmap:111 opus/48000/2
a=fmtp:97 apt=96
a=rtcp-fb:96 nack
a=rtcp-fb:* nack pli
a=ptime:20
a=maxptime:60
a=extmap-allow-mixed
a=extmap:1 urn:a
a=extmap:2/recvonly urn:b short
a=msid:- track
a=msid:-
a=ssrc-group:FID 1 4294967295
a=ssrc:1 cname:c
a=ssrc:2 flag
a=rid:h send pt=96,97;max-width=1280;max-fps=30
a=rid:l recv max-fps=15
a=rid:m send
a=simulcast:send h,~m;x recv l
a=ice-ufrag:uf12
a=ice-pwd:0123456789012345678901
a=ice-options:trickle ice2
a=fingerprint:sha-256 AB:CD
a=setup:actpass
a=tls-id:91bbf309c0990a6bec11e38ba2933cee
a=rtcp:9 IN IP4 0.0.0.0
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
a=cryptex
a=framerate:30
a=x-empty:
a=candidate:1 1 udp 1 192.0.2.1 9 typ host
a=end-of-candidates
m=application 0 UDP/DTLS/SCTP webrtc-datachannel
a=bundle-only
a=mid:d
a=sctp-port:5000
a=max-message-size:262144
a=sctp-init:AQ==
`
	got := s.Marshal()
	wantCRLF(t, got)
	if lines := strings.ReplaceAll(got, "\r\n", "\n"); lines != want {
		t.Errorf("got\n%s\nwant\n%s", lines, want)
	}
	s.Origin.Username, s.Origin.Address, s.Name = "-", "127.0.0.1", "-"
	s.Media[0].Msids[1].Stream = "-"
	if again := wantParsed(t, got); !reflect.DeepEqual(again, s) {
		t.Errorf("it is read as\n%s", summary(again))
	}
}

// TestMarshalEmpty fills what the grammar wants and a program left out.
func TestMarshalEmpty(t *testing.T) {
	s := &Session{Media: []*Media{{}, {Simulcast: &Simulcast{}}}}
	want := "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" +
		strings.Repeat("m=application 0 UDP/DTLS/SCTP 0\r\nc=IN IP4 0.0.0.0\r\n", 2)
	if got := s.Marshal(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestInjection sets every string of the model, one after the other, to one that
// tries to end its line; the description has the same lines as before, but for
// the one with the string.
func TestInjection(t *testing.T) {
	for _, evil := range []string{"x\r\na=injected", "x\na=injected\n", "\r\n\r\na=injected", "x\ra=injected\x00\r", "\n"} {
		s := filled()
		var fields []reflect.Value
		eachString(reflect.ValueOf(s), func(v reflect.Value) { fields = append(fields, v) })
		if len(fields) < 60 {
			t.Fatalf("found %d strings only", len(fields))
		}
		lines := strings.Split(s.Marshal(), "\r\n")
		for i, field := range fields {
			was := field.String()
			field.SetString(evil)
			got := s.Marshal()
			wantCRLF(t, got)
			if n := strings.Count(got, "\n"); n > len(lines)-1 {
				t.Errorf("string %d, %q, made %d lines of %d with %q", i, was, n, len(lines)-1, evil)
			}
			if strings.Contains(got, "\na=injected") || strings.ContainsRune(got, 0) {
				t.Errorf("string %d, %q, injected a line with %q:\n%s", i, was, evil, got)
			}
			field.SetString(was)
		}
	}
}

// filled is a description in which every field of the model is set.
func filled() *Session {
	s := &Session{}
	fill(reflect.ValueOf(s).Elem())
	return s
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.String:
		v.SetString("word")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	}
}

func eachString(v reflect.Value, visit func(reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		eachString(v.Elem(), visit)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachString(v.Field(i), visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachString(v.Index(i), visit)
		}
	case reflect.String:
		visit(v)
	}
}

// TestTokens leaves no way to add a word to a list either.
func TestTokens(t *testing.T) {
	s := &Session{Groups: []Group{{"BUNDLE", []string{"0\r\n1", "2 3"}}}, Media: []*Media{{Mid: "0 1"}}}
	got := wantParsed(t, s.Marshal())
	if mids := got.Bundle(); len(mids) != 2 || mids[0] != "01" || mids[1] != "23" || got.Media[0].Mid != "01" {
		t.Errorf("the group is %q, the mid %q", mids, got.Media[0].Mid)
	}
}

// TestMalformedRepaired writes the typed fields of a section whose m= line did
// not parse once its fault is taken away, as an answer that rejects it does.
func TestMalformedRepaired(t *testing.T) {
	s := wantParsed(t, "v=0\no=- 1 1 IN IP4 0.0.0.0\nm=audio 99999 UDP/TLS/RTP/SAVPF 0\nc=IN ATM x\na=mid:0\n")
	m := s.Media[0]
	if m.Malformed == nil || !strings.Contains(s.Marshal(), "m=audio 99999 UDP/TLS/RTP/SAVPF 0\r\n") || !strings.Contains(s.Marshal(), "c=IN ATM x\r\n") {
		t.Fatalf("the line that did not parse was not written back:\n%s", s.Marshal())
	}
	m.Clone().unread[0] = "c=IN IP4 192.0.2.1"
	if m.unread[0] != "c=IN ATM x" {
		t.Error("a change to the clone reached the original")
	}
	m.Malformed = nil
	if got := s.Marshal(); !strings.Contains(got, "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n") || strings.Contains(got, "ATM") {
		t.Errorf("the repaired section is written as\n%s", got)
	}
}
