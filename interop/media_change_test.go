package interop

import (
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc"
)

// startFlow connects with a small camera, and audio and video of ours.
func startFlow(t *testing.T, p peer) (c *call, video *outgoing) {
	t.Helper()
	c = startCall(t, p, nil)
	video, audio := c.sends(loadClip(t, webrtc.MimeTypeVP8)), c.sends(loadClip(t, webrtc.MimeTypeOpus))
	c.theySend(smallCamera(webrtc.MimeTypeVP8))
	c.answers()
	c.waitConnected()
	video.play(0)
	audio.play(0)
	return c, video
}

// traffic is what has been received in all, here and there.
type traffic struct {
	ourFrames, ourKeyFrames, ourAudio float64
	theirFrames, theirAudio           float64
}

func (c *call) traffic() traffic {
	c.Helper()
	var n traffic
	for _, k := range c.receivedTracks("video") {
		a := k.counts()
		n.ourFrames += float64(a.frames)
		n.ourKeyFrames += float64(a.keyFrames)
	}
	for _, k := range c.receivedTracks("audio") {
		n.ourAudio += float64(k.counts().packets)
	}
	for _, s := range c.inbound() {
		if s.Kind == "video" {
			n.theirFrames += s.FramesDecoded
		} else {
			n.theirAudio += s.PacketsReceived
		}
	}
	return n
}

// waitTraffic waits until audio and video flow both ways.
func (c *call) waitTraffic(when string) {
	c.Helper()
	before := c.traffic()
	c.waitFor("audio and video flow both ways "+when, func() bool {
		n := c.traffic()
		return n.ourFrames >= before.ourFrames+15 && n.ourAudio >= before.ourAudio+25 &&
			n.theirFrames >= before.theirFrames+15 && n.theirAudio >= before.theirAudio+25
	})
}

// waitSilence waits until nothing flows for half a second.
func (c *call) waitSilence() {
	c.Helper()
	last, since := traffic{}, time.Now()
	c.waitFor("nothing flows", func() bool {
		if n := c.traffic(); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 500*time.Millisecond
	})
}

// ourDirection sets the direction of all transceivers of ours.
func (c *call) ourDirection(direction webrtc.RTPTransceiverDirection) {
	c.Helper()
	for _, transceiver := range c.pc.GetTransceivers() {
		c.must(transceiver.SetDirection(direction))
	}
}

// wantDirection checks the current direction of all transceivers, of both sides.
func (c *call) wantDirection(direction webrtc.RTPTransceiverDirection) {
	c.Helper()
	for _, transceiver := range c.pc.GetTransceivers() {
		if got := transceiver.CurrentDirection(); got != direction {
			c.Errorf("mid %s is %s, want %s", transceiver.Mid(), got, direction)
		}
	}
	var all []string
	c.eval(&all, "return pc.getTransceivers().map((t) => String(t.currentDirection))")
	theirs := direction.Revers().String()
	if slices.ContainsFunc(all, func(d string) bool { return d != theirs }) {
		c.Errorf("the browser's directions are %v, want %s", all, theirs)
	}
}

// TestBrowserHold has either side hold the call and resume it.
func TestBrowserHold(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		t.Run("ours", func(t *testing.T) {
			c, _ := startFlow(t, p)
			c.holdsAndResumes(func(direction webrtc.RTPTransceiverDirection) {
				c.ourDirection(direction)
				c.offers()
			})
		})
		t.Run("theirs", func(t *testing.T) {
			c, _ := startFlow(t, p)
			c.holdsAndResumes(func(direction webrtc.RTPTransceiverDirection) {
				c.eval(nil, "for (const t of pc.getTransceivers()) t.direction = args[0]", direction.String())
				c.answers()
			})
		})
	})
}

func (c *call) holdsAndResumes(change func(webrtc.RTPTransceiverDirection)) {
	c.Helper()
	c.waitTraffic("at first")
	change(webrtc.RTPTransceiverDirectionInactive)
	c.wantDirection(webrtc.RTPTransceiverDirectionInactive)
	c.waitSilence()
	change(webrtc.RTPTransceiverDirectionSendrecv)
	c.wantDirection(webrtc.RTPTransceiverDirectionSendrecv)
	c.waitTraffic("after the hold")
}

// TestBrowserReplaceTrack replaces what flows, without negotiation: the receiver
// goes on without a jump of sequence numbers or time.
func TestBrowserReplaceTrack(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		t.Run("ours", func(t *testing.T) {
			c, video := startFlow(t, p)
			c.waitTraffic("at first")
			other := c.newOutgoing(loadFile(t, webrtc.MimeTypeVP8, "simulcast-h.ivf"))
			c.must(video.sender.ReplaceTrack(other.track))
			other.play(60)
			var before, after rtpStats
			c.waitFor("the browser decodes the other clip", func() bool {
				in := c.inboundOf("video")
				if in.FrameWidth == 640 && before.SSRC == 0 {
					before = in
				}
				after = in
				return before.SSRC != 0 && in.FramesDecoded >= before.FramesDecoded+45
			})
			// A jump in time would stop the picture for as long.
			if after.PacketsLost > 0 || after.TotalFreezesDuration > 0.5 || after.SSRC != before.SSRC {
				c.Errorf("the stream did not go on as one: %v", after)
			}
		})
		t.Run("theirs", func(t *testing.T) {
			c := startCall(t, p, nil)
			jumps := &timeline{}
			c.onSink = func(k *sink) {
				if k.kind == "video" {
					k.onRTP = jumps.take
				}
			}
			c.theySend(map[string]any{"video": map[string]any{"width": 320, "height": 240, "frameRate": 15}, "codec": webrtc.MimeTypeVP8})
			c.answers()
			k := c.waitReceived("video", "15 frames", func(a arrivals) bool { return a.frames >= 15 })
			c.eval(nil, `
				const stream = await capture(false, {width: 640, height: 480, frameRate: 15});
				await pc.getSenders().find((s) => s.track && s.track.kind === 'video').replaceTrack(stream.getVideoTracks()[0])`)
			before := k.counts()
			c.waitReceived("video", "30 more frames", func(a arrivals) bool { return a.frames >= before.frames+30 })
			if a := k.counts(); len(a.ssrcs) != 1 || a.missing > 0 {
				c.Errorf("%v, want one SSRC and no loss", a)
			}
			if jumps.longest > 90000 {
				c.Errorf("a jump of %d in the timestamps", jumps.longest)
			}
		})
	})
}

// A timeline finds jumps of RTP timestamps.
type timeline struct {
	last    uint32
	started bool
	longest int32
}

func (l *timeline) take(packet *rtp.Packet) {
	if l.started {
		step := int32(packet.Timestamp - l.last)
		l.longest = max(l.longest, step, -step)
	}
	l.last, l.started = packet.Timestamp, true
}
