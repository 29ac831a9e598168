package webrtc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
	"github.com/parleyrtc/webrtc/transceiver"
)

// A boundPeer is a context that a track is bound to, and the writer that keeps
// what the track sends.
type boundPeer struct {
	id         string
	codecs     []RTPCodecParameters
	extensions []RTPHeaderExtensionParameter
	ssrc       SSRC
	fails      error
	sent       []*rtp.Packet
}

func (p *boundPeer) CodecParameters() []RTPCodecParameters           { return p.codecs }
func (p *boundPeer) HeaderExtensions() []RTPHeaderExtensionParameter { return p.extensions }
func (p *boundPeer) SSRC() SSRC                                      { return p.ssrc }
func (p *boundPeer) SSRCRetransmission() SSRC                        { return 0 }
func (p *boundPeer) SSRCForwardErrorCorrection() SSRC                { return 0 }
func (p *boundPeer) WriteStream() TrackLocalWriter                   { return p }
func (p *boundPeer) ID() string                                      { return p.id }
func (p *boundPeer) RTCPReader() interceptor.RTCPReader              { return nil }

func (p *boundPeer) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	packet := (&rtp.Packet{Header: *h, Payload: payload}).Clone()
	packet.Header.PaddingSize = h.PaddingSize // which Clone leaves out
	p.sent = append(p.sent, packet)
	return len(payload), p.fails
}

func (p *boundPeer) Write([]byte) (int, error) {
	return 0, errors.New("tracks write packets taken apart")
}

// wantSent compares what a peer got, written as "seq timestamp pt ssrc length",
// with an M behind it for the marker bit, and forgets it.
func (p *boundPeer) wantSent(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, s := range p.sent {
		line := fmt.Sprintf("%d %d %d %d %d", s.SequenceNumber, s.Timestamp, s.PayloadType, s.SSRC, len(s.Payload))
		if s.Marker {
			line += " M"
		}
		if s.Padding {
			line += fmt.Sprintf(" padding %d", s.Header.PaddingSize)
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s got\n\t%s\nwant\n\t%s", p.id, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	p.sent = nil
}

// A sharingPeer is one whose writer is of this package's kind.
type sharingPeer struct {
	boundPeer
	shared []*transceiver.Payload
}

func (p *sharingPeer) WriteStream() TrackLocalWriter { return p }

func (p *sharingPeer) writeBurst(now time.Time, headers []rtp.Header, payloads []*transceiver.Payload) error {
	if now.IsZero() {
		return errors.New("no time")
	}
	var first error
	for i := range headers {
		p.shared = append(p.shared, payloads[i])
		if _, err := p.WriteRTP(&headers[i], payloads[i].Bytes()); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func negotiated(pt PayloadType, mime string, rate uint32, fmtp string) RTPCodecParameters {
	return RTPCodecParameters{
		RTPCodecCapability: RTPCodecCapability{MimeType: mime, ClockRate: rate, SDPFmtpLine: fmtp}, PayloadType: pt,
	}
}

func videoCodecs() []RTPCodecParameters {
	return []RTPCodecParameters{
		negotiated(96, MimeTypeVP8, 90000, ""), negotiated(97, MimeTypeRTX, 90000, "apt=96"),
		negotiated(98, MimeTypeVP9, 90000, "profile-id=0"), negotiated(100, MimeTypeVP9, 90000, "profile-id=2"),
		negotiated(102, MimeTypeH264, 90000, "packetization-mode=1;profile-level-id=42e01f"),
		negotiated(103, "video/x-new", 90000, ""),
	}
}

func staticRTP(t testing.TB, c RTPCodecCapability, options ...func(*TrackLocalStaticRTP)) *TrackLocalStaticRTP {
	t.Helper()
	track, err := NewTrackLocalStaticRTP(c, "track", "stream", options...)
	if err != nil {
		t.Fatal(err)
	}
	return track
}

func staticSample(t testing.TB, c RTPCodecCapability, options ...func(*TrackLocalStaticRTP)) *TrackLocalStaticSample {
	t.Helper()
	track, err := NewTrackLocalStaticSample(c, "track", "stream", options...)
	if err != nil {
		t.Fatal(err)
	}
	return track
}

func bind(t testing.TB, track TrackLocal, peers ...TrackLocalContext) {
	t.Helper()
	for _, p := range peers {
		if _, err := track.Bind(p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTrackLocalSaysWhatItIs(t *testing.T) {
	c := RTPCodecCapability{MimeType: "Video/VP8", ClockRate: 90000}
	for _, track := range []interface {
		TrackLocal
		Codec() RTPCodecCapability
	}{staticRTP(t, c, WithRTPStreamID("h")), staticSample(t, c, WithRTPStreamID("h"))} {
		if track.ID() != "track" || track.StreamID() != "stream" || track.RID() != "h" || track.Kind() != RTPCodecTypeVideo || track.Codec().MimeType != c.MimeType {
			t.Errorf("%T: %q %q %q %v %v", track, track.ID(), track.StreamID(), track.RID(), track.Kind(), track.Codec())
		}
	}
	for mime, want := range map[string]RTPCodecType{
		MimeTypeOpus: RTPCodecTypeAudio, "VP8": RTPCodecTypeUnknown, "": RTPCodecTypeUnknown, "text/x": RTPCodecTypeUnknown,
	} {
		if got := staticRTP(t, RTPCodecCapability{MimeType: mime}).Kind(); got != want {
			t.Errorf("%q is %v, want %v", mime, got, want)
		}
	}
}

// TestTrackLocalBindChooses binds tracks to what a peer takes.
func TestTrackLocalBindChooses(t *testing.T) {
	for _, c := range []struct {
		want RTPCodecCapability
		pt   PayloadType
		err  error
	}{
		{RTPCodecCapability{MimeType: "video/vp8"}, 96, nil},
		{RTPCodecCapability{MimeType: MimeTypeVP9, ClockRate: 90000}, 98, nil},
		{RTPCodecCapability{MimeType: MimeTypeVP9, SDPFmtpLine: "profile-id=2"}, 100, nil},
		{RTPCodecCapability{MimeType: MimeTypeVP9, SDPFmtpLine: "profile-id=1"}, 98, nil},
		{RTPCodecCapability{MimeType: MimeTypeH264, SDPFmtpLine: "profile-level-id=640c1f"}, 102, nil},
		{RTPCodecCapability{MimeType: MimeTypeH264, ClockRate: 8000}, 0, ErrUnsupportedCodec},
		{RTPCodecCapability{MimeType: MimeTypeAV1}, 0, ErrUnsupportedCodec},
		{RTPCodecCapability{MimeType: "video/x-new"}, 103, ErrNoPayloaderForCodec},
	} {
		peer := &boundPeer{id: "peer", codecs: videoCodecs()}
		packets, samples := staticRTP(t, c.want), staticSample(t, c.want)
		got, err := packets.Bind(peer)
		if want := c.err; want == ErrNoPayloaderForCodec && err != nil || want != ErrNoPayloaderForCodec && !errors.Is(err, want) || got.PayloadType != c.pt {
			t.Errorf("%v: bound to %d, %v; want %d, %v", c.want, got.PayloadType, err, c.pt, want)
		}
		if _, err := samples.Bind(peer); !errors.Is(err, c.err) {
			t.Errorf("%v: samples give %v, want %v", c.want, err, c.err)
		}
		var notSupported *rtcerr.NotSupportedError
		if c.err == nil {
			continue
		}
		if _, err := samples.Bind(peer); !errors.As(err, &notSupported) {
			t.Errorf("%v: %v is no NotSupportedError", c.want, err)
		}
		// A failure leaves nothing bound.
		if err := samples.Unbind(peer); !errors.Is(err, ErrUnbindFailed) {
			t.Errorf("%v: unbound after a failure: %v", c.want, err)
		}
	}
	failure := errors.New("no")
	track := staticSample(t, RTPCodecCapability{MimeType: MimeTypeVP8}, WithPayloader(func(RTPCodecCapability) (rtp.Payloader, error) { return nil, failure }))
	if _, err := track.Bind(&boundPeer{codecs: videoCodecs()}); !errors.Is(err, failure) {
		t.Errorf("a payloader that fails: %v", err)
	}
}

func TestTrackLocalStaticRTPFansOut(t *testing.T) {
	track := staticRTP(t, RTPCodecCapability{MimeType: MimeTypeVP8})
	packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 5, Timestamp: 7, PayloadType: 20, SSRC: 9, Marker: true}, Payload: []byte{1, 2, 3}}
	if err := track.WriteRTP(packet); err != nil {
		t.Errorf("with no peer: %v", err)
	}
	one := &boundPeer{id: "one", codecs: videoCodecs(), ssrc: 1}
	two := &boundPeer{id: "two", codecs: []RTPCodecParameters{negotiated(120, MimeTypeVP8, 90000, "")}, ssrc: 2}
	three := &sharingPeer{boundPeer: boundPeer{id: "three", codecs: videoCodecs(), ssrc: 3}}
	four := &sharingPeer{boundPeer: boundPeer{id: "four", codecs: videoCodecs(), ssrc: 4}}
	bind(t, track, one, two, three, four)
	if err := track.WriteRTP(packet); err != nil {
		t.Fatal(err)
	}
	if packet.SSRC != 9 || packet.PayloadType != 20 {
		t.Error("the packet has been changed")
	}
	one.wantSent(t, "5 7 96 1 3 M")
	two.wantSent(t, "5 7 120 2 3 M")
	three.wantSent(t, "5 7 96 3 3 M")
	four.wantSent(t, "5 7 96 4 3 M")
	if len(three.shared) != 1 || three.shared[0] != four.shared[0] {
		t.Error("the payload is not shared")
	}

	raw, err := packet.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := track.Write(raw); n != len(raw) || err != nil {
		t.Errorf("Write returned %d, %v", n, err)
	}
	one.wantSent(t, "5 7 96 1 3 M")

	// Bound again, as after negotiation, it replaces the first.
	one.codecs = []RTPCodecParameters{negotiated(99, MimeTypeVP8, 90000, "")}
	bind(t, track, one)
	two.sent = nil
	if err := track.WriteRTP(packet); err != nil {
		t.Fatal(err)
	}
	one.wantSent(t, "5 7 99 1 3 M")

	if err := track.Unbind(two); err != nil {
		t.Error(err)
	}
	var access *rtcerr.InvalidAccessError
	if err := track.Unbind(two); !errors.Is(err, ErrUnbindFailed) || !errors.As(err, &access) {
		t.Errorf("unbound twice: %v", err)
	}
	two.sent = nil
	if err := track.WriteRTP(packet); err != nil {
		t.Fatal(err)
	}
	two.wantSent(t)
	if err := staticRTP(t, RTPCodecCapability{}).Unbind(nil); !errors.Is(err, ErrUnbindFailed) {
		t.Errorf("never bound: %v", err)
	}
}

func TestTrackLocalWriteRefuses(t *testing.T) {
	track := staticRTP(t, RTPCodecCapability{MimeType: MimeTypeVP8})
	peer := &boundPeer{codecs: videoCodecs()}
	bind(t, track, peer)
	for name, b := range map[string][]byte{
		"nothing": nil, "too short": {0x80, 96}, "another version": make([]byte, 12), "CSRCs that are not there": append([]byte{0x8f}, make([]byte, 11)...),
	} {
		if n, err := track.Write(b); n != 0 || err == nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	peer.wantSent(t)
}

func TestTrackLocalErrorsAreCollected(t *testing.T) {
	track := staticRTP(t, RTPCodecCapability{MimeType: MimeTypeVP8})
	broken, other := errors.New("broken"), errors.New("other")
	closed := &boundPeer{id: "closed", codecs: videoCodecs(), fails: fmt.Errorf("stream is %w", net.ErrClosed)}
	well := &boundPeer{id: "well", codecs: videoCodecs()}
	ill := &boundPeer{id: "ill", codecs: videoCodecs(), fails: broken}
	bind(t, track, closed, ill, well)
	err := track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 1}})
	if !errors.Is(err, broken) || errors.Is(err, other) || !errors.Is(err, net.ErrClosed) || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the error is %v", err)
	}
	if err == nil || !strings.Contains(err.Error(), "ill: broken") || !strings.Contains(err.Error(), "closed: ") || strings.Contains(err.Error(), "well") {
		t.Errorf("the error is %v; it should name who failed", err)
	}
	well.wantSent(t, "1 0 96 0 0")
}

func TestTrackLocalPadding(t *testing.T) {
	track := staticRTP(t, RTPCodecCapability{MimeType: MimeTypeVP8})
	peer := &boundPeer{codecs: videoCodecs()}
	bind(t, track, peer)
	for _, p := range []*rtp.Packet{
		{Header: rtp.Header{Version: 2, Padding: true, PaddingSize: 4}, Payload: []byte{1}},
		{Header: rtp.Header{Version: 2, Padding: true}, PaddingSize: 5, Payload: []byte{1}},
	} {
		if err := track.WriteRTP(p); err != nil {
			t.Fatal(err)
		}
	}
	peer.wantSent(t, "0 0 96 0 1 padding 4", "0 0 96 0 1 padding 5")
}

// TestTrackLocalMovesHeaderExtensions passes packets on to peers that have
// negotiated other identifiers than the packets have.
func TestTrackLocalMovesHeaderExtensions(t *testing.T) {
	const level, layers, orientation = "urn:level", "urn:layers", "urn:orientation"
	track := staticRTP(t, RTPCodecCapability{MimeType: MimeTypeVP8}, WithRTPHeaderExtensions(
		RTPHeaderExtensionParameter{URI: level, ID: 1}, RTPHeaderExtensionParameter{URI: layers, ID: 2},
		RTPHeaderExtensionParameter{URI: orientation, ID: 3}, RTPHeaderExtensionParameter{URI: "urn:none", ID: 0},
	))
	swapped := &boundPeer{id: "swapped", codecs: videoCodecs(), extensions: []RTPHeaderExtensionParameter{{URI: layers, ID: 1}, {URI: level, ID: 2}}}
	high := &sharingPeer{boundPeer: boundPeer{id: "high", codecs: videoCodecs(), extensions: []RTPHeaderExtensionParameter{{URI: level, ID: 20}, {URI: "urn:none", ID: 3}}}}
	none := &boundPeer{id: "none", codecs: videoCodecs()}
	bind(t, track, swapped, high, none)

	packet := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{1}}
	for id, data := range map[uint8][]byte{1: {0x11}, 2: {0x22, 0x22}, 3: {0x33}, 4: {0x44}} {
		if err := packet.SetExtension(id, data); err != nil {
			t.Fatal(err)
		}
	}
	long := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{1}}
	if err := long.SetExtensionWithProfile(2, make([]byte, 40), rtp.ExtensionProfileTwoByte); err != nil {
		t.Fatal(err)
	}
	plain := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{1}}
	for _, p := range []*rtp.Packet{packet, long, plain, packet} {
		if err := track.WriteRTP(p); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		peer *boundPeer
		want []map[uint8]int // the length of each
	}{
		{swapped, []map[uint8]int{{1: 2, 2: 1}, {1: 40}, {}, {1: 2, 2: 1}}},
		{&high.boundPeer, []map[uint8]int{{20: 1}, {}, {}, {20: 1}}},
		{none, []map[uint8]int{{}, {}, {}, {}}},
	} {
		for i, p := range c.peer.sent {
			got := map[uint8]int{}
			for _, id := range p.GetExtensionIDs() {
				got[id] = len(p.GetExtension(id))
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want[i]) {
				t.Errorf("%s got %v in packet %d, want %v", c.peer.id, got, i, c.want[i])
			}
			if _, err := p.Marshal(); err != nil {
				t.Errorf("%s: packet %d cannot be written: %v", c.peer.id, i, err)
			}
		}
	}
	if len(packet.Extensions) != 4 || packet.GetExtension(1)[0] != 0x11 {
		t.Error("the packet has been changed")
	}

	// Without the option identifiers stay.
	direct := staticRTP(t, RTPCodecCapability{MimeType: MimeTypeVP8})
	bind(t, direct, none)
	none.sent = nil
	if err := direct.WriteRTP(packet); err != nil {
		t.Fatal(err)
	}
	if n := len(none.sent[0].Extensions); n != 4 {
		t.Errorf("%d header extensions, want 4", n)
	}
}

func TestTrackLocalStaticSample(t *testing.T) {
	track := staticSample(t, RTPCodecCapability{MimeType: MimeTypeVP8}, WithRTPSequenceNumber(100), WithRTPTimestamp(1000))
	write := func(s media.Sample) {
		t.Helper()
		if err := track.WriteSample(s); err != nil {
			t.Fatal(err)
		}
	}
	frame := time.Second / 30
	write(media.Sample{Data: []byte{1, 2, 3}, Duration: frame}) // bound to nobody
	peer := &boundPeer{id: "peer", codecs: videoCodecs(), ssrc: 1}
	bind(t, track, peer)

	write(media.Sample{Data: []byte{1, 2, 3}, Duration: frame})
	first := len(peer.sent[0].Payload)
	peer.wantSent(t, fmt.Sprintf("100 1000 96 1 %d M", first))

	write(media.Sample{Data: make([]byte, 3000), Duration: frame})
	if n := len(peer.sent); n != 3 {
		t.Fatalf("%d packets of 3000 bytes", n)
	}
	for i, p := range peer.sent {
		if p.SequenceNumber != uint16(101+i) || p.Timestamp != 4000 || p.Marker != (i == 2) || len(p.Payload) > payloadLimit {
			t.Errorf("packet %d is %v", i, p)
		}
	}
	peer.sent = nil

	// An empty sample is time that passes.
	write(media.Sample{Duration: frame})
	peer.wantSent(t)
	write(media.Sample{Data: []byte{1}, Duration: frame})
	peer.wantSent(t, "104 10000 96 1 5 M")

	// Lost packets show in the sequence numbers; two frames of time went with them.
	write(media.Sample{Data: []byte{1}, Duration: frame, PrevDroppedPackets: 2})
	peer.wantSent(t, "107 19000 96 1 5 M")
	// The durations of what was built of packets have the gaps in them.
	write(media.Sample{Data: []byte{1}, Duration: frame, PrevDroppedPackets: 7, PacketTimestamp: 12345})
	peer.wantSent(t, "115 22000 96 1 5 M")

	if err := track.GeneratePadding(2); err != nil {
		t.Fatal(err)
	}
	peer.wantSent(t, "116 22000 96 1 0 padding 255", "117 22000 96 1 0 padding 255")
	write(media.Sample{Data: []byte{1}, Duration: -frame})
	peer.wantSent(t, "118 25000 96 1 5 M")
	write(media.Sample{Data: []byte{1}})
	peer.wantSent(t, "119 25000 96 1 5 M")

	// Numbers go on for another sender.
	if err := track.Unbind(peer); err != nil {
		t.Fatal(err)
	}
	other := &boundPeer{id: "other", codecs: []RTPCodecParameters{negotiated(120, MimeTypeVP8, 90000, "")}, ssrc: 2}
	bind(t, track, other)
	write(media.Sample{Data: []byte{1}})
	peer.wantSent(t)
	other.wantSent(t, "120 25000 120 2 5 M")

	other.fails = io.ErrClosedPipe
	if err := track.WriteSample(media.Sample{Data: []byte{1}}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a writer that is closed: %v", err)
	}
}

// TestTrackLocalSampleTimeDoesNotDrift sends an hour of frames whose duration is no
// whole number of nanoseconds or ticks.
func TestTrackLocalSampleTimeDoesNotDrift(t *testing.T) {
	for _, rate := range []int{24, 30, 60, 144} {
		p := &packetizer{payloader: &wholePayloader{}, clockRate: 90000, fraction: half}
		b := newTrackBurst()
		for range rate * 3600 {
			p.packetize(b, &media.Sample{Duration: time.Second / time.Duration(rate)})
		}
		// The duration itself is rounded down to a nanosecond.
		if want := uint32(90000 * 3600); p.timestamp < want-60 || p.timestamp > want {
			t.Errorf("after an hour at %d frames a second the timestamp is %d, want %d", rate, p.timestamp, want)
		}
	}
	p := &packetizer{clockRate: 90000, fraction: half}
	p.advance(1<<63 - 1) // three centuries
	if seconds := uint64(1<<63-1) / 1e9; p.timestamp-uint32(seconds*90000) > 90000 {
		t.Errorf("after three centuries the timestamp is %d", p.timestamp)
	}
}

func TestTrackLocalAudioSample(t *testing.T) {
	track := staticSample(t, RTPCodecCapability{MimeType: MimeTypeOpus}, WithRTPSequenceNumber(1), WithRTPTimestamp(0))
	peer := &boundPeer{codecs: []RTPCodecParameters{negotiated(111, MimeTypeOpus, 48000, "")}}
	peer.codecs[0].Channels = 2
	bind(t, track, peer)
	for _, s := range []media.Sample{
		{Data: []byte{1, 2, 3}, Duration: 20 * time.Millisecond},
		{Data: []byte{1, 2, 3, 4}, Duration: 20 * time.Millisecond},
		{Data: make([]byte, 5000), Duration: 20 * time.Millisecond}, // one packet whatever its size
		{Data: []byte{1}, Duration: 20 * time.Millisecond, PrevDroppedPackets: 1},
	} {
		if err := track.WriteSample(s); err != nil {
			t.Fatal(err)
		}
	}
	// The marker bit is for the beginning of a talkspurt.
	peer.wantSent(t, "1 0 111 0 3 M", "2 960 111 0 4", "3 1920 111 0 5000", "5 3840 111 0 1 M")
}

// TestTrackLocalPayloaders cuts a frame of each codec that the library knows.
func TestTrackLocalPayloaders(t *testing.T) {
	annexB := append([]byte{0, 0, 0, 1, 0x65}, make([]byte, 3000)...)
	hevc := append([]byte{0, 0, 0, 1, 0x26, 0x01}, make([]byte, 3000)...)
	for mime, frame := range map[string][]byte{
		MimeTypeVP8: make([]byte, 3000), MimeTypeVP9: append([]byte{0x82, 0x49, 0x83, 0x42}, make([]byte, 3000)...),
		MimeTypeAV1:  append([]byte{0x32, 0xb8, 0x17}, make([]byte, 3000)...), // an OBU_FRAME with its size
		MimeTypeH264: annexB, MimeTypeH265: hevc,
		"audio/OPUS": {1}, MimeTypeG722: {1}, MimeTypePCMU: {1}, MimeTypePCMA: {1},
	} {
		track := staticSample(t, RTPCodecCapability{MimeType: mime})
		peer := &boundPeer{codecs: []RTPCodecParameters{negotiated(99, mime, 90000, "")}}
		bind(t, track, peer)
		if err := track.WriteSample(media.Sample{Data: frame, Duration: time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		total := 0
		for i, p := range peer.sent {
			total += len(p.Payload)
			if len(p.Payload) > payloadLimit || track.Kind() == RTPCodecTypeVideo && p.Marker != (i == len(peer.sent)-1) {
				t.Errorf("%s: packet %d has %d bytes and the marker %v", mime, i, len(p.Payload), p.Marker)
			}
		}
		if total < len(frame)-6 {
			t.Errorf("%s: %d bytes of a frame of %d were sent", mime, total, len(frame))
		}
	}
}

func TestTrackLocalRandomStart(t *testing.T) {
	seen := map[uint32]bool{}
	for range 8 {
		track := staticSample(t, RTPCodecCapability{MimeType: MimeTypeVP8})
		peer := &boundPeer{codecs: videoCodecs()}
		bind(t, track, peer)
		if err := track.WriteSample(media.Sample{Data: []byte{1}}); err != nil {
			t.Fatal(err)
		}
		if peer.sent[0].SequenceNumber >= 1<<15 {
			t.Errorf("the first sequence number is %d", peer.sent[0].SequenceNumber)
		}
		seen[peer.sent[0].Timestamp] = true
	}
	if len(seen) < 2 {
		t.Error("timestamps begin alike")
	}
}

func TestTrackLocalPaddingIsBounded(t *testing.T) {
	track := staticSample(t, RTPCodecCapability{MimeType: MimeTypeVP8})
	if err := track.GeneratePadding(1); err != nil {
		t.Error(err)
	}
	peer := &boundPeer{codecs: videoCodecs()}
	bind(t, track, peer)
	if err := track.GeneratePadding(1 << 31); err != nil {
		t.Error(err)
	}
	if n := len(peer.sent); n != paddingLimit {
		t.Errorf("%d packets", n)
	}
}
