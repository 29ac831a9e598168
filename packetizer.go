package webrtc

import (
	"fmt"
	"strings"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/pkg/media"
)

// payloadLimit is the most bytes of payload in a packet, by default. With 12 bytes
// of header, some 28 of header extensions, 16 of authentication, 2 of
// retransmission and 4 of a relay's channel it fits IPv6's least MTU of 1280
// (RFC 8200 §5) behind the headers of IPv6 and UDP.
const payloadLimit = 1160

// paddingLimit is the most packets of padding that are sent at once: a megabyte.
const paddingLimit = 4096

// A packetizer makes RTP packets of samples.
type packetizer struct {
	payloader rtp.Payloader
	clockRate uint32
	audio     bool
	sequence  uint16 // of the next packet
	timestamp uint32 // of the next sample
	sent      uint32 // of the last one
	started   bool
	// fraction is what timestamp lacks, in billionths of a tick. It begins with
	// one half, so that timestamps are rounded.
	fraction uint64
}

const half = uint64(time.Second) / 2

// packetize appends the packets of a sample.
func (p *packetizer) packetize(b *trackBurst, sample *media.Sample) {
	p.sequence += sample.PrevDroppedPackets
	if sample.PacketTimestamp == 0 {
		for range sample.PrevDroppedPackets {
			p.advance(sample.Duration)
		}
	}
	if len(sample.Data) > 0 {
		payloads := p.payloader.Payload(payloadLimit, sample.Data)
		for i, payload := range payloads {
			b.add(rtp.Header{
				Version:        2,
				Marker:         p.marks(i == len(payloads)-1, sample),
				SequenceNumber: p.sequence,
				Timestamp:      p.timestamp,
			}, payload)
			p.sequence++
			p.started, p.sent = true, p.timestamp
		}
	}
	p.advance(sample.Duration)
}

// marks says whether a packet has the marker bit: of video the last one of a
// frame; of audio "the first packet of a talkspurt, that is, the first packet after
// a silence period during which packets have not been transmitted contiguously"
// (RFC 3551 §4.1).
func (p *packetizer) marks(last bool, sample *media.Sample) bool {
	if p.audio {
		return !p.started || sample.PrevDroppedPackets > 0 && p.sent != p.timestamp
	}
	return last
}

// advance moves the timestamp by a sample's duration.
func (p *packetizer) advance(d time.Duration) {
	if d <= 0 {
		return
	}
	p.timestamp += uint32(uint64(d/time.Second) * uint64(p.clockRate))
	p.fraction += uint64(d%time.Second) * uint64(p.clockRate)
	p.timestamp += uint32(p.fraction / uint64(time.Second))
	p.fraction %= uint64(time.Second)
}

// pad appends n packets of padding. RFC 3550 §5.1 has the last byte of padding say
// how much there is, so that 255 is the most. They belong to the last sample that
// was sent: another timestamp would begin another one.
func (p *packetizer) pad(b *trackBurst, n uint32) {
	for range min(n, paddingLimit) {
		b.add(rtp.Header{Version: 2, Padding: true, PaddingSize: 255, SequenceNumber: p.sequence, Timestamp: p.sent}, nil)
		p.sequence++
	}
}

// defaultPayloader returns the payloader for a codec. The error is a
// *rtcerr.NotSupportedError that matches ErrNoPayloaderForCodec.
func defaultPayloader(c RTPCodecCapability) (rtp.Payloader, error) {
	switch strings.ToLower(c.MimeType) {
	case strings.ToLower(MimeTypeVP8):
		return &vp8Payloader{}, nil
	case strings.ToLower(MimeTypeVP9):
		return &codecs.VP9Payloader{}, nil
	case strings.ToLower(MimeTypeAV1):
		return &codecs.AV1Payloader{}, nil
	case strings.ToLower(MimeTypeH264):
		mode, _ := codec.ParseFmtp(c.SDPFmtpLine).Get("packetization-mode")
		return &h264Payloader{single: mode != "1"}, nil
	case strings.ToLower(MimeTypeH265):
		return &codecs.H265Payloader{}, nil
	case strings.ToLower(MimeTypeOpus), strings.ToLower(MimeTypeG722),
		strings.ToLower(MimeTypePCMU), strings.ToLower(MimeTypePCMA):
		return &wholePayloader{}, nil
	}
	return nil, &rtcerr.NotSupportedError{Err: fmt.Errorf("%w: %s", ErrNoPayloaderForCodec, c.MimeType)}
}

// A wholePayloader makes each sample the payload of one packet, as it is. RFC 7587
// §4.2: "An RTP payload MUST contain exactly one Opus packet"; G.711 and G.722
// have a sample's bytes one after the other (RFC 3551 §4.5).
type wholePayloader struct{ payload [1][]byte }

// Payload implements rtp.Payloader. The result is valid until the next call.
func (w *wholePayloader) Payload(_ uint16, payload []byte) [][]byte {
	w.payload[0] = payload
	return w.payload[:]
}
