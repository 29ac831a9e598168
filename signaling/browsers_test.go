package signaling

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// recorded returns a description of testdata/sdp.
func recorded(t testing.TB, name string, kind Type) Description {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "sdp", name))
	if err != nil {
		t.Fatal(err)
	}
	return Description{Type: kind, SDP: string(text)}
}

func audioVideoData(t testing.TB) Description {
	return recorded(t, "chromium-156-audio-video-data-offer.sdp", Offer)
}

// Every recorded offer is answered: the same sections in the same order, those
// for data accepted, all others rejected in their place.
func TestAnswerRealOffers(t *testing.T) {
	names, err := filepath.Glob("../testdata/sdp/*offer*.sdp")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d offers, %v", len(names), err)
	}
	for _, path := range names {
		t.Run(filepath.Base(path), func(t *testing.T) {
			offer := recorded(t, filepath.Base(path), Offer)
			session, err := sdp.Parse(offer.SDP)
			if err != nil {
				t.Fatal(err)
			}
			a := newEndpoint(t, "Alice")
			answer := a.answer(offer)
			parsed, err := sdp.Parse(answer.SDP)
			if err != nil {
				t.Fatalf("our answer does not parse: %v\n%s", err, answer.SDP)
			}
			if len(parsed.Media) != len(session.Media) {
				t.Fatalf("%d sections, offered %d", len(parsed.Media), len(session.Media))
			}
			accepted := 0
			for i, m := range parsed.Media {
				offered := session.Media[i]
				if m.Mid != offered.Mid || m.Kind != offered.Kind || m.Proto != offered.Proto {
					t.Errorf("section %d is %s %s %q, offered %s %s %q", i, m.Kind, m.Proto, m.Mid, offered.Kind, offered.Proto, offered.Mid)
				}
				if want := offered.Kind == "application" && !offered.IsRejected(); want == m.IsRejected() {
					t.Errorf("section %d (%s): rejected %v", i, m.Kind, m.IsRejected())
				}
				if !slices.Equal(m.Formats, offered.Formats) {
					t.Errorf("section %d: formats %q, offered %q", i, m.Formats, offered.Formats)
				}
				if !m.IsRejected() {
					accepted++
					if m.Transport.Setup == sdp.SetupActpass || m.Transport.Setup == sdp.SetupUnspecified {
						t.Errorf("section %d: setup %s", i, m.Transport.Setup)
					}
				}
			}
			if (accepted == 1) != (a.world.data != nil) {
				t.Errorf("%d sections accepted, but\n%s", accepted, a.world.describe())
			}
			if a.world.data == nil {
				return
			}
			if group := parsed.Bundle(); session.Bundle() != nil && len(group) != 1 {
				t.Errorf("the group is %q", group)
			}
			if tr := a.only(); tr.remote.Parameters.Ufrag == "" || len(tr.dtls.Fingerprints) == 0 || tr.controlling && !session.ICELite {
				t.Errorf("got\n%s", a.world.describe())
			}
		})
	}
}

// Recorded answers of peers to other peers are applied to an offer of ours
// that has the same sections, as far as that is one of data alone.
func TestApplyRealAnswers(t *testing.T) {
	for _, name := range []string{"chromium-156-data-answer.sdp", "firefox-153-data-answer.sdp"} {
		a := newEndpoint(t, "Alice")
		offer := a.offer()
		answer := recorded(t, name, Answer)
		mine := lines(&offer, "a=mid:")[0]
		theirs := lines(&answer, "a=mid:")[0]
		answer = replaced(t, answer, theirs, mine)
		a.setRemote(answer)
		if a.world.data == nil || a.only().dtls == nil || a.only().dtls.Client {
			t.Errorf("%s: got\n%s", name, a.world.describe())
		}
	}
}

// Chromium restarts ICE: our answer has new credentials, and its candidates are
// those of the new generation.
func TestChromiumRestarts(t *testing.T) {
	a := newEndpoint(t, "Alice")
	restart := recorded(t, "chromium-156-restart-offer.sdp", Offer)
	first := restart
	ufrag := lines(&restart, "a=ice-ufrag:")
	for _, u := range ufrag {
		first.SDP = strings.ReplaceAll(first.SDP, u, "a=ice-ufrag:before")
	}
	session, err := sdp.Parse(restart.SDP)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(session.Media, isData) {
		t.Fatal("the recorded offer has no data")
	}
	a.answer(first)
	old := a.only().local
	a.answer(restart)
	if a.only().local == old || a.only().remote.Parameters.Ufrag == "before" {
		t.Errorf("no restart:\n%s", a.world.describe())
	}
	if a.world.data == nil {
		t.Error("data was stopped")
	}
}

// A bundle whose tagged section we reject: the section of data takes over
// (RFC 9143 §7.3.1), with its own candidates where it has some.
func TestTaggedSectionIsRejected(t *testing.T) {
	offer := audioVideoData(t)
	session, err := sdp.Parse(offer.SDP)
	if err != nil {
		t.Fatal(err)
	}
	_, data := session.MediaByMid(session.Media[len(session.Media)-1].Mid)
	a := newEndpoint(t, "Alice")
	a.answer(offer)
	if got := a.n.lines[data]; got.rejected || got.transport != a.onlyID() || !got.data {
		t.Errorf("the data section is %+v", got)
	}
	if got, want := a.only().remote.Parameters.Ufrag, session.EffectiveTransport(session.Media[data]).ICEUfrag; got != want {
		t.Errorf("remote ufrag %q, want %q", got, want)
	}
	own := session.Media[data].Candidates
	if len(own) > 0 && !slices.Equal(a.only().candidates, own) {
		t.Errorf("candidates %q, want %q", a.only().candidates, own)
	}
}

const bundleOnlyData = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a d\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" +
	"a=fingerprint:sha-256 AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA\r\n" +
	"a=setup:actpass\r\na=rtcp-mux\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\na=end-of-candidates\r\n" +
	"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=bundle-only\r\na=mid:d\r\na=sctp-port:5001\r\n"

// A section that is bundle-only has the tagged section's attributes and
// candidates, though that one is rejected (RFC 9143 §7.1.3).
func TestBundleOnlyData(t *testing.T) {
	a := newEndpoint(t, "Alice")
	answer := a.answer(Description{Offer, bundleOnlyData})
	if tr := a.only(); tr.remote.Parameters.Ufrag != "abcd" || len(tr.candidates) != 1 || !tr.ended || len(tr.dtls.Fingerprints) != 1 {
		t.Errorf("got\n%s", a.world.describe())
	}
	if a.world.data.RemotePort != 5001 {
		t.Errorf("port %d", a.world.data.RemotePort)
	}
	if got := lines(&answer, "m="); got[0] != "m=audio 0 UDP/TLS/RTP/SAVPF 0" || got[1] != "m=application 9 UDP/DTLS/SCTP webrtc-datachannel" {
		t.Errorf("got %q", got)
	}
	if got := lines(&answer, "a=bundle-only"); got != nil {
		t.Error("RFC 9429 §5.3.1: no section of an answer has a=bundle-only")
	}
	if got := lines(&answer, "a=group"); !slices.Equal(got, []string{"a=group:BUNDLE d"}) {
		t.Errorf("got %q", got)
	}
	// A later candidate of the tagged section still counts.
	effects, err := a.AddRemoteCandidate(Candidate{Candidate: host(7), Mid: pointer("a")})
	if err != nil || len(effects) != 1 {
		t.Errorf("%+v, %v", effects, err)
	}
	// And our next offer keeps audio's place.
	offer := a.offer()
	if got := lines(&offer, "m="); got[0] != "m=audio 0 UDP/TLS/RTP/SAVPF 0" || got[1] != "m=application 9 UDP/DTLS/SCTP webrtc-datachannel" {
		t.Errorf("our offer has %q", got)
	}
	if got := lines(&offer, "a=mid"); !slices.Equal(got, []string{"a=mid:a", "a=mid:d"}) {
		t.Errorf("our offer has %q", got)
	}
}

// Old peers: DTLS/SCTP with the port in the format, answered in kind; a peer
// without mids, without setup.
func TestLegacyPeers(t *testing.T) {
	legacy := replaced(t, Description{Offer, bundleOnlyData}, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "m=application 0 DTLS/SCTP 5002")
	legacy = replaced(t, legacy, "a=sctp-port:5001", "a=sctpmap:5002 webrtc-datachannel 1024")
	a := newEndpoint(t, "Alice")
	answer := a.answer(legacy)
	if a.world.data == nil || a.world.data.RemotePort != 5002 {
		t.Errorf("got\n%s", a.world.describe())
	}
	if got := lines(&answer, "m=")[1]; got != "m=application 9 DTLS/SCTP 5000" {
		t.Errorf("got %q", got)
	}
	if lines(&answer, "a=sctp-port") != nil || len(lines(&answer, "a=sctpmap:5000 webrtc-datachannel")) != 1 {
		t.Errorf("got\n%s", answer.SDP)
	}

	tcp := replaced(t, Description{Offer, bundleOnlyData}, "UDP/DTLS/SCTP", "TCP/DTLS/SCTP")
	b := newEndpoint(t, "Bob")
	if got := b.answer(tcp); lines(&got, "m=")[1] != "m=application 9 TCP/DTLS/SCTP webrtc-datachannel" {
		t.Errorf("got\n%s", got.SDP)
	}

	c := newEndpoint(t, "Carol")
	d := newEndpoint(t, "Dave")
	bare := without(t, without(t, c.offer(), "a=mid"), "a=group")
	plain := without(t, d.answer(bare), "a=setup")
	if lines(&plain, "a=mid") != nil || lines(&plain, "a=group") != nil {
		t.Errorf("got\n%s", plain.SDP)
	}
	c.setRemote(plain)
	wantConnected(c, d, "without mids")
	// The peer without mids gets an offer of ours without them.
	c.setRemote(d.offer())
	c.wantState(HaveRemoteOffer, "with a second offer")
}

// What the answer may not do (RFC 9429 §5.8.3, §5.11; RFC 9143 §7.3).
func TestWrongAnswers(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	good := b.answer(a.offer())
	refuse := func(what string, d Description) {
		t.Helper()
		wantRefused[*rtcerr.InvalidAccessError](a, what, func() error { _, err := a.SetRemote(d, a.local); return err })
	}
	refuse("a section more", Description{Answer, good.SDP + "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n"})
	refuse("a section less", Description{Answer, good.SDP[:strings.Index(good.SDP, "a=group")]})
	refuse("another kind", replaced(t, good, "m=application", "m=audio"))
	refuse("another mid", replaced(t, replaced(t, good, "a=mid:0", "a=mid:1"), "BUNDLE 0", "BUNDLE 1"))
	refuse("a group of a stranger", replaced(t, good, "BUNDLE 0", "BUNDLE 0 1"))
	refuse("a group with a mid twice", replaced(t, good, "BUNDLE 0", "BUNDLE 0 0"))
	refuse("a protocol that is none", replaced(t, good, "UDP/DTLS/SCTP", "UDP/DTLS/QUIC"))
	refuse("no choice of a role", replaced(t, good, "a=setup:active", "a=setup:actpass"))
	refuse("a role that holds", replaced(t, good, "a=setup:active", "a=setup:holdconn"))
	refuse("no fingerprint", without(t, good, "a=fingerprint"))
	refuse("no ufrag", without(t, good, "a=ice-ufrag"))
	refuse("no password", without(t, good, "a=ice-pwd"))
	refuse("a broken fingerprint", replaced(t, good, "a=fingerprint:sha-256 ", "a=fingerprint:sha-256 zz"))
	a.setRemote(without(t, without(t, good, "a=mid"), "a=group")) // a peer may know nothing of mids
}

// What an offer may not do.
func TestWrongOffers(t *testing.T) {
	a, b := connected(t)
	good := b.offer()
	refuse := func(what string, d Description) {
		t.Helper()
		wantRefused[*rtcerr.InvalidAccessError](a, what, func() error { _, err := a.SetRemote(d, a.local); return err })
	}
	refuse("a section less", Description{Offer, good.SDP[:strings.Index(good.SDP, "a=group")]})
	refuse("another mid", replaced(t, replaced(t, good, "a=mid:0", "a=mid:1"), "BUNDLE 0", "BUNDLE 1"))
	refuse("another kind", replaced(t, good, "m=application", "m=audio"))
	refuse("no ufrag", without(t, good, "a=ice-ufrag"))
	refuse("no fingerprint", without(t, good, "a=fingerprint"))
	wantRefused[*rtcerr.TypeError](a, "no type", func() error {
		_, err := a.SetRemote(Description{SDP: good.SDP}, a.local)
		return err
	})
	a.setRemote(good)
	// webrtc-pc §4.4.1.5: back-to-back offers are checked as if answers were in
	// between.
	refuse("another mid than the offer before", replaced(t, replaced(t, good, "a=mid:0", "a=mid:1"), "BUNDLE 0", "BUNDLE 1"))
	more := Description{Offer, good.SDP + "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n"}
	a.setRemote(more)
	refuse("a section less than the offer before", good)
	a.setLocal(Description{})
	a.wantState(Stable, "after it all")
}

// An error names the section.
func TestErrorsNameTheSection(t *testing.T) {
	a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
	_, err := a.SetRemote(without(t, b.offer(), "a=ice-pwd"), a.local)
	var access *rtcerr.InvalidAccessError
	if !errors.As(err, &access) || !strings.Contains(err.Error(), `mid "0"`) || !strings.Contains(err.Error(), "a=ice-pwd") {
		t.Errorf("got %v", err)
	}
}
