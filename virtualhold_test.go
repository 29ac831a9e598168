package webrtc

import (
	"slices"
	"testing"
	"time"
)

// RFC 9429 §5.3.1, webrtc-pc §5.4: either side puts the call on hold, by an offer
// of its own or in an answer. Media stops both ways, readers see the end, and all
// of it comes back with the direction.
func TestVirtualHoldAndResume(t *testing.T) {
	for name, c := range map[string]struct{ holds, offers string }{
		"the offerer holds":                     {"a", "a"},
		"the answerer holds":                    {"b", "b"},
		"the answerer holds in an answer":       {"b", "a"},
		"the former offerer holds by answering": {"a", "b"},
	} {
		t.Run(name, func(t *testing.T) {
			inCall(t, func(w *world, call *call) {
				call.holdsAndResumes(call.named(c.holds), call.named(c.offers))
			})
		})
	}
}

// named returns a peer of the call.
func (c *call) named(name string) *peer {
	if name == "a" {
		return c.a
	}
	return c.b
}

// other returns the peer of the other side.
func (c *call) other(p *peer) *peer {
	if p == c.a {
		return c.b
	}
	return c.a
}

func (c *call) holdsAndResumes(holder, offerer *peer) {
	c.w.Helper()
	inA, inB := c.w.watches(c.a), c.w.watches(c.b)
	c.talk(20)
	c.atA.heard("at first", "track camera-b in stream-b", "unmute camera-b", "media of camera-b")
	c.atB.heard("at first", "track camera-a in stream-a", "unmute camera-a", "media of camera-a")
	firstA, firstB := c.atA.last(), c.atB.last()

	c.turns(holder, offerer, RTPTransceiverDirectionInactive)
	c.atA.heard("on hold", "mute camera-b")
	c.atB.heard("on hold", "mute camera-a")
	for _, first := range []*sink{firstA, firstB} {
		if !first.has(0, 19) || !first.ended() {
			c.w.Errorf("reading %s has brought packets %v and ended by %v, want 0 to 19 and EOF", first.track.ID(), first.got(), first.err)
		}
		if !first.track.Muted() || first.track.Ended() {
			c.w.Errorf("%s: muted %v, ended %v; want a live track that is muted", first.track.ID(), first.track.Muted(), first.track.Ended())
		}
	}
	onWire := len(inA(c.ssrc(c.a))) + len(inB(c.ssrc(c.b)))
	c.talk(50)
	if n := len(inA(c.ssrc(c.a))) + len(inB(c.ssrc(c.b))); n != onWire {
		c.w.Errorf("%d packets of media were sent on hold", n-onWire)
	}
	c.atA.heard("while on hold")
	c.atB.heard("while on hold")

	c.turns(holder, offerer, RTPTransceiverDirectionSendrecv)
	c.atA.heard("resumed", "track camera-b in stream-b")
	c.atB.heard("resumed", "track camera-a in stream-a")
	c.talk(20)
	c.atA.heard("once media comes", "unmute camera-b", "media of camera-b")
	c.atB.heard("once media comes", "unmute camera-a", "media of camera-a")
	for _, h := range []*audience{c.atA, c.atB} {
		if len(h.sinks()) != 2 || !h.last().has(70, 89) {
			c.w.Errorf("%s has got %v after the hold, want packets 70 to 89", h.p.name, h.last().got())
		}
		if h.last().track.Muted() {
			c.w.Errorf("%s: the track is muted though media comes", h.p.name)
		}
	}
	// RFC 3550 §5.1: sequence numbers increment by one for each packet that is sent,
	// and timestamps with time.
	c.w.goesOn(inA(c.ssrc(c.a)), 90000, time.Millisecond)
	c.w.goesOn(inB(c.ssrc(c.b)), 90000, time.Millisecond)
}

// turns has a peer change the direction of its transceiver, and one of them offer.
func (c *call) turns(p, offerer *peer, direction RTPTransceiverDirection) {
	c.w.Helper()
	p.must(p.GetTransceivers()[0].SetDirection(direction), "SetDirection")
	offerer.negotiates(c.other(offerer), 10*time.Millisecond)
	time.Sleep(100 * time.Millisecond)
}

// ssrc returns what a peer sends its camera with.
func (c *call) ssrc(p *peer) SSRC { return p.GetSenders()[0].GetParameters().Encodings[0].SSRC }

// Two sides that hold have to let go both.
func TestVirtualHoldFromBothSides(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(5)
		c.turns(c.a, c.a, RTPTransceiverDirectionInactive)
		c.turns(c.b, c.b, RTPTransceiverDirectionInactive)
		c.atA.heard("held", "track camera-b in stream-b", "unmute camera-b", "media of camera-b", "mute camera-b")
		c.turns(c.a, c.a, RTPTransceiverDirectionSendrecv)
		c.talk(5)
		c.atA.heard("one has let go")
		c.atB.heard("one has let go", "track camera-a in stream-a", "unmute camera-a", "media of camera-a", "mute camera-a", "track camera-a in stream-a")
		c.turns(c.b, c.b, RTPTransceiverDirectionSendrecv)
		c.talk(5)
		c.atA.heard("both have let go", "track camera-b in stream-b", "unmute camera-b", "media of camera-b")
		c.atB.heard("both have let go", "track camera-a in stream-a", "unmute camera-a", "media of camera-a")
	})
}

// Music on hold: one side goes on sending and hears nothing.
func TestVirtualHoldWithMusic(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(10)
		c.turns(c.a, c.a, RTPTransceiverDirectionSendonly)
		c.talk(10)
		if !c.atB.last().has(0, 19) || c.atB.last().ended() {
			w.Errorf("b hears %v, want the music without a gap", c.atB.last().got())
		}
		if !c.atA.last().has(0, 9) || !c.atA.last().ended() {
			w.Errorf("a hears %v, want nothing since it holds", c.atA.last().got())
		}
		c.turns(c.a, c.a, RTPTransceiverDirectionSendrecv)
		c.talk(10)
		if !c.atB.last().has(0, 29) || !c.atA.last().has(20, 29) {
			w.Errorf("b has got %v and a %v after the hold", c.atB.last().got(), c.atA.last().got())
		}
	})
}

// Holds follow each other as fast as descriptions travel, in the midst of media:
// what is heard is in order, and ends as it should.
func TestVirtualHoldOverAndOver(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		inA := w.watches(c.a)
		stop := make(chan struct{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for {
				select {
				case <-stop:
					return
				default:
					c.fromA.packet()
					time.Sleep(3 * time.Millisecond)
				}
			}
		}()
		for i := range 40 {
			direction := RTPTransceiverDirectionInactive
			if i%2 == 1 {
				direction = RTPTransceiverDirectionSendrecv
			}
			c.a.must(c.a.GetTransceivers()[0].SetDirection(direction), "SetDirection")
			c.a.negotiates(c.b, time.Duration(i%5)*7*time.Millisecond)
			w.within(time.Second, "it is agreed", func() bool { return c.a.SignalingState() == SignalingStateStable })
		}
		time.Sleep(100 * time.Millisecond)
		close(stop)
		<-ended
		time.Sleep(200 * time.Millisecond)
		w.goesOn(inA(c.ssrc(c.a)), 90000, time.Millisecond)
		c.atB.mu.Lock()
		diary := slices.Clone(c.atB.diary)
		c.atB.mu.Unlock()
		muted, media := true, 0
		for i, line := range diary {
			switch line {
			case "mute camera-a", "unmute camera-a":
				if is := line == "mute camera-a"; is == muted {
					w.Errorf("event %d of %q repeats the state", i, diary)
				} else {
					muted = is
				}
			case "media of camera-a":
				media++
				if muted {
					w.Errorf("event %d of %q: media of a muted track", i, diary)
				}
			}
		}
		if muted || media == 0 {
			w.Errorf("it ends muted: %q", diary)
		}
		for i, s := range c.atB.sinks() {
			if i < len(c.atB.sinks())-1 && !s.ended() {
				w.Errorf("reading %d has not ended", i)
			}
		}
		if got := c.atB.last().got(); len(got) == 0 || got[len(got)-1] != c.fromA.next-1 {
			w.Errorf("the newest packets have not come: %v of %d", got, c.fromA.next)
		}
	})
}

// webrtc-pc §5.2, setStreams: the streams of a track change without the media
// being touched.
func TestVirtualStreamsChangeUnderMedia(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(5)
		c.atB.heard("at first", "track camera-a in stream-a", "unmute camera-a", "media of camera-a")
		needed := 0
		c.a.OnNegotiationNeeded(func() { needed++ })
		change := func(want []string, ids ...string) {
			t.Helper()
			needed = 0
			c.a.must(c.a.GetSenders()[0].SetStreams(ids...), "SetStreams")
			tellsNeeds()
			if needed != 1 {
				w.Errorf("SetStreams(%q) announced negotiation %d times, want once", ids, needed)
			}
			c.a.negotiates(c.b, 10*time.Millisecond)
			c.talk(5)
			c.atB.heard("after the change", want...)
			if got := c.b.GetReceivers()[0].StreamIDs(); !slices.Equal(got, ids) && len(got)+len(ids) > 0 {
				w.Errorf("the peer has the track in %q, want %q", got, ids)
			}
		}
		// "or the previous step increased the length of addList": a stream that is new
		// fires the event, one that is gone does not.
		change([]string{"track camera-a in one two"}, "one", "two")
		change(nil, "two")
		change([]string{"track camera-a in three"}, "three")
		change(nil)
		if !c.atB.last().has(0, 24) {
			w.Errorf("b has got %v, want all", c.atB.last().got())
		}
		if id := c.atB.last().track.StreamID(); id != "" {
			w.Errorf("the track is in %q, want none", id)
		}
	})
}

// SetFireOnTrackBeforeFirstRTP has programs read a track that is only offered: the
// read waits for the media, also when it comes back from a hold.
func TestVirtualHoldWithTracksBeforePackets(t *testing.T) {
	var settings SettingEngine
	settings.SetFireOnTrackBeforeFirstRTP(true)
	inCallWith(t, settings, func(w *world, c *call) {
		c.atB.heard("before media", "track camera-a in stream-a", "media of camera-a")
		c.talk(5)
		c.atB.heard("once media comes", "unmute camera-a")
		c.turns(c.a, c.a, RTPTransceiverDirectionInactive)
		c.atB.heard("on hold", "mute camera-a")
		c.turns(c.a, c.a, RTPTransceiverDirectionSendrecv)
		c.atB.heard("resumed", "track camera-a in stream-a", "media of camera-a")
		c.talk(5)
		c.atB.heard("media comes again", "unmute camera-a")
		if s := c.atB.last(); s.ended() || !s.has(5, 9) {
			w.Errorf("after the hold b has got %v and the end %v, want 5 to 9 and none", s.got(), s.ended())
		}
	})
}

// A packet that came right before the hold may be looked at behind it.
func TestVirtualHoldIsNotUndoneByALatePacket(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(1)
		c.turns(c.a, c.a, RTPTransceiverDirectionInactive)
		c.atB.heard("on hold", "track camera-a in stream-a", "unmute camera-a", "media of camera-a", "mute camera-a")
		r := c.b.GetReceivers()[0]
		c.b.loop.post(func(time.Time) { r.started(r.core.Main()) })
		c.atB.heard("behind the hold")
		c.turns(c.a, c.a, RTPTransceiverDirectionSendrecv)
		c.talk(1)
		c.atB.heard("resumed", "track camera-a in stream-a", "unmute camera-a", "media of camera-a")
	})
}

// A source whose own clock stands still on hold, as that of a file that is played
// does, goes on by the time that has passed all the same.
func TestVirtualHoldOfASourceThatStandsStill(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		in := w.watches(c.a)
		c.talk(10)
		begin := time.Now()
		c.turns(c.a, c.a, RTPTransceiverDirectionInactive)
		time.Sleep(5 * time.Second)
		c.turns(c.a, c.a, RTPTransceiverDirectionSendrecv)
		c.fromA.base -= uint32(time.Since(begin).Seconds() * 90000)
		c.talk(10)
		w.goesOn(in(c.ssrc(c.a)), 90000, time.Millisecond)
		if got := c.atB.last().got(); len(got) != 10 || got[0] != 10 {
			w.Errorf("after the hold b has got %v", got)
		}
	})
}
