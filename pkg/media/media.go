package media

import (
	"time"

	"github.com/pion/rtp"
)

// A Sample is a coded picture or a piece of coded sound with its time.
type Sample struct {
	// Data is the frame as its codec writes it: a VP8 or VP9 frame, an AV1
	// temporal unit, an H.264 or H.265 access unit with Annex B start codes, an
	// Opus packet. It belongs to whoever holds the sample.
	Data []byte

	// Timestamp is when the sample was captured, by the wall clock of the
	// machine that captured it. The zero time means unknown: a sample that was
	// built of RTP packets carries PacketTimestamp alone.
	Timestamp time.Time

	// Duration is the time from this sample to the next. Zero means unknown.
	Duration time.Duration

	// PacketTimestamp is the RTP timestamp of the packets that the sample was
	// built of, in units of the codec's clock rate.
	PacketTimestamp uint32

	// PrevDroppedPackets is how many packets between the previous sample and
	// this one were lost, or were dropped because their sample lacked others.
	// It stays at 65535 for more.
	PrevDroppedPackets uint16

	// Metadata is what the sample builder's packet head handler returned for
	// this sample. See samplebuilder.WithPacketHeadHandler.
	Metadata any

	// RTPHeaders are the headers of the packets that the sample was built of, in
	// order of their sequence numbers, and nil unless
	// samplebuilder.WithRTPHeaders asked for them.
	RTPHeaders []*rtp.Header
}

// A Writer records the RTP packets of one track.
type Writer interface {
	// WriteRTP adds a packet. The packet and its bytes are the caller's again
	// when it returns.
	WriteRTP(packet *rtp.Packet) error

	// Close completes the recording. Calls after the first do nothing and
	// return nil.
	Close() error
}
