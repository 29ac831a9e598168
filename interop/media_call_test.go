package interop

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/media"
)

// A call is a session with audio and video.
type call struct {
	*session

	lists  sync.Mutex  // guards what is below
	onSink func(*sink) // before its first packet is read
	sinks  []*sink
	tracks []*outgoing
}

// startCall makes a fresh pair of connections with a peer that has a camera.
func startCall(t *testing.T, p peer, change func(*webrtc.Configuration, *webrtc.SettingEngine)) *call {
	t.Helper()
	c := &call{session: startSession(t, p, change)}
	c.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		k := newSink(track, track.Codec().MimeType, track.RID())
		c.lists.Lock()
		c.sinks = append(c.sinks, k)
		onSink := c.onSink
		c.lists.Unlock()
		if onSink != nil {
			onSink(k)
		}
		k.run()
	})
	t.Cleanup(func() {
		if t.Failed() {
			c.report()
		}
	})
	return c
}

// An outgoing track is ours.
type outgoing struct {
	*player
	track  *webrtc.TrackLocalStaticSample
	sender *webrtc.RTPSender
	fail   func(error)
}

// newOutgoing makes a track that no connection has yet.
func (c *call) newOutgoing(clip *clip, options ...func(*webrtc.TrackLocalStaticRTP)) *outgoing {
	c.Helper()
	c.lists.Lock()
	defer c.lists.Unlock()
	id := fmt.Sprintf("%s-%d", strings.ReplaceAll(clip.mime, "/", "-"), len(c.tracks))
	if len(options) > 0 {
		id = "layers" // the encodings of a sender are of one track
	}
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: clip.mime}, id, "parley", options...)
	c.must(err)
	out := &outgoing{track: track, fail: c.complain, player: newPlayer(clip, func(sample []byte, each time.Duration) error {
		return track.WriteSample(media.Sample{Data: sample, Duration: each})
	})}
	c.Cleanup(out.end)
	c.tracks = append(c.tracks, out)
	return out
}

// sends adds a track that plays a clip once play is called.
func (c *call) sends(clip *clip) *outgoing {
	c.Helper()
	out := c.newOutgoing(clip)
	sender, err := c.pc.AddTrack(out.track)
	c.must(err)
	out.sender = sender
	out.serves(sender)
	return out
}

// play sends limit samples, or until end if limit is 0.
func (o *outgoing) play(limit int64) { o.player.play(limit, o.fail) }

// prefers leaves a sender's transceiver one codec, with its retransmission.
func (c *call) prefers(sender *webrtc.RTPSender, mime string) {
	c.Helper()
	var codecs []webrtc.RTPCodecParameters
	for _, codec := range webrtc.GetSenderCapabilities(webrtc.RTPCodecTypeVideo).Codecs {
		if strings.EqualFold(codec.MimeType, mime) || strings.EqualFold(codec.MimeType, webrtc.MimeTypeRTX) {
			codecs = append(codecs, webrtc.RTPCodecParameters{RTPCodecCapability: codec})
		}
	}
	for _, transceiver := range c.pc.GetTransceivers() {
		if transceiver.Sender() == sender {
			c.must(transceiver.SetCodecPreferences(codecs))
		}
	}
}

// theySend has the peer add camera and microphone.
func (c *call) theySend(options map[string]any) {
	c.Helper()
	c.must(c.peer.call(nil, "sendMedia", options))
}

// smallCamera is cheap to encode.
func smallCamera(codec string) map[string]any {
	return map[string]any{"audio": true, "video": map[string]any{"width": 320, "height": 240, "frameRate": 15}, "codec": codec}
}

func (c *call) waitConnected() {
	c.Helper()
	c.eventually("we are connected", func() bool { return c.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
}

// waitFor waits for a condition that may ask the peer.
func (c *call) waitFor(what string, condition func() bool) {
	c.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// receivedTracks returns the sinks of a kind.
func (c *call) receivedTracks(kind string) []*sink {
	c.lists.Lock()
	defer c.lists.Unlock()
	var of []*sink
	for _, k := range c.sinks {
		if k.kind == kind {
			of = append(of, k)
		}
	}
	return of
}

// waitReceived waits for a condition on the only track of a kind.
func (c *call) waitReceived(kind string, what string, condition func(arrivals) bool) *sink {
	c.Helper()
	var of []*sink
	c.waitFor(fmt.Sprintf("%s: %s", kind, what), func() bool {
		of = c.receivedTracks(kind)
		return len(of) == 1 && condition(of[0].counts())
	})
	return of[0]
}

// asksForKeyFrame sends a picture loss indication.
func (c *call) asksForKeyFrame(k *sink) {
	c.Helper()
	c.must(c.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: k.ssrc()}}))
}

// rtpStats are the members that tests read of a stream's statistics
// (webrtc-stats §8.3, §8.4).
type rtpStats struct {
	Kind, Mid, RID, Codec        string
	SSRC                         uint32
	PacketsReceived              float64
	PacketsLost                  float64
	PacketsSent                  float64
	FramesReceived               float64
	FramesDecoded                float64
	KeyFramesDecoded             float64
	FramesDropped                float64
	FramesSent                   float64
	FrameWidth, FrameHeight      float64
	FreezeCount                  float64
	TotalFreezesDuration         float64 // seconds
	NACKCount, PLICount          float64
	RetransmittedPacketsReceived float64
	RetransmittedPacketsSent     float64
	TotalAudioEnergy             float64
	TotalSamplesReceived         float64
	ConcealedSamples             float64
	QualityLimitationReason      string
}

func (s rtpStats) String() string {
	return fmt.Sprintf("%s %s mid %s rid %q SSRC %d: packets received %.0f lost %.0f sent %.0f resent %.0f/%.0f NACKs %.0f PLIs %.0f; "+
		"frames received %.0f decoded %.0f (key %.0f) dropped %.0f %.0fx%.0f sent %.0f (%s), freezes %.0f (%.2f s); energy %.6f, samples %.0f concealed %.0f",
		s.Kind, s.Codec, s.Mid, s.RID, s.SSRC, s.PacketsReceived, s.PacketsLost, s.PacketsSent, s.RetransmittedPacketsReceived, s.RetransmittedPacketsSent, s.NACKCount, s.PLICount,
		s.FramesReceived, s.FramesDecoded, s.KeyFramesDecoded, s.FramesDropped, s.FrameWidth, s.FrameHeight, s.FramesSent, s.QualityLimitationReason,
		s.FreezeCount, s.TotalFreezesDuration, s.TotalAudioEnergy, s.TotalSamplesReceived, s.ConcealedSamples)
}

// inbound and outbound return the peer's statistics.
func (c *call) inbound() []rtpStats  { c.Helper(); return c.stats("inbound") }
func (c *call) outbound() []rtpStats { c.Helper(); return c.stats("outbound") }

func (c *call) stats(method string) []rtpStats {
	c.Helper()
	var all []rtpStats
	c.must(c.peer.call(&all, method))
	return all
}

// inboundOf returns the peer's statistics of the streams of a kind, added up
// where there are several.
func (c *call) inboundOf(kind string) rtpStats {
	c.Helper()
	var sum rtpStats
	for _, s := range c.inbound() {
		if s.Kind != kind {
			continue
		}
		decoded, energy := sum.FramesDecoded, sum.TotalAudioEnergy
		sum = s
		sum.FramesDecoded += decoded
		sum.TotalAudioEnergy += energy
	}
	return sum
}

// report logs what both sides have counted, for a test that has failed.
func (c *call) report() {
	c.Logf("connection %s, ICE %s, signaling %s", c.pc.ConnectionState(), c.pc.ICEConnectionState(), c.pc.SignalingState())
	c.lists.Lock()
	sinks, tracks := slices.Clone(c.sinks), slices.Clone(c.tracks)
	c.lists.Unlock()
	for _, p := range tracks {
		c.Logf("we send %s: %d samples, started over %d times", p.clip.mime, p.sent.Load(), p.restarts.Load())
	}
	for _, k := range sinks {
		c.Logf("we received %v", k)
	}
	for _, method := range []string{"inbound", "outbound"} {
		var all []rtpStats
		if err := c.peer.call(&all, method); err != nil {
			c.Log(err)
		}
		for _, s := range all {
			c.Logf("the peer's %s %v", method, s)
		}
	}
	if d := c.pc.LocalDescription(); d != nil {
		c.Logf("our %s:\n%s", d.Type, d.SDP)
	}
	if d := c.pc.RemoteDescription(); d != nil {
		c.Logf("their %s:\n%s", d.Type, d.SDP)
	}
}
