package webrtc

import (
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// studio makes two connected peers, of which a sends audio and three videos.
func (w *world) studio(munge func(sdp string) string) (a, b *peer, sources []*source, atB *audience) {
	w.Helper()
	w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
	a, b = w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
	w.signal(a, b, fixed(10*time.Millisecond))
	for _, id := range []string{"one", "two", "three"} {
		s, _ := a.source(MimeTypeVP8, id)
		sources = append(sources, s)
	}
	s, _ := a.source(MimeTypeOpus, "voice")
	sources = append(sources, s)
	atB = b.audience(500 * time.Millisecond)
	a.negotiatesThrough(b, 10*time.Millisecond, munge)
	w.within(10*time.Second, "both are connected", connected(a, b))
	return a, b, sources, atB
}

// got checks that each source's packets have come, all of them, in its own track.
func (h *audience) gotAll(sources []*source) {
	h.p.w.Helper()
	for i, s := range sources {
		if s.next == 0 {
			continue
		}
		found := false
		for _, k := range h.sinks() {
			if k.track.ID() != s.track.ID() {
				continue
			}
			if found {
				h.p.w.Errorf("%s has come twice", s.track.ID())
			}
			found = true
			if !k.has(0, s.next-1) {
				h.p.w.Errorf("source %d, %s: got %v of %d", i, s.track.ID(), k.got(), s.next)
			}
			if k.track.Kind() != s.track.Kind() {
				h.p.w.Errorf("%s is %s", s.track.ID(), k.track.Kind())
			}
		}
		if !found {
			h.p.w.Errorf("%s has not come", s.track.ID())
		}
	}
}

// RFC 9143 §9.2: packets find their sections by what descriptions say of SSRCs, or
// by the MID that they carry; payload types are the same in all of video.
func TestVirtualPacketsFindTheirSections(t *testing.T) {
	for name, munge := range map[string]func(string) string{
		"by SSRC and MID": unchanged,
		"by MID alone":    withoutLines("a=ssrc:", "a=ssrc-group:"),
		"by SSRC alone": func(sdp string) string {
			var kept strings.Builder
			for line := range strings.Lines(sdp) {
				if !strings.Contains(line, "sdes:mid") {
					kept.WriteString(line)
				}
			}
			return kept.String()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				_, _, sources, atB := w.studio(munge)
				together(50, 10*time.Millisecond, sources...)
				atB.gotAll(sources)
			})
		})
	}
}

// The same over a path that loses, where the packets with the names may be lost.
func TestVirtualPacketsFindTheirSectionsUnderLoss(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		inWorld(t, seed, func(w *world) {
			_, _, sources, atB := w.studio(withoutLines("a=ssrc:", "a=ssrc-group:"))
			w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond, Loss: 0.3})
			together(200, 10*time.Millisecond, sources...)
			time.Sleep(2 * time.Second)
			for _, s := range sources[:3] {
				for _, k := range atB.sinks() {
					if k.track.ID() != s.track.ID() {
						continue
					}
					if n := k.inOrderWithin(s, time.Second); n < 185 {
						w.Errorf("seed %d: of %s %d of 200 packets came", seed, s.track.ID(), n)
					}
				}
			}
			if n := len(atB.sinks()); n != 4 {
				w.Errorf("seed %d: %d tracks have come, want 4", seed, n)
			}
		})
	}
}

// RFC 9429 §4.1.10.2: an offer that adds tracks is taken back. What flows goes on,
// what was added comes with the next offer.
func TestVirtualRollbackOfAnOfferThatAddsTracks(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(5)
		c.atB.heard("at first", "track camera-a in stream-a", "unmute camera-a", "media of camera-a")
		screen, _ := c.a.source(MimeTypeVP8, "screen")
		voice, _ := c.a.source(MimeTypeOpus, "voice")
		for range 3 {
			c.a.must(c.a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
			c.b.must(c.b.SetRemoteDescription(*c.a.LocalDescription()), "SetRemoteDescription")
			if n := len(c.b.GetTransceivers()); n != 3 {
				w.Errorf("%d transceivers with the offer, want 3", n)
			}
			c.atB.heard("with the offer", "track screen in stream-a", "track voice in stream-a")
			late := c.b.GetTransceivers()[1]
			c.talk(5)
			c.b.must(c.b.Rollback(), "Rollback")
			c.a.must(c.a.Rollback(), "Rollback")
			c.atB.heard("rolled back", "ended screen", "ended voice")
			if n := len(c.b.GetTransceivers()); n != 1 {
				w.Errorf("%d transceivers after the rollback, want 1", n)
			}
			if late.CurrentDirection() != RTPTransceiverDirectionStopped || !late.Receiver().Track().Ended() {
				w.Errorf("what the offer made is %s", late.CurrentDirection())
			}
			screen.packet() // nobody takes it
			c.talk(5)
		}
		if !c.atB.last().has(0, 34) || !c.atA.last().has(0, 34) {
			w.Errorf("the rollbacks disturb what flows: %v, %v", c.atB.last().got(), c.atA.last().got())
		}
		c.a.negotiates(c.b, 10*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		screen.next, voice.next = 0, 0
		together(10, 10*time.Millisecond, screen, voice)
		c.atB.gotAll([]*source{screen, voice})
	})
}

// An offer with tracks of the answerer's own is rolled back under them: those that
// AddTrack has put to use stay.
func TestVirtualRollbackKeepsTracksOfTheAnswerer(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.a.source(MimeTypeOpus, "voice-a")
		c.a.must(c.a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		c.b.must(c.b.SetRemoteDescription(*c.a.LocalDescription()), "SetRemoteDescription")
		voice, sender := c.b.source(MimeTypeOpus, "voice-b")
		if n := len(c.b.GetTransceivers()); n != 2 || c.b.GetTransceivers()[1].Sender() != sender {
			w.Errorf("%d transceivers, want that of the offer used", n)
		}
		c.b.must(c.b.Rollback(), "Rollback")
		c.a.must(c.a.Rollback(), "Rollback")
		if n := len(c.b.GetTransceivers()); n != 2 || c.b.GetTransceivers()[1].Mid() != "" {
			w.Errorf("%d transceivers, want that of the track kept, without a mid", n)
		}
		c.b.negotiates(c.a, 10*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		together(10, 10*time.Millisecond, voice)
		c.atA.gotAll([]*source{voice})
	})
}

// Tracks change places within a call: each section has a track of its own, whatever
// is sent in it.
func TestVirtualTracksChangePlaces(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, _, sources, atB := w.studio(withoutLines("a=ssrc:", "a=ssrc-group:"))
		together(20, 10*time.Millisecond, sources...)
		for i := range 3 { // the tracks change their senders in a circle
			a.must(a.GetSenders()[i].ReplaceTrack(nil), "ReplaceTrack(nil)")
		}
		for i := range 3 {
			a.must(a.GetSenders()[i].ReplaceTrack(sources[(i+1)%3].track), "ReplaceTrack")
		}
		together(20, 10*time.Millisecond, sources...)
		for _, id := range []string{"one", "two", "three"} {
			for _, k := range atB.sinks() {
				if k.track.ID() == id && !k.has(0, 39) {
					w.Errorf("%s has got %v, want 20 of one track and 20 of another", id, k.got())
				}
			}
		}
	})
}
