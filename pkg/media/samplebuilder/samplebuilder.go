package samplebuilder

import (
	"iter"
	"math"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/internal/reorder"
)

const (
	// smallestLimit and largestLimit bound how many sequence numbers are
	// buffered, which is twice maxLate between them. The largest is what the
	// sequence number's 16 bits can tell apart, less the largest gap.
	smallestLimit = 4096
	largestLimit  = 1<<15 - 3000

	// maxReady is how many samples of an earlier sequence are kept for Pop.
	maxReady = 64
)

// A SampleBuilder makes samples of RTP packets that may come out of order, twice,
// or not at all. It has no clock and starts nothing; it is not safe for
// concurrent use.
type SampleBuilder struct {
	depacketizer   rtp.Depacketizer
	sampleRate     uint32
	maxLate        int64
	maxDelay       uint32 // in units of the clock rate, 0 for none
	limit          int64
	headHandler    func(any) any
	releaseHandler func(*rtp.Packet)
	headers        bool
	immediate      bool

	window  reorder.Window[*rtp.Packet]
	ssrc    uint32
	flushTo int64 // positions before this one are not waited for
	scanned int64 // the current sample has all packets before this position
	dropped int   // packets lost or dropped since the last sample

	// spoiled says that a packet with the timestamp spoiledAt has been dropped,
	// so that the others of its sample are of no use.
	spoiled   bool
	spoiledAt uint32

	built     bool // a sample of this sequence has been returned
	lastBuilt uint32

	ready []*media.Sample // of a sequence that has been replaced by another
}

// New makes a SampleBuilder. maxLate is how many sequence numbers a missing
// packet may be behind the newest one before it is given up, and with it the
// sample that it belongs to: the more, the less is lost and the longer a loss
// delays what follows. depacketizer reads the payloads; package
// github.com/pion/rtp/codecs has one for each codec. sampleRate is the codec's
// clock rate in Hz.
func New(maxLate uint16, depacketizer rtp.Depacketizer, sampleRate uint32, opts ...Option) *SampleBuilder {
	b := &SampleBuilder{
		depacketizer: depacketizer,
		sampleRate:   sampleRate,
		maxLate:      int64(maxLate),
		limit:        min(max(2*int64(maxLate), smallestLimit), largestLimit),
	}
	for _, o := range opts {
		o(b)
	}
	return b
}

// Push adds a packet, which belongs to the builder until its sample is returned
// or the release handler is given it; its bytes must not change until then. A
// packet that came before, or that has been given up, is dropped. A nil packet
// is ignored.
func (b *SampleBuilder) Push(packet *rtp.Packet) {
	if packet == nil {
		return
	}
	if packet.SSRC != b.ssrc && b.window.Next() != 0 {
		b.restart() // another source has sequence numbers of its own
	}
	b.ssrc = packet.SSRC
	position, verdict := b.window.Locate(packet.SequenceNumber)
	if verdict == reorder.Restart {
		b.restart()
		position, verdict = b.window.Locate(packet.SequenceNumber)
	}
	if verdict != reorder.Accepted {
		b.release(packet)
		return
	}
	// A program that pushes and does not pop loses the oldest packets.
	for b.window.Len() > 0 && position-b.window.First() >= b.limit {
		b.leave()
	}
	b.window.Put(position, packet)
	if position < b.scanned {
		b.scanned = position
	}
}

// Flush makes Pop return what is complete without waiting for packets that are
// missing before it. It is for the end of a stream.
func (b *SampleBuilder) Flush() { b.flushTo = b.window.Next() }

// Pop returns the next sample, or nil if none is complete. The sample's data is
// a copy that belongs to the caller.
//
// A sample is complete when all of its packets are there, from one that begins a
// frame to one that ends it or that another timestamp follows, and when the
// packet after it has come, because its Duration is the time to that one's
// timestamp. What a missing packet holds back is given up by the rules of New
// and WithMaxTimeDelay.
func (b *SampleBuilder) Pop() *media.Sample {
	if len(b.ready) > 0 {
		s := b.ready[0]
		b.ready[0], b.ready = nil, b.ready[1:]
		return s
	}
	return b.next()
}

// Samples returns an iterator over the samples that are complete now.
func (b *SampleBuilder) Samples() iter.Seq[*media.Sample] {
	return func(yield func(*media.Sample) bool) {
		for s := b.Pop(); s != nil && yield(s); s = b.Pop() {
		}
	}
}

// restart begins another sequence. What is complete of this one is kept for Pop.
func (b *SampleBuilder) restart() {
	b.Flush()
	for s := b.next(); s != nil; s = b.next() {
		if len(b.ready) == maxReady {
			b.ready = append(b.ready[:0], b.ready[1:]...)
			b.dropped++
		}
		b.ready = append(b.ready, s)
	}
	for b.window.Len() > 0 {
		b.leave()
	}
	b.window.Reset()
	b.flushTo, b.scanned, b.spoiled, b.built = 0, 0, false, false
}

// next builds the sample at the start of the window, after dropping what can
// not become one.
func (b *SampleBuilder) next() *media.Sample {
	for b.window.Len() > 0 {
		first := b.window.First()
		head, present := b.window.At(first)
		switch {
		case !present:
			if !b.givenUp(first) {
				return nil
			}
			b.leave()
		case len(head.Payload) == 0:
			b.leave() // padding between frames
		case b.spoiled && head.Timestamp == b.spoiledAt, !b.depacketizer.IsPartitionHead(head.Payload):
			b.leave()
		default:
			end, complete := b.extent(first)
			if !complete {
				if !b.givenUp(end) {
					return nil
				}
				b.leave()
				continue
			}
			duration, known := b.duration(head, end)
			if !known && !b.givenUp(end) {
				return nil
			}
			if s := b.build(head, end, duration); s != nil {
				return s
			}
		}
	}
	return nil
}

// extent returns the position after the sample that begins at first, and whether
// it is complete; if not, the position of the packet that is missing.
func (b *SampleBuilder) extent(first int64) (int64, bool) {
	head, _ := b.window.At(first)
	for p := max(first, b.scanned); ; p++ {
		b.scanned = p
		packet, present := b.window.At(p)
		switch {
		case !present:
			return p, false
		case len(packet.Payload) == 0:
		case packet.Timestamp != head.Timestamp:
			return p, true
		case b.depacketizer.IsPartitionTail(packet.Marker, packet.Payload):
			return p + 1, true
		}
	}
}

// givenUp reports whether the packet at a position, which is missing, is waited
// for no longer. One that follows the newest packet is not late until Flush.
func (b *SampleBuilder) givenUp(missing int64) bool {
	newest := b.window.Next() - 1
	switch {
	case missing > newest:
		return missing <= b.flushTo
	case missing < b.flushTo, newest-missing >= b.maxLate:
		return true
	case b.maxDelay == 0:
		return false
	}
	last, present := b.window.At(newest)
	for p := b.window.First(); present && p < newest; p++ {
		if oldest, ok := b.window.At(p); ok {
			return int32(last.Timestamp-oldest.Timestamp) > int32(b.maxDelay)
		}
	}
	return false
}

// duration returns the time from a sample to the one that begins at or after
// end, and whether it is known for good.
func (b *SampleBuilder) duration(head *rtp.Packet, end int64) (time.Duration, bool) {
	if b.immediate {
		if !b.built {
			return 0, true
		}
		return b.span(b.lastBuilt, head.Timestamp), true
	}
	gap := false
	for p := end; p < b.window.Next(); p++ {
		packet, present := b.window.At(p)
		gap = gap || !present
		if present && len(packet.Payload) > 0 {
			return b.span(head.Timestamp, packet.Timestamp), !gap
		}
	}
	return 0, false
}

// span is the time between two timestamps, which wrap. Going back counts as no
// time: RFC 3550 §5.1, "Consecutive RTP packets MAY contain timestamps that are
// not monotonic if the data is not transmitted in the order it was sampled".
func (b *SampleBuilder) span(from, to uint32) time.Duration {
	ticks := int32(to - from)
	if ticks <= 0 || b.sampleRate == 0 {
		return 0
	}
	return time.Duration(int64(ticks) * int64(time.Second) / int64(b.sampleRate))
}

// build makes a sample of the packets before end. The result is nil if the
// depacketizer refuses one of them or finds no media; they have been dropped
// then.
func (b *SampleBuilder) build(head *rtp.Packet, end int64, duration time.Duration) *media.Sample {
	// A depacketizer adds at most a start code to a payload, or two where it
	// splits an aggregate.
	first, size := b.window.First(), 8
	for p := first; p < end; p++ {
		packet, _ := b.window.At(p)
		size += len(packet.Payload) + 4
	}
	s := &media.Sample{
		Data:               make([]byte, 0, size),
		Duration:           duration,
		PacketTimestamp:    head.Timestamp,
		PrevDroppedPackets: uint16(min(b.dropped, math.MaxUint16)),
	}
	if !b.fill(s, first, end) {
		for b.window.First() < end {
			b.leave()
		}
		return nil
	}
	for b.window.First() < end {
		packet, _ := b.window.Leave()
		b.release(packet)
	}
	b.dropped, b.spoiled = 0, false
	b.built, b.lastBuilt = true, head.Timestamp
	return s
}

// fill adds the media of the packets to a sample and reports whether there is any
// and all of it is well-formed.
func (b *SampleBuilder) fill(s *media.Sample, first, end int64) bool {
	for p := first; p < end; p++ {
		packet, _ := b.window.At(p)
		if len(packet.Payload) == 0 {
			continue
		}
		data, err := b.depacketizer.Unmarshal(packet.Payload)
		if err != nil {
			return false
		}
		if p == first && b.headHandler != nil {
			s.Metadata = b.headHandler(b.depacketizer)
		}
		s.Data = append(s.Data, data...)
		if b.headers {
			header := packet.Header.Clone()
			s.RTPHeaders = append(s.RTPHeaders, &header)
		}
	}
	return len(s.Data) > 0
}

// leave drops the first packet, or gives it up. The others of its sample are of
// no use then. Padding is no loss.
func (b *SampleBuilder) leave() {
	packet, present := b.window.Leave()
	if !present {
		b.dropped++
		return
	}
	if len(packet.Payload) > 0 {
		b.dropped++
		b.spoiled, b.spoiledAt = true, packet.Timestamp
	}
	b.release(packet)
}

func (b *SampleBuilder) release(packet *rtp.Packet) {
	if b.releaseHandler != nil {
		b.releaseHandler(packet)
	}
}
