package sdp

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestClone changes everything that can be reached from a clone; the original
// stays as it was.
func TestClone(t *testing.T) {
	s, untouched := filled(), filled()
	c := s.Clone()
	if !reflect.DeepEqual(c, s) {
		t.Fatal("the clone differs")
	}
	scribble(reflect.ValueOf(c))
	if !reflect.DeepEqual(s, untouched) {
		t.Errorf("changes to the clone reached the original:\n%s", summary(s))
	}
	if reflect.DeepEqual(c, s) {
		t.Error("nothing was changed")
	}
}

// scribble clears all elements of slices and targets of pointers below v.
func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			scribble(v.Elem())
			v.Elem().SetZero()
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				scribble(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			scribble(v.Index(i))
			v.Index(i).SetZero()
		}
	}
}

// TestEffectiveTransport applies a session's attributes to the sections that
// have none of their own, and only to them.
func TestEffectiveTransport(t *testing.T) {
	outer := Transport{
		ICEUfrag: "sufr", ICEPwd: "spwd", ICEOptions: []string{"trickle"}, Setup: SetupActpass, TLSID: "sid",
		Fingerprints: []Fingerprint{{"sha-256", "AA"}, {"sha-1", "BB"}},
	}
	full := Transport{ICEUfrag: "mufr", ICEPwd: "mpwd", ICEOptions: []string{"ice2"}, Setup: SetupPassive, TLSID: "mid", Fingerprints: []Fingerprint{{"sha-512", "CC"}}}
	with := func(change func(*Transport)) Transport { c := outer.Clone(); change(&c); return c }
	for _, c := range []struct {
		name        string
		media, want Transport
	}{
		{"nothing of its own", Transport{}, outer},
		{"everything of its own", full, full},
		{"a ufrag without a password", Transport{ICEUfrag: "mufr"}, with(func(w *Transport) { w.ICEUfrag, w.ICEPwd = "mufr", "" })},
		{"a password without a ufrag", Transport{ICEPwd: "mpwd"}, with(func(w *Transport) { w.ICEUfrag, w.ICEPwd = "", "mpwd" })},
		{"one fingerprint", Transport{Fingerprints: full.Fingerprints}, with(func(w *Transport) { w.Fingerprints = full.Fingerprints })},
		{"a role", Transport{Setup: SetupActive}, with(func(w *Transport) { w.Setup = SetupActive })},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Session{Transport: outer}
			if got := s.EffectiveTransport(&Media{Transport: c.media}); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestEffectiveDirection(t *testing.T) {
	for _, c := range []struct{ session, media, want Direction }{
		{DirectionUnspecified, DirectionUnspecified, DirectionSendrecv},
		{DirectionInactive, DirectionUnspecified, DirectionInactive},
		{DirectionInactive, DirectionSendonly, DirectionSendonly},
		{DirectionUnspecified, DirectionRecvonly, DirectionRecvonly},
	} {
		s := &Session{Direction: c.session}
		if got := s.EffectiveDirection(&Media{Direction: c.media}); got != c.want {
			t.Errorf("%v at session level, %v in the section: got %v, want %v", c.session, c.media, got, c.want)
		}
	}
}

func TestEffectiveMaxMessageSize(t *testing.T) {
	// RFC 8841 §6.1: 64 kB without the line, no limit with 0.
	for line, want := range map[string]uint64{"": 65536, "a=max-message-size:0\n": 0, "a=max-message-size:1\n": 1, "a=max-message-size:18446744073709551615\n": 1<<64 - 1} {
		if got := wantParsed(t, base+line).Media[1].EffectiveMaxMessageSize(); got != want {
			t.Errorf("%q: got %d, want %d", line, got, want)
		}
	}
}

func TestBundleAndMids(t *testing.T) {
	s := wantParsed(t, strings.Replace(base, "a=group:BUNDLE 0 1", "a=group:LS 0\r\na=group:BUNDLE 1 0\r\na=group:BUNDLE 0", 1))
	if got := s.Bundle(); !slices.Equal(got, []string{"1", "0"}) {
		t.Errorf("the bundle is %q", got)
	}
	if m, i := s.MediaByMid("1"); i != 1 || m != s.Media[1] {
		t.Errorf("mid 1 is section %d", i)
	}
	for _, mid := range []string{"", "2"} {
		if m, i := s.MediaByMid(mid); m != nil || i != -1 {
			t.Errorf("mid %q is section %d", mid, i)
		}
	}
	empty := wantParsed(t, strings.Replace(base, "a=group:BUNDLE 0 1", "a=group:BUNDLE", 1))
	if got := empty.Bundle(); got == nil || len(got) != 0 {
		t.Errorf("a group without members is %#v", got)
	}
	if got := wantParsed(t, strings.Replace(base, "a=group:BUNDLE 0 1\r\n", "", 1)).Bundle(); got != nil {
		t.Errorf("no group is %#v", got)
	}
}

func TestKinds(t *testing.T) {
	for line, want := range map[string][3]bool{ // RTP, data, rejected
		"m=audio 9 UDP/TLS/RTP/SAVPF 0\n":                                   {true, false, false},
		"m=audio 0 RTP/AVP 0\n":                                             {true, false, true},
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n":                {false, true, false},
		"m=application 9 TCP/DTLS/SCTP webrtc-datachannel\n":                {false, true, false},
		"m=application 9 DTLS/SCTP 5000\n":                                  {false, true, false},
		"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\na=bundle-only\n": {false, true, false},
		"m=application 9 SCTP 5000\n":                                       {false, false, false},
		"m=text 9 UDP/DTLS/SCTP webrtc-datachannel\n":                       {false, false, false},
	} {
		m := wantParsed(t, "v=0\no=- 1 1 IN IP4 0.0.0.0\n"+line).Media[0]
		if got := [3]bool{m.IsRTP(), m.IsData(), m.IsRejected()}; got != want {
			t.Errorf("%q: RTP, data, rejected are %v, want %v", line, got, want)
		}
	}
}

func TestAttributeLookup(t *testing.T) {
	s := wantParsed(t, "v=0\no=- 1 1 IN IP4 0.0.0.0\na=x:1\na=x:2\nm=application 9 DTLS/SCTP 5000\na=sctpmap:5000 webrtc-datachannel 1024\na=flag\n")
	if v, ok := s.Attribute("x"); v != "1" || !ok {
		t.Errorf("x is %q, %v", v, ok)
	}
	if v, ok := s.Media[0].Attribute("sctpmap"); v != "5000 webrtc-datachannel 1024" || !ok {
		t.Errorf("sctpmap is %q, %v", v, ok)
	}
	if v, ok := s.Media[0].Attribute("flag"); v != "" || !ok {
		t.Errorf("flag is %q, %v", v, ok)
	}
	if _, ok := s.Media[0].Attribute("x"); ok {
		t.Error("the session's attribute was found in a section")
	}
}

func TestParseFingerprint(t *testing.T) {
	f, ok := ParseFingerprint("SHA-256 ab:Cd:0f")
	if want := (Fingerprint{"sha-256", "AB:CD:0F"}); !ok || f != want || f.String() != "sha-256 AB:CD:0F" {
		t.Errorf("got %v, %v", f, ok)
	}
	for _, bad := range []string{"", "sha-256", "sha-256 ", "sha-256 a", "sha-256 ab:", "sha-256 :ab", "sha-256 ab:c", "sha-256 abcd", "sha-256 ab:cg", "sha-256 ab cd", "sha/1 ab",
		"sha-256 " + strings.Repeat("ab:", 200) + "ab"} {
		if f, ok := ParseFingerprint(bad); ok {
			t.Errorf("%q is taken as %v", bad, f)
		}
	}
}

func TestICEOptions(t *testing.T) {
	s := wantParsed(t, "v=0\no=- 1 1 IN IP4 0.0.0.0\na=ice-options:ice2,trickle\na=ice-options:renomination\n")
	if !slices.Equal(s.Transport.ICEOptions, []string{"ice2", "trickle", "renomination"}) || !s.Transport.HasICEOption("trickle") || s.Transport.HasICEOption("trick") {
		t.Errorf("got %q", s.Transport.ICEOptions)
	}
}
