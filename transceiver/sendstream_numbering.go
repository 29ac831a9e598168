package transceiver

import (
	"errors"
	"time"

	"github.com/parleyrtc/webrtc/internal/srtptransport"
)

// ErrAlreadySent is returned for a packet of which the sequence number was sent
// before: sent again with other contents it would give away both
// (RFC 7714 §8.4).
var ErrAlreadySent = errors.New("transceiver: a packet with this sequence number has been sent")

// ErrTooOld is returned for a packet that is older than the first one of its
// source, or so old that its place in the stream is not known any more. A source
// that begins anew is announced by [SendStream.Rebase].
var ErrTooOld = errors.New("transceiver: the packet is too old to be sent")

// shiftsKept is of how many insertions the place is known, for packets that are
// late.
const shiftsKept = 8

// A shift moves the source's packets from a number on.
type shift struct{ from, by int64 }

// A numbering gives a stream's packets their sequence numbers and timestamps.
// What a source writes keeps its own, moved by a constant: by nothing until a
// source is replaced, or packets of our own come between.
//
// Sequence numbers are extended to 64 bits. They begin at 1<<16, so that all are
// positive.
type numbering struct {
	started bool  // a packet has been sent
	based   bool  // the present source has sent one
	resumed bool  // not based, but the source is that of before
	in, out int64 // highest numbers: of the source, and sent
	// shifts are ordered by from. There is one at least if based.
	shifts []shift
	// first is the number of the first packet, 0 for the source's own.
	first int64

	// A timestamp that was sent, the highest, and when: what RTP time is counted
	// from. clock is its rate in hertz.
	timestamp uint32
	at        time.Time
	clock     uint32
	// moved is added to the source's timestamps.
	moved uint32
}

// A numbered packet has its place: its number in the source and the one to send
// it with.
type numbered struct {
	in, out   int64
	begins    bool // the source begins with it
	timestamp uint32
	moved     uint32
}

const numberBase = 1 << 16

// number returns the place of the source's packet with the given sequence number
// and timestamp. Nothing changes until it is taken.
func (n *numbering) number(now time.Time, sequence uint16, timestamp uint32) (numbered, error) {
	p := numbered{begins: !n.based, moved: n.moved}
	switch {
	case n.based:
		p.in = n.in + int64(int16(sequence-uint16(n.in)))
		i := len(n.shifts) - 1
		for i >= 0 && p.in < n.shifts[i].from {
			i--
		}
		if i < 0 {
			return p, ErrTooOld
		}
		p.out = p.in + n.shifts[i].by
	case n.started:
		// The stream goes on where it is. RFC 3550 §5.1: sequence numbers increment
		// by one for each packet that is sent, and timestamps with time, in which a
		// source need not have sent anything.
		p.in, p.out = numberBase+int64(sequence), n.out+1
		if !n.resumed {
			p.moved = n.rtpTime(now, 1) - timestamp
		}
	default:
		p.in, p.out = numberBase+int64(sequence), numberBase+int64(sequence)
		if n.first != 0 {
			p.out = n.first
		}
	}
	p.timestamp = timestamp + p.moved
	return p, nil
}

// continues has a stream that has sent nothing yet begin with a sequence number,
// where another one has sent under its SSRC.
func (n *numbering) continues(sequence uint16) { n.first = numberBase + int64(sequence) }

// continueSource has a stream that has sent nothing yet go on where another one,
// which is closed, has sent under its SSRC with the same keys: what was sealed
// before would be refused.
func (st *SendStream) continueSource(sealer *srtptransport.Sealer) {
	if st.numbers.started {
		return
	}
	if sequence, ok := sealer.Next(st.cfg.SSRC); ok {
		st.numbers.continues(sequence)
	}
}

// take makes a packet of the source one that was sent.
func (n *numbering) take(now time.Time, p numbered, clock uint32) {
	if p.begins {
		n.based, n.in, n.moved = true, p.in, p.moved
		n.shifts = append(n.shifts[:0], shift{p.in, p.out - p.in})
	}
	n.in = max(n.in, p.in)
	n.note(now, p.out, p.timestamp, clock)
}

func (n *numbering) note(now time.Time, out int64, timestamp, clock uint32) {
	if !n.started || int32(timestamp-n.timestamp) > 0 {
		n.timestamp, n.at, n.clock = timestamp, now, clock
	}
	n.started, n.out = true, max(n.out, out)
}

// insert makes room for a packet of our own behind all others and returns its
// number. first is the sequence number that a stream begins with.
func (n *numbering) insert(now time.Time, first uint16, timestamp, clock uint32) int64 {
	switch last := len(n.shifts) - 1; {
	case !n.started:
		n.out = numberBase + int64(first) - 1
		if n.first != 0 {
			n.out = n.first - 1
		}
	case !n.based:
	case n.shifts[last].from == n.in+1:
		n.shifts[last].by++
	default:
		if len(n.shifts) == shiftsKept {
			n.shifts = append(n.shifts[:0], n.shifts[1:]...)
			last--
		}
		n.shifts = append(n.shifts, shift{n.in + 1, n.shifts[last].by + 1})
	}
	out := n.out + 1
	n.note(now, out, timestamp, clock)
	return out
}

// rtpTime returns the timestamp of the present, least ticks after the highest
// one at least.
func (n *numbering) rtpTime(now time.Time, least uint32) uint32 {
	return n.timestamp + max(ticks(now.Sub(n.at), n.clock), least)
}

// rebase makes the source's next packet the first of another one.
func (n *numbering) rebase() { n.based, n.resumed = false, false }

// resume leaves out the numbers of packets that the source has written and nobody
// was sent, for the peer would ask for them; time goes on as the source's.
func (n *numbering) resume() {
	if n.based {
		n.based, n.resumed = false, true
	}
}

// ticks converts a duration to units of an RTP clock; negative ones are 0.
func ticks(d time.Duration, clock uint32) uint32 {
	if d <= 0 {
		return 0
	}
	return uint32(uint64(d/time.Second)*uint64(clock) + uint64(d%time.Second)*uint64(clock)/uint64(time.Second))
}
