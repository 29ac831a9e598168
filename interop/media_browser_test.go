package interop

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc"
)

// videoCodecs are those that the browsers send and decode.
var videoCodecs = map[string][]string{
	"chromium": {webrtc.MimeTypeVP8, webrtc.MimeTypeVP9, webrtc.MimeTypeAV1, webrtc.MimeTypeH264},
	"firefox":  {webrtc.MimeTypeVP8, webrtc.MimeTypeVP9, webrtc.MimeTypeAV1}, // H.264 is a plug-in from its makers' server
}

// TestBrowserMedia sends clips to a browser, and the browser's camera and
// microphone here, both ways at once.
func TestBrowserMedia(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, name string, p peer) {
		for _, mime := range videoCodecs[name] {
			for role, negotiate := range map[string]func(*session){"offerer": (*session).offers, "answerer": (*session).answers} {
				t.Run(strings.TrimPrefix(mime, "video/")+"/"+role, func(t *testing.T) {
					c := startCall(t, p, nil)
					video, audio := c.sends(loadClip(t, mime)), c.sends(loadClip(t, webrtc.MimeTypeOpus))
					// Chromium sends what we offer first, whatever it answers.
					c.prefers(video.sender, mime)
					c.theySend(smallCamera(mime))
					negotiate(c.session)
					c.waitConnected()
					video.play(0)
					audio.play(0)
					c.waitDecoded(video, 2*second)
					c.waitHeard()
					c.waitArrived(mime)
				})
			}
		}
	})
}

// TestBrowserOneWay sends to a browser that sends nothing, and receives from
// one that gets nothing; a data channel shares the way.
func TestBrowserOneWay(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		t.Run("to the browser", func(t *testing.T) {
			c := startCall(t, p, nil)
			c.opens("beside", nil)
			var out []*outgoing
			for _, mime := range []string{webrtc.MimeTypeVP8, webrtc.MimeTypeOpus} {
				o := c.newOutgoing(loadClip(t, mime))
				transceiver, err := c.pc.AddTransceiverFromTrack(o.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
				c.must(err)
				o.sender = transceiver.Sender()
				o.serves(o.sender)
				out = append(out, o)
			}
			c.offers()
			c.waitConnected()
			for _, o := range out {
				o.play(0)
			}
			c.waitDecoded(out[0], second)
			c.waitHeard()
			c.exchange("beside")
			c.wantDirection(webrtc.RTPTransceiverDirectionSendonly)
		})
		t.Run("from the browser", func(t *testing.T) {
			c := startCall(t, p, nil)
			c.opens("beside", nil)
			for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
				_, err := c.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
				c.must(err)
			}
			c.theySend(smallCamera(webrtc.MimeTypeVP8))
			c.offers()
			c.waitConnected()
			c.waitArrived(webrtc.MimeTypeVP8)
			c.exchange("beside")
			c.wantDirection(webrtc.RTPTransceiverDirectionRecvonly)
		})
	})
}

// TestChromiumRED receives sound that is sent twice (RFC 2198), over a path that
// loses every tenth packet. Chromium sends bursts of padding in between to probe the
// path, which nobody repeats: what counts is the sound, by its timestamps.
func TestChromiumRED(t *testing.T) {
	c := startCall(t, thePeer(t, "chromium with camera"), onlyIPv4)
	var sound sound
	c.onSink = func(k *sink) { k.onRTP = sound.add }
	c.theySend(map[string]any{"audio": true})
	c.eval(nil, `
		const all = RTCRtpSender.getCapabilities('audio').codecs, red = (c) => c.mimeType === 'audio/red';
		pc.getTransceivers()[0].setCodecPreferences([...all.filter(red), ...all.filter((c) => !red(c))])`)
	c.answers()
	c.waitConnected()
	k := c.waitReceived("audio", "packets", func(a arrivals) bool { return a.packets >= 10 })
	c.losesEvery(10, c.pc.GetTransceivers()[0].Sender(), false)
	c.waitReceived("audio", "three seconds of packets", func(a arrivals) bool { return a.packets >= 160 })
	if !strings.EqualFold(k.mime, webrtc.MimeTypeOpus) {
		c.Errorf("the track is %s, want %s", k.mime, webrtc.MimeTypeOpus)
	}
	in, _ := pick[webrtc.InboundRTPStreamStats](c.pc.GetStats(), nil)
	if in.PacketsLost < 10 {
		c.Errorf("%d packets were lost, want every tenth", in.PacketsLost)
	}
	if lost := sound.missing(); lost > 2 {
		c.Errorf("%d packets of sound are missing: %v, want what was lost to come with the next packets", lost, k.counts())
	}
}

// A sound counts packets of 20 ms by their timestamps.
type sound struct {
	mu       sync.Mutex // guards what follows
	started  bool
	first    uint32
	sequence sequence
}

func (s *sound) add(p *rtp.Packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p.Payload) == 0 {
		return // padding
	}
	if !s.started {
		s.started, s.first = true, p.Timestamp
	}
	s.sequence.add(uint16(int32(p.Timestamp-s.first) / 960))
}

func (s *sound) missing() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sequence.missing()
}

// forEachBrowser runs a test with all browsers that have a camera, at once.
func forEachBrowser(t *testing.T, test func(t *testing.T, name string, p peer)) {
	for _, name := range everyBrowser {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, name, thePeer(t, name+" with camera"))
		})
	}
}

// waitDecoded waits until the peer decodes more than 90 % of a number of frames
// in a row, which leaves it time to warm up.
func (c *call) waitDecoded(video *outgoing, frames int64) {
	c.Helper()
	decoded := func() float64 { return c.inboundOf("video").FramesDecoded }
	c.waitFor("the peer decodes", func() bool { return decoded() >= 10 })
	sentBefore, decodedBefore := video.sent.Load(), decoded()
	c.waitFor(fmt.Sprintf("the peer decodes more than 90 %% of %d frames", frames), func() bool {
		sent := video.sent.Load() - sentBefore
		if sent < frames {
			return false
		}
		now := decoded()
		if now-decodedBefore > 0.9*float64(sent) {
			return true
		}
		sentBefore, decodedBefore = video.sent.Load(), now
		return false
	})
}

// waitHeard waits until the peer has decoded audio that is not silence.
func (c *call) waitHeard() {
	c.Helper()
	c.waitFor("the peer hears our audio", func() bool { return c.inboundOf("audio").TotalAudioEnergy > 0 })
}

// waitArrived waits until camera and microphone have arrived without loss.
func (c *call) waitArrived(mime string) {
	c.Helper()
	video := c.waitReceived("video", "30 frames, one of them a key frame", func(a arrivals) bool {
		return a.frames >= 30 && a.keyFrames >= 1
	})
	audio := c.waitReceived("audio", "50 packets", func(a arrivals) bool { return a.frames >= 50 })
	if !strings.EqualFold(video.mime, mime) || !strings.EqualFold(audio.mime, webrtc.MimeTypeOpus) {
		c.Errorf("the peer sends %s and %s, want %s and %s", video.mime, audio.mime, mime, webrtc.MimeTypeOpus)
	}
	for _, k := range []*sink{video, audio} {
		if a := k.counts(); a.missing > 0 || len(a.ssrcs) != 1 {
			c.Errorf("%s: %v, want no loss and one SSRC", k.kind, a)
		}
	}
}
