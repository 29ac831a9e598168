package signaling

import (
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// RFC 9429 §5.4: what was created may not be changed where it says what the
// connection is.
func TestMungingRefused(t *testing.T) {
	a := newEndpoint(t, "Alice")
	text, err := a.CreateOffer(a.local, OfferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	offer := Description{Offer, text}
	print := a.local.Fingerprints[0].Value
	for what, d := range map[string]Description{
		"foreign":        newEndpoint(t, "Other").offer(),
		"ufrag":          replaced(t, offer, "a=ice-ufrag:Alice", "a=ice-ufrag:Malice"),
		"password":       replaced(t, offer, "a=ice-pwd:Alice", "a=ice-pwd:Malice"),
		"fingerprint":    replaced(t, offer, print, fingerprint('X').Value),
		"mid":            replaced(t, replaced(t, offer, "a=mid:0", "a=mid:1"), "BUNDLE 0", "BUNDLE 1"),
		"bundle":         without(t, offer, "a=group"),
		"kind":           replaced(t, offer, "m=application", "m=audio"),
		"protocol":       replaced(t, offer, "UDP/DTLS/SCTP", "TCP/DTLS/SCTP"),
		"port":           replaced(t, offer, "m=application 9", "m=application 0"),
		"SCTP port":      replaced(t, offer, "a=sctp-port:5000", "a=sctp-port:5001"),
		"section":        {Offer, text + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"},
		"lite":           replaced(t, offer, "a=extmap-allow-mixed", "a=ice-lite"),
		"session id":     replaced(t, offer, "o=- 42 ", "o=- 43 "),
		"not created":    {Answer, text},
		"a broken setup": replaced(t, offer, "a=setup:actpass", "a=setup:maybe"),
	} {
		wantRefused[*rtcerr.InvalidModificationError](a, what, func() error {
			_, err := a.SetLocal(d, a.local)
			return err
		})
	}
	wantRefused[*rtcerr.RTCError](a, "syntax", func() error {
		_, err := a.SetLocal(Description{Offer, strings.Replace(text, "o=", "z=", 1)}, a.local)
		return err
	})
}

func TestMungingAllowed(t *testing.T) {
	for what, change := range map[string]func(Description) Description{
		"nothing":           func(d Description) Description { return d },
		"line ends":         func(d Description) Description { return replaced(t, d, "\r\n", "\n") },
		"message size":      func(d Description) Description { return replaced(t, d, ":262144", ":1000") },
		"a bandwidth":       func(d Description) Description { return replaced(t, d, "a=mid:0", "b=AS:30\r\na=mid:0") },
		"an attribute":      func(d Description) Description { return replaced(t, d, "a=mid:0", "a=mid:0\r\na=x-mine:1") },
		"a candidate":       func(d Description) Description { d.SDP += "a=candidate:" + host(1) + "\r\n"; return d },
		"the DTLS role":     func(d Description) Description { return replaced(t, d, "a=setup:actpass", "a=setup:passive") },
		"mixed extmaps":     func(d Description) Description { return without(t, d, "a=extmap-allow-mixed") },
		"the session's s=":  func(d Description) Description { return replaced(t, d, "s=-", "s=mine") },
		"the version in o=": func(d Description) Description { return replaced(t, d, "o=- 42 1 ", "o=- 42 7 ") },
	} {
		a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
		text, err := a.CreateOffer(a.local, OfferOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d := change(Description{Offer, text})
		a.setLocal(d)
		if got := a.PendingLocal().SDP; got != d.SDP {
			t.Errorf("%s: what was set reads as\n%s", what, got)
		}
		a.setRemote(b.answer(*a.PendingLocal()))
		wantConnected(a, b, what)
	}
}

// A program may choose its role in the answer, and SetLocal follows.
func TestMungedRole(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	b.setRemote(a.offer())
	text, err := b.CreateAnswer(b.local)
	if err != nil {
		t.Fatal(err)
	}
	b.setLocal(replaced(t, Description{Answer, text}, "a=setup:active", "a=setup:passive"))
	a.setRemote(*b.CurrentLocal())
	wantConnected(a, b, "with a role of its own")
	if b.only().dtls.Client {
		t.Error("Bob wanted to be the server")
	}
}

// The roles that offers and configuration leave (RFC 8842 §5.3).
func TestRoles(t *testing.T) {
	for _, test := range []struct {
		offered, want string
		cfg           Config
	}{
		{"actpass", "active", Config{}},
		{"actpass", "passive", Config{AnswerSetup: 2}},
		{"active", "passive", Config{}},
		{"passive", "active", Config{AnswerSetup: 2}},
		{"", "active", Config{}},
	} {
		a, b := newEndpoint(t, "Alice"), newEndpointWith(t, "Bob", test.cfg)
		offer := a.offer()
		if test.offered == "" {
			offer = without(t, offer, "a=setup")
		} else {
			offer = replaced(t, offer, "a=setup:actpass", "a=setup:"+test.offered)
		}
		answer := b.answer(offer)
		if got := lines(&answer, "a=setup"); len(got) != 1 || got[0] != "a=setup:"+test.want {
			t.Errorf("offered %q: answered %q", test.offered, got)
		}
		if got := b.only().dtls.Client; got != (test.want == "active") {
			t.Errorf("offered %q: client %v", test.offered, got)
		}
	}
}

// An offer without text is the last one created, options and all, unless things
// have changed since (webrtc-pc §4.4.2, setLocalDescription).
func TestLastCreatedOffer(t *testing.T) {
	a, _ := connected(t)
	old := a.only().local
	text, err := a.CreateOffer(a.local, OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	a.setLocal(Description{})
	if a.PendingLocal().SDP != text || a.only().local == old {
		t.Error("the last created offer was not taken")
	}
	b := newEndpoint(t, "Bob")
	b.local.Data = false
	if _, err := b.CreateOffer(b.local, OfferOptions{}); err != nil {
		t.Fatal(err)
	}
	b.local.Data = true
	b.setLocal(Description{Type: Offer})
	if got := lines(b.PendingLocal(), "m="); len(got) != 1 {
		t.Error("an offer that no longer says how things are was taken")
	}
}
