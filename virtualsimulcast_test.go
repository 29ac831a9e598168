package webrtc

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A broadcast is a camera that a sends to b in the streams q, h and f.
type broadcast struct {
	w       *world
	a, b    *peer
	q, h, f *source
	sender  *RTPSender
	offered []SSRC // of the three streams
	atB     *audience

	mu      sync.Mutex // guards what follows
	refresh []string   // the RIDs of OnKeyFrameRequest
}

func (c *broadcast) all() []*source { return []*source{c.q, c.h, c.f} }

func inBroadcast(t *testing.T, munge func(sdp string) string, scenario func(w *world, c *broadcast)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		c := &broadcast{w: w, a: w.peer("a", simnet.Addrs("192.0.2.1")), b: w.peer("b", simnet.Addrs("192.0.2.2"))}
		w.signal(c.a, c.b, fixed(10*time.Millisecond))
		sources, sender := c.a.simulcast("q", "h", "f")
		c.q, c.h, c.f, c.sender = sources[0], sources[1], sources[2], sender
		sender.OnKeyFrameRequest(func(rid string) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.refresh = append(c.refresh, rid)
		})
		c.offered = c.ssrcs()
		c.atB = c.b.audience(500 * time.Millisecond)
		c.a.negotiatesThrough(c.b, 10*time.Millisecond, munge)
		w.within(10*time.Second, "both are connected", connected(c.a, c.b))
		scenario(w, c)
	})
}

func unchanged(sdp string) string { return sdp }

// ssrcs returns what the streams are sent with.
func (c *broadcast) ssrcs() []SSRC {
	var out []SSRC
	for _, e := range c.sender.GetParameters().Encodings {
		out = append(out, e.SSRC)
	}
	return out
}

// requested checks for which streams a key frame was asked since the last look.
func (c *broadcast) requested(when string, want ...string) {
	c.w.Helper()
	time.Sleep(100 * time.Millisecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.refresh)
	if !slices.Equal(c.refresh, want) {
		c.w.Errorf("%s: key frames of %q are asked for, want of %q", when, c.refresh, want)
	}
	c.refresh = nil
}

// RFC 8853, RFC 8852: each stream comes as a track of its own, by its name.
func TestVirtualSimulcastComesAsThreeTracks(t *testing.T) {
	inBroadcast(t, unchanged, func(w *world, c *broadcast) {
		together(50, 10*time.Millisecond, c.all()...)
		receiver := c.b.GetReceivers()[0]
		if n := len(receiver.Tracks()); n != 3 || len(c.atB.sinks()) != 3 {
			w.Fatalf("%d tracks and %d calls of OnTrack, want 3", n, len(c.atB.sinks()))
		}
		ssrcs := c.ssrcs()
		for i, rid := range []string{"q", "h", "f"} {
			s := c.atB.of(rid)
			if !s.has(0, 49) {
				w.Errorf("of %s %v have come, want all", rid, s.got())
			}
			if s.track.SSRC() != ssrcs[i] || s.track.ID() != "camera-a" || s.track.StreamID() != "stream-a" || s.track.Muted() {
				w.Errorf("%s: SSRC %d, id %q in %q, muted %v", rid, s.track.SSRC(), s.track.ID(), s.track.StreamID(), s.track.Muted())
			}
		}
	})
}

// Under loss each stream is repaired by its own retransmissions, which only names
// tell apart.
func TestVirtualSimulcastSurvivesLoss(t *testing.T) {
	inBroadcast(t, unchanged, func(w *world, c *broadcast) {
		w.net.SetDefaultPath(tenPercent)
		const n = 1000
		together(n, 5*time.Millisecond, c.all()...)
		time.Sleep(time.Second)
		for i, rid := range []string{"q", "h", "f"} {
			if in := c.atB.of(rid).inOrderWithin(c.all()[i], time.Second); float64(in) < 0.99*n {
				w.Errorf("of %s %d of %d packets came in order", rid, in, n)
			}
			if !c.atB.of(rid).track.HasRTX() {
				w.Errorf("%s is not repaired by retransmissions", rid)
			}
		}
	})
}

// webrtc-pc §5.2, setParameters: a stream is paused and goes on alone.
func TestVirtualSimulcastPausesOneStream(t *testing.T) {
	inBroadcast(t, unchanged, func(w *world, c *broadcast) {
		in, ssrcs := w.watches(c.a), c.ssrcs()
		activate := func(active bool) {
			p := c.sender.GetParameters()
			p.Encodings[1].Active = active
			c.a.must(c.sender.SetParameters(p), "SetParameters")
		}
		together(10, 10*time.Millisecond, c.all()...)
		activate(false)
		together(10, 10*time.Millisecond, c.all()...)
		if !c.atB.of("q").has(0, 19) || !c.atB.of("h").has(0, 9) || !c.atB.of("f").has(0, 19) {
			w.Errorf("with h paused b has got q %v, h %v, f %v", c.atB.of("q").got(), c.atB.of("h").got(), c.atB.of("f").got())
		}
		activate(true)
		together(10, 10*time.Millisecond, c.all()...)
		if got := c.atB.of("h").got(); len(got) != 20 || got[10] != 20 {
			w.Errorf("with h active again b has got h %v, want 0 to 9 and 20 to 29", got)
		}
		for i := range ssrcs {
			w.goesOn(in(ssrcs[i]), 90000, time.Millisecond)
		}
		if c.a.NegotiationNeeded() {
			w.Error("SetParameters asks for negotiation")
		}
	})
}

// A key frame is asked for of the stream that needs it.
func TestVirtualSimulcastKeyFrameRequests(t *testing.T) {
	inBroadcast(t, unchanged, func(w *world, c *broadcast) {
		together(10, 10*time.Millisecond, c.all()...)
		for _, rid := range []string{"q", "h", "f"} {
			c.atB.of(rid).track.RequestKeyFrame()
			c.requested("by the track "+rid, rid)
			time.Sleep(time.Second)
		}
		c.b.GetReceivers()[0].RequestKeyFrame()
		c.requested("by the receiver", "f", "h", "q")
	})
}

// RFC 8853 §5.3: a peer that takes fewer streams gets those.
func TestVirtualSimulcastWithoutAStreamThatThePeerRefuses(t *testing.T) {
	refuse := func(sdp string) string {
		sdp = strings.ReplaceAll(sdp, "a=rid:h recv\r\n", "")
		return strings.ReplaceAll(sdp, "a=simulcast:recv q;h;f", "a=simulcast:recv q;f")
	}
	inBroadcast(t, refuse, func(w *world, c *broadcast) {
		in := w.watches(c.a)
		together(10, 10*time.Millisecond, c.all()...)
		if n := len(in(c.offered[1])); n != 0 {
			w.Errorf("%d packets of the refused stream were sent", n)
		}
		if len(c.atB.sinks()) != 2 || !c.atB.of("q").has(0, 9) || !c.atB.of("f").has(0, 9) {
			w.Errorf("%d tracks have come", len(c.atB.sinks()))
		}
	})
}

// webrtc-pc §4.4.1.5: a peer that does not know simulcast gets the first stream.
func TestVirtualSimulcastToAPeerWithoutIt(t *testing.T) {
	inBroadcast(t, withoutLines("a=rid:", "a=simulcast:"), func(w *world, c *broadcast) {
		in, ssrcs := w.watches(c.a), c.offered
		together(10, 10*time.Millisecond, c.all()...)
		if len(in(ssrcs[0])) != 10 || len(in(ssrcs[1]))+len(in(ssrcs[2])) != 0 {
			w.Errorf("%d, %d and %d packets were sent, want of the first stream alone", len(in(ssrcs[0])), len(in(ssrcs[1])), len(in(ssrcs[2])))
		}
		if len(c.atB.sinks()) != 1 || !c.atB.last().has(0, 9) || c.atB.last().track.RID() != "" {
			w.Errorf("%d tracks have come, the last with RID %q and %v", len(c.atB.sinks()), c.atB.last().track.RID(), c.atB.last().got())
		}
	})
}

// One track can be sent in several encodings: it is bound once for each.
func TestVirtualSimulcastOfOneTrack(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(10*time.Millisecond))
		camera := a.unsent(asVP8, "camera")
		encoding := func(rid string) RTPEncodingParameters {
			return RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: rid}}
		}
		_, err := a.AddTransceiverFromTrack(camera.track, RTPTransceiverInit{
			Direction: RTPTransceiverDirectionSendonly, SendEncodings: []RTPEncodingParameters{encoding("1"), encoding("2")},
		})
		a.must(err, "AddTransceiverFromTrack")
		atB := b.audience(100 * time.Millisecond)
		a.negotiates(b, 10*time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		together(10, 10*time.Millisecond, camera)
		if !atB.of("1").has(0, 9) || !atB.of("2").has(0, 9) {
			w.Errorf("b has got %v and %v", atB.of("1").got(), atB.of("2").got())
		}
	})
}

// A hold stops all streams, and each comes back.
func TestVirtualSimulcastOnHold(t *testing.T) {
	inBroadcast(t, unchanged, func(w *world, c *broadcast) {
		turn := func(direction RTPTransceiverDirection) {
			c.a.must(c.a.GetTransceivers()[0].SetDirection(direction), "SetDirection")
			c.a.negotiates(c.b, 10*time.Millisecond)
			time.Sleep(100 * time.Millisecond)
		}
		together(10, 10*time.Millisecond, c.all()...)
		first := c.atB.sinks()
		turn(RTPTransceiverDirectionInactive)
		together(10, 10*time.Millisecond, c.all()...)
		for _, s := range first {
			if !s.ended() || !s.track.Muted() || !s.has(0, 9) {
				w.Errorf("%s on hold: ended %v, muted %v, got %v", s.track.RID(), s.ended(), s.track.Muted(), s.got())
			}
		}
		turn(RTPTransceiverDirectionSendonly)
		together(10, 10*time.Millisecond, c.all()...)
		if n := len(c.atB.sinks()); n != 6 {
			w.Fatalf("OnTrack was called %d times, want three times more", n)
		}
		for _, s := range c.atB.sinks()[3:] {
			if s.track.Muted() || !s.has(20, 29) {
				w.Errorf("%s after the hold: muted %v, got %v", s.track.RID(), s.track.Muted(), s.got())
			}
		}
	})
}
