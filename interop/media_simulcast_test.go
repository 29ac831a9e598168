package interop

import (
	"fmt"
	"sync"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/parleyrtc/webrtc"
)

// simulcastWidths are the widths of the encodings of a camera of 960 by 540.
var simulcastWidths = map[string]float64{"q": 240, "h": 480, "f": 960}

// simulcastCamera sends three sizes: the smallest of pictures that browsers send so.
func simulcastCamera() map[string]any {
	return map[string]any{
		"video": map[string]any{"width": 960, "height": 540, "frameRate": 15},
		"codec": webrtc.MimeTypeVP8,
		"encodings": []map[string]any{
			{"rid": "q", "scaleResolutionDownBy": 4, "maxBitrate": 100000},
			{"rid": "h", "scaleResolutionDownBy": 2, "maxBitrate": 250000},
			{"rid": "f", "maxBitrate": 700000},
		},
	}
}

// TestBrowserSimulcast receives three encodings of a browser's camera as three
// tracks and sends one of them back, another each time.
func TestBrowserSimulcast(t *testing.T) {
	forEachBrowser(t, func(t *testing.T, _ string, p peer) {
		c := startCall(t, p, nil)
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "back", "parley")
		c.must(err)
		_, err = c.pc.AddTrack(track)
		c.must(err)
		f := &forwarder{write: track.WriteRTP}
		c.onSink = func(k *sink) { k.onRTP = func(packet *rtp.Packet) { f.take(k.rid, packet) } }
		c.theySend(simulcastCamera())
		c.answers()
		c.waitConnected()
		layers := c.waitLayers()
		for _, rid := range []string{"q", "f", "h", "q"} {
			before := layers[rid].counts()
			f.choose(rid)
			c.asksForKeyFrame(layers[rid])
			decoded := 0.0
			c.waitFor("the browser decodes what it sends as "+rid, func() bool {
				in := c.inboundOf("video")
				if in.FrameWidth != simulcastWidths[rid] {
					return false
				}
				if decoded == 0 {
					decoded = in.FramesDecoded
				}
				return in.FramesDecoded >= decoded+10
			})
			if after := layers[rid].counts(); after.keyFrames == before.keyFrames {
				c.Errorf("%s: no key frame has come: %v", rid, after)
			}
		}
		if err := f.failure(); err != nil {
			c.Error(err)
		}
	})
}

// waitLayers waits for the tracks of simulcast, with an SSRC of its own each.
func (c *call) waitLayers() map[string]*sink {
	c.Helper()
	layers := map[string]*sink{}
	c.waitFor("three tracks with frames", func() bool {
		for _, k := range c.receivedTracks("video") {
			if k.counts().frames >= 10 {
				layers[k.rid] = k
			}
		}
		return len(layers) == len(simulcastWidths)
	})
	sources := map[uint32]bool{}
	for rid, k := range layers {
		if simulcastWidths[rid] == 0 {
			c.Errorf("a track with rid %q", rid)
		}
		sources[k.ssrc()] = true
		if a := k.counts(); a.missing > 0 || a.keyFrames == 0 {
			c.Errorf("%s: %v, want a key frame and no loss", rid, a)
		}
	}
	if got := len(c.receivedTracks("video")); got != len(layers) || len(sources) != len(layers) {
		c.Errorf("%d tracks with %d SSRCs, want %d", got, len(sources), len(layers))
	}
	return layers
}

// A forwarder makes one stream of several: it goes from one to another at a key
// frame, with sequence numbers and timestamps that go on.
type forwarder struct {
	write func(*rtp.Packet) error

	mu             sync.Mutex // guards all below
	wanted         string
	current        string
	err            error
	sequenceNumber uint16 // of the last packet
	timestamp      uint32
	sequenceShift  uint16
	timestampShift uint32
}

func (f *forwarder) choose(rid string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted = rid
}

func (f *forwarder) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *forwarder) take(rid string, packet *rtp.Packet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if rid == f.wanted && rid != f.current && beginsKeyFrame(packet) {
		f.current = rid
		f.sequenceShift = f.sequenceNumber + 1 - packet.SequenceNumber
		f.timestampShift = f.timestamp + 90000/15 - packet.Timestamp
	}
	if rid != f.current || int16(packet.SequenceNumber+f.sequenceShift-f.sequenceNumber) <= 0 {
		return // nothing is lost on this path, so what is not newer has been sent
	}
	out := rtp.Packet{Header: rtp.Header{
		Version: 2, Marker: packet.Marker, SequenceNumber: packet.SequenceNumber + f.sequenceShift, Timestamp: packet.Timestamp + f.timestampShift,
	}, Payload: packet.Payload}
	f.sequenceNumber, f.timestamp = out.SequenceNumber, out.Timestamp
	if err := f.write(&out); err != nil && f.err == nil {
		f.err = fmt.Errorf("%s: %w", rid, err)
	}
}

// beginsKeyFrame tells whether a packet of VP8 is a key frame's first.
func beginsKeyFrame(packet *rtp.Packet) bool {
	var vp8 codecs.VP8Packet
	payload, err := vp8.Unmarshal(packet.Payload)
	return err == nil && vp8.S == 1 && vp8.PID == 0 && isKeyFrame(webrtc.MimeTypeVP8, payload)
}
