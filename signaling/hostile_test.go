package signaling

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// Descriptions of thousands of sections and candidates cost time in proportion,
// not in its square.
func TestHugeDescriptions(t *testing.T) {
	const many = 4000
	var group, media strings.Builder
	for i := range many {
		fmt.Fprintf(&group, " %d", i)
		fmt.Fprintf(&media, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:%d\r\n", i)
	}
	head := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE" + group.String() + "\r\n" +
		"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\na=fingerprint:sha-256 " + fingerprint('X').Value + "\r\n"
	start := time.Now()
	a := newEndpoint(t, "Alice")
	a.answer(Description{Offer, head + media.String()})
	if len(a.world.transports) != 1 || a.world.data == nil {
		t.Errorf("got\n%s", a.world.describe())
	}
	a.offer()

	b := newEndpoint(t, "Bob")
	offer := newEndpoint(t, "Carol").offer()
	var candidates strings.Builder
	for i := range 100000 {
		fmt.Fprintf(&candidates, "a=candidate:%d 1 udp 1 192.0.2.1 %d typ host\r\n", i, i%65535+1)
	}
	offer.SDP += candidates.String()
	b.answer(offer)
	if got := len(b.only().candidates); got != maxCandidates {
		t.Errorf("%d candidates were handed on, want %d", got, maxCandidates)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("it took %v", d)
	}
}

// Lists of fingerprints, which renegotiations compare each with each, stay
// short: a section with thousands is refused.
func TestManyFingerprints(t *testing.T) {
	a, b := connected(t)
	var many strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&many, "a=fingerprint:sha-256 %02X:%02X%s\r\n", i>>8, i&0xff, fingerprint('X').Value[5:])
	}
	offer := b.restart()
	offer.SDP += many.String()
	a.answer(offer)
	if a.world.data != nil || len(a.world.transports) != 0 {
		t.Error("an offer with thousands of fingerprints is accepted")
	}
	a, b = connected(t)
	b.setRemote(a.restart())
	b.setLocal(Description{Type: Answer})
	answer := *b.CurrentLocal()
	answer.SDP += many.String()
	wantRefused[*rtcerr.InvalidAccessError](a, "an answer with thousands of fingerprints", func() error {
		_, err := a.SetRemote(answer, a.local)
		return err
	})
}

// seeds adds the recorded descriptions and some of ours to a fuzz target.
func seeds(f *testing.F, add func(text string)) {
	for _, pattern := range []string{"*.sdp", "broken/*"} {
		names, err := filepath.Glob(filepath.Join("..", "testdata", "sdp", pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			if text, err := os.ReadFile(name); err == nil {
				add(string(text))
			}
		}
	}
	a, b := connected(f)
	add(a.CurrentLocal().SDP)
	add(b.CurrentLocal().SDP)
	add(bundleOnlyData)
	c, d := parties(f)
	c.addTrack(codec.Audio, "s")
	c.addSimulcast("q", "h")
	d.addTrack(codec.Audio, "t")
	negotiate(c, d)
	add(c.CurrentLocal().SDP)
	add(d.CurrentLocal().SDP)
}

// FuzzSetRemote sets arbitrary descriptions in every state: no panic, nothing
// changed by a failure, an answer to whatever was accepted, and a rollback that
// leads back to where it began.
func FuzzSetRemote(f *testing.F) {
	seeds(f, func(text string) {
		// Offers meet those who have nothing and those who have negotiated, answers
		// those who have offered; from 5 on with media.
		for _, stage := range []uint8{0, 2, 5, 7} {
			f.Add(stage, uint8(Offer), text)
			f.Add(stage+1, uint8(Answer), text)
		}
	})
	f.Fuzz(func(t *testing.T, stage, kind uint8, text string) {
		a, b := newEndpoint(t, "Alice"), newEndpoint(t, "Bob")
		if stage%10 >= 5 {
			for _, e := range []*endpoint{a.withMedia(), b.withMedia()} {
				e.addTrack(codec.Audio, "s")
				e.add(codec.Video, sdp.DirectionSendrecv)
			}
		}
		switch stage % 5 {
		case 1:
			a.offer()
		case 2:
			a.setRemote(b.answer(a.offer()))
		case 3:
			a.setRemote(b.answer(a.offer()))
			a.restart()
		case 4:
			a.setRemote(b.offer())
		}
		before := a.dump()
		if a.State() == HaveLocalOffer && Type(kind%5) == Offer {
			// The rollback that it begins with stands.
			twin := &Machine{cfg: a.cfg, n: a.n.clone()}
			if _, err := twin.SetLocal(Description{Type: Rollback}, a.local); err != nil {
				t.Fatal(err)
			}
			before = twin.dump()
		}
		effects, err := a.SetRemote(Description{Type(kind % 5), text}, a.local)
		if err != nil {
			if a.dump() != before {
				t.Fatalf("%v, but the machine changed", err)
			}
			a.apply(effects)
			return
		}
		a.apply(effects)
		a.readAll()
		switch a.State() {
		case HaveRemoteOffer:
			answer, err := a.CreateAnswer(a.local)
			if err != nil {
				t.Fatalf("no answer to an offer that was accepted: %v", err)
			}
			a.setLocal(Description{Pranswer, answer})
			a.readAll()
			a.setLocal(Description{Answer, answer})
		case HaveRemotePranswer:
			// What was accepted provisionally is accepted finally.
			a.setRemote(Description{Answer, text})
		}
		a.readAll()
		if a.State() == Stable {
			// Whatever has been negotiated, an offer can follow, and go.
			world := a.world.describe()
			a.offer()
			a.readAll()
			a.rollback()
			if got := a.world.describe(); got != world {
				t.Fatalf("the rollback led to\n%s\nfrom\n%s", got, world)
			}
		}
	})
}

// readAll reads everything that can be read; what is ours has to parse.
func (e *endpoint) readAll() {
	e.t.Helper()
	e.CanTrickle()
	e.NegotiationNeeded(e.local)
	e.CurrentRemote()
	e.PendingRemote()
	for _, d := range []*Description{e.CurrentLocal(), e.PendingLocal()} {
		if d == nil {
			continue
		}
		if _, err := parse(d.SDP); err != nil {
			e.t.Fatalf("our description does not parse: %v\n%s", err, d.SDP)
		}
	}
}

// FuzzAddRemoteCandidate adds arbitrary candidates.
func FuzzAddRemoteCandidate(f *testing.F) {
	f.Add(host(1), "0", uint16(0), "", uint8(0))
	f.Add("candidate:"+host(2)+" ufrag x", "", uint16(0), "Bob-0001", uint8(7))
	f.Add("", "", uint16(9), "", uint8(2))
	f.Add("a=candidate:1 1 udp 1 x.local 1 typ host\r\na=x", "0", uint16(0), "", uint8(1))
	f.Fuzz(func(t *testing.T, candidate, mid string, index uint16, ufrag string, present uint8) {
		a, _ := connected(t)
		c := Candidate{Candidate: candidate}
		if present&1 != 0 {
			c.Mid = &mid
		}
		if present&2 != 0 {
			c.MLineIndex = &index
		}
		if present&4 != 0 {
			c.Ufrag = &ufrag
		}
		before := a.dump()
		sections := strings.Count(a.CurrentRemote().SDP, "m=")
		effects, err := a.AddRemoteCandidate(c)
		if err != nil && a.dump() != before {
			t.Fatalf("%v, but the machine changed", err)
		}
		a.apply(effects)
		text := a.CurrentRemote().SDP
		if _, err := parse(text); err != nil || strings.Count(text, "\nm=") != sections {
			t.Fatalf("%q spoiled the description: %v", candidate, err)
		}
	})
}
