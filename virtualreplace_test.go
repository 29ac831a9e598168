package webrtc

import (
	"errors"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

var (
	asVP8 = RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000}
	asVP9 = RTPCodecCapability{MimeType: MimeTypeVP9, ClockRate: 90000}
)

// replaces has a sender of p's send another source, which writes on from the
// numbers that it has.
func (p *peer) replaces(sender *RTPSender, next *source) {
	p.w.Helper()
	next.clock = 90000
	p.must(sender.ReplaceTrack(next.track), "ReplaceTrack")
}

// webrtc-pc §5.2, replaceTrack: another track is sent in the stream of the one
// before. The peer is told nothing and sees one source: numbers are consecutive,
// and timestamps go with time, whatever the tracks count from.
func TestVirtualReplaceTrack(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		sender, in := c.a.GetSenders()[0], w.watches(c.a)
		c.talk(10)
		screen := c.a.unsent(asVP8, "screen")
		screen.sequence, screen.timestamp, screen.next = 40000, 0x8000_0000, 1000
		c.a.replaces(sender, screen)
		c.fromA.packet() // the old track is not heard any more
		for range 3 {
			screen.write(10, 10*time.Millisecond)
			time.Sleep(time.Second) // a gap in which nothing is written
		}
		if sender.Track() != screen.track {
			w.Error("the sender does not have the track that it was given")
		}
		w.goesOn(in(c.ssrc(c.a)), 90000, time.Millisecond)
		back := c.a.unsent(asVP8, "back")
		back.sequence, back.next = 65530, 2000
		c.a.replaces(sender, back)
		screen.packet()
		back.write(20, 10*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		w.goesOn(in(c.ssrc(c.a)), 90000, time.Millisecond)
		got := c.atB.last().got()
		if len(got) != 60 || got[9] != 9 || got[10] != 1000 || got[39] != 1029 || got[40] != 2000 || got[59] != 2019 {
			w.Errorf("b has got %v, want 10 of the camera, 30 of the screen and 20 more", got)
		}
		c.atB.heard("in all", "track camera-a in stream-a", "unmute camera-a", "media of camera-a")
		if c.a.NegotiationNeeded() {
			w.Error("replacing a track asks for negotiation")
		}
	})
}

// Another codec that was negotiated goes without negotiation, too.
func TestVirtualReplaceTrackByAnotherCodec(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		sender, in := c.a.GetSenders()[0], w.watches(c.a)
		c.talk(10)
		track := c.atB.last().track
		before := track.Codec()
		other := c.a.unsent(asVP9, "other")
		other.next = 1000
		c.a.replaces(sender, other)
		other.write(10, 10*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		if after := track.Codec(); before.MimeType != MimeTypeVP8 || after.MimeType != MimeTypeVP9 || after.PayloadType != track.PayloadType() {
			w.Errorf("the track's codec was %s and is %s with payload type %d", before.MimeType, after.MimeType, track.PayloadType())
		}
		w.goesOn(in(c.ssrc(c.a)), 90000, time.Millisecond)
		if got := c.atB.last().got(); len(got) != 20 || got[10] != 1000 {
			w.Errorf("b has got %v, want 10 and 10 packets", got)
		}
		headers, _ := c.atB.last().seen()
		if headers[9].PayloadType == headers[10].PayloadType {
			w.Errorf("both codecs come with payload type %d", headers[9].PayloadType)
		}
	})
}

// A codec that the peer does not take is refused, and the old track sent on.
func TestVirtualReplaceTrackRefusesACodec(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		sender, in := c.a.GetSenders()[0], w.watches(c.a)
		c.talk(5)
		for range 3 {
			err := sender.ReplaceTrack(c.a.unsent(RTPCodecCapability{MimeType: "video/H263", ClockRate: 90000}, "old").track)
			var modification *rtcerr.InvalidModificationError
			if !errors.As(err, &modification) || !errors.Is(err, ErrUnsupportedCodec) {
				w.Errorf("ReplaceTrack with H.263 returned %v", err)
			}
			if sender.Track() != c.fromA.track {
				w.Error("the sender has lost its track")
			}
			c.talk(5)
		}
		w.goesOn(in(c.ssrc(c.a)), 90000, time.Millisecond)
		if !c.atB.last().has(0, 19) {
			w.Errorf("b has got %v, want all of the old track", c.atB.last().got())
		}
	})
}

// Without a track nothing is sent and the peer's track is muted; with one it goes
// on, under the same source.
func TestVirtualReplaceTrackByNilAndBack(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		sender, in, ssrc := c.a.GetSenders()[0], w.watches(c.a), c.ssrc(c.a)
		c.talk(10)
		c.atB.heard("at first", "track camera-a in stream-a", "unmute camera-a", "media of camera-a")
		for i := range 3 {
			c.a.must(sender.ReplaceTrack(nil), "ReplaceTrack(nil)")
			if sender.Track() != nil {
				w.Error("the sender has a track")
			}
			c.talk(10)
			if n := len(in(ssrc)); n != 10*(i+1) {
				w.Errorf("%d packets were sent, want %d", n, 10*(i+1))
			}
			c.atB.heard("without a track", "mute camera-a")
			if c.atB.last().ended() {
				w.Error("reading has ended, though the peer may send again")
			}
			c.a.must(sender.ReplaceTrack(c.fromA.track), "ReplaceTrack")
			c.talk(10)
			c.atB.heard("with the track again", "unmute camera-a")
		}
		if c.ssrc(c.a) != ssrc {
			w.Errorf("the SSRC was %d and is %d", ssrc, c.ssrc(c.a))
		}
		w.goesOn(in(ssrc), 90000, time.Millisecond)
		got := c.atB.last().got()
		if len(got) != 40 || got[10] != 20 || got[20] != 40 || got[39] != 69 {
			w.Errorf("b has got %v, want 10 of each 20", got)
		}
	})
}

// A track that is replaced while it writes does not get between the packets of the
// next: interceptors may hold its last packet back.
func TestVirtualReplaceTrackWhileItWrites(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		sender, in := c.a.GetSenders()[0], w.watches(c.a)
		c.talk(10)
		e := sender.encodings[0]
		old := e.bound.writer.to.Load() // a write that has got so far and no further
		next := c.a.unsent(asVP8, "next")
		next.sequence = 5000
		c.a.replaces(sender, next)
		next.write(10, 10*time.Millisecond)
		for i := range uint16(10) {
			h := rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: 30000 + i, Timestamp: 12345}
			if n, err := old.end.WriteRTP(time.Now(), &h, make([]byte, 10)); n != 0 || err != nil {
				w.Errorf("the old track still writes: %d, %v", n, err)
			}
		}
		next.write(10, 10*time.Millisecond)
		w.goesOn(in(c.ssrc(c.a)), 90000, time.Millisecond)
	})
}
