package webrtc

import (
	"fmt"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/transceiver"
)

// A countingPeer counts what it gets and keeps nothing.
type countingPeer struct {
	id         string
	codecs     []RTPCodecParameters
	extensions []RTPHeaderExtensionParameter
	packets    int
}

func (p *countingPeer) CodecParameters() []RTPCodecParameters           { return p.codecs }
func (p *countingPeer) HeaderExtensions() []RTPHeaderExtensionParameter { return p.extensions }
func (p *countingPeer) SSRC() SSRC                                      { return 1 }
func (p *countingPeer) SSRCRetransmission() SSRC                        { return 0 }
func (p *countingPeer) SSRCForwardErrorCorrection() SSRC                { return 0 }
func (p *countingPeer) WriteStream() TrackLocalWriter                   { return p }
func (p *countingPeer) ID() string                                      { return p.id }
func (p *countingPeer) RTCPReader() interceptor.RTCPReader              { return nil }
func (p *countingPeer) Write(b []byte) (int, error)                     { return len(b), nil }

func (p *countingPeer) WriteRTP(_ *rtp.Header, payload []byte) (int, error) {
	p.packets++
	return len(payload), nil
}

// A countingSharer is a countingPeer with a writer of this package's kind.
type countingSharer struct{ countingPeer }

func (p *countingSharer) WriteStream() TrackLocalWriter { return p }

func (p *countingSharer) writeBurst(_ time.Time, headers []rtp.Header, payloads []*transceiver.Payload) error {
	for i := range headers {
		if _, err := p.WriteRTP(&headers[i], payloads[i].Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// fanOut binds a track to n peers, every second one with a shared writer.
func fanOut(t testing.TB, track TrackLocal, codecs []RTPCodecParameters, n int) {
	t.Helper()
	for i := range n {
		peer := countingPeer{
			id: fmt.Sprint(i), codecs: codecs,
			extensions: []RTPHeaderExtensionParameter{{URI: "urn:a", ID: 5}, {URI: "urn:b", ID: 4}},
		}
		if i%2 == 0 {
			bind(t, track, &countingSharer{peer})
		} else {
			bind(t, track, &peer)
		}
	}
}

func relayed(t testing.TB) *rtp.Packet {
	t.Helper()
	p := &rtp.Packet{Header: rtp.Header{Version: 2, CSRC: []uint32{1}}, Payload: make([]byte, 1100)}
	for id := range uint8(2) {
		if err := p.SetExtension(id+1, []byte{1, 2}); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func relay(t testing.TB, peers int) *TrackLocalStaticRTP {
	t.Helper()
	track := staticRTP(t, RTPCodecCapability{MimeType: MimeTypeVP8},
		WithRTPHeaderExtensions(RTPHeaderExtensionParameter{URI: "urn:a", ID: 1}, RTPHeaderExtensionParameter{URI: "urn:b", ID: 2}))
	fanOut(t, track, videoCodecs(), peers)
	return track
}

func speaker(t testing.TB, peers int) *TrackLocalStaticSample {
	t.Helper()
	track := staticSample(t, RTPCodecCapability{MimeType: MimeTypeOpus})
	codecs := []RTPCodecParameters{negotiated(111, MimeTypeOpus, 48000, "")}
	codecs[0].Channels = 2
	fanOut(t, track, codecs, peers)
	return track
}

// TestTrackLocalAllocatesNothing holds the ways of a packet through a track to no
// allocation.
func TestTrackLocalAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("pools lose what they have under the race detector")
	}
	packet := relayed(t)
	raw, err := packet.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	track, samples := relay(t, 10), speaker(t, 10)
	camera := staticSample(t, RTPCodecCapability{MimeType: MimeTypeVP8})
	fanOut(t, camera, videoCodecs(), 10)
	frame := media.Sample{Data: make([]byte, 30000), Duration: time.Second / 30}
	sample := media.Sample{Data: make([]byte, 100), Duration: 20 * time.Millisecond}
	for name, f := range map[string]func() error{
		"WriteRTP":    func() error { return track.WriteRTP(packet) },
		"Write":       func() error { _, err := track.Write(raw); return err },
		"WriteSample": func() error { return samples.WriteSample(sample) },
		"video":       func() error { return camera.WriteSample(frame) },
	} {
		var failure error
		allocs := testing.AllocsPerRun(200, func() {
			if err := f(); err != nil {
				failure = err
			}
		})
		if failure != nil {
			t.Errorf("%s: %v", name, failure)
		}
		if allocs > 0 {
			t.Errorf("%s allocates %v times", name, allocs)
		}
	}
}

func BenchmarkTrackLocalStaticRTP(b *testing.B) {
	for _, peers := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d peers", peers), func(b *testing.B) {
			track, packet := relay(b, peers), relayed(b)
			b.ReportAllocs()
			for b.Loop() {
				if err := track.WriteRTP(packet); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTrackLocalStaticSample sends video frames of 30 kB.
func BenchmarkTrackLocalStaticSample(b *testing.B) {
	for _, peers := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d peers", peers), func(b *testing.B) {
			track := staticSample(b, RTPCodecCapability{MimeType: MimeTypeVP8})
			fanOut(b, track, videoCodecs(), peers)
			sample := media.Sample{Data: make([]byte, 30000), Duration: time.Second / 30}
			b.ReportAllocs()
			for b.Loop() {
				if err := track.WriteSample(sample); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
