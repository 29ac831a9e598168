package transceiver

const (
	// windowSize is how far behind the newest packet one is still told from a
	// duplicate: more than two seconds of the fastest video.
	windowSize = 4096
	// maxDropout is how large a gap in sequence numbers may be for it to be loss
	// (RFC 3550 A.1).
	maxDropout = 3000
	// firstCycle is the cycle count of a stream's first packet, so that packets
	// from before it have extended numbers too.
	firstCycle = 1 << 16
)

// An arrival is what a sequence number says of its packet.
type arrival uint8

const (
	arrivalFirst     arrival = iota // the stream begins, or begins anew
	arrivalNext                     // newer than all before
	arrivalLate                     // older than the newest, missing until now
	arrivalDuplicate                // it has been here
	arrivalOld                      // too old to be told from a duplicate
)

// fresh reports whether the packet is to be used.
func (a arrival) fresh() bool { return a <= arrivalLate }

// A sequence extends the 16-bit sequence numbers of a stream and remembers which
// have come (RFC 3550 A.1). Extended numbers only rise, also where a sender
// begins anew.
type sequence struct {
	started bool
	first   uint64 // extended number that the present run began with
	highest uint64
	// expected and received count packets as RFC 3550 A.3 does; expected those of
	// earlier runs only.
	expected, received uint64
	bits               [windowSize / 64]uint64 // by extended number modulo windowSize
}

// extend returns the extended number of the packet numbered n: the one that is
// closest to the highest.
func (q *sequence) extend(n uint16) uint64 {
	if !q.started {
		return (q.highest&^0xffff + firstCycle) | uint64(n)
	}
	return q.highest + uint64(int64(int16(n-uint16(q.highest))))
}

// note takes a packet into account and returns its extended number. Recovered
// packets have not been received: what RTCP reports is the loss of the original
// stream (RFC 4588 §6.2), and they begin no new run.
func (q *sequence) note(n uint16, recovered bool) (uint64, arrival) {
	ext := q.extend(n)
	var a arrival
	switch {
	case !q.started && recovered && q.highest != 0:
		return ext, arrivalOld // of the run that has ended
	case !q.started:
		a = q.begin(ext)
	case ext > q.highest+maxDropout:
		// RFC 3550 A.1: a "very large jump" is a sender that starts again. That
		// two packets in a row should show it first guards against strays, which
		// authentication does here.
		if recovered {
			return ext, arrivalOld
		}
		a = q.begin(ext)
	case ext > q.highest:
		q.advance(ext)
		a = arrivalNext
	case q.highest-ext >= windowSize:
		return ext, arrivalOld
	case q.has(ext):
		a = arrivalDuplicate
	default:
		a = arrivalLate
		q.first = min(q.first, ext)
	}
	q.bits[ext%windowSize/64] |= 1 << (ext % 64)
	if !recovered {
		q.received++
	}
	return ext, a
}

func (q *sequence) begin(ext uint64) arrival {
	if q.started {
		q.expected += q.highest - q.first + 1
	}
	q.started, q.first, q.highest = true, ext, ext
	clear(q.bits[:])
	return arrivalFirst
}

// stop ends the present run: the next packet begins another.
func (q *sequence) stop() {
	if q.started {
		q.expected += q.highest - q.first + 1
		q.started = false
	}
}

func (q *sequence) advance(ext uint64) {
	if ext-q.highest >= windowSize {
		clear(q.bits[:])
	} else {
		for i := q.highest + 1; i < ext; i++ {
			q.bits[i%windowSize/64] &^= 1 << (i % 64)
		}
	}
	q.highest = ext
}

// has reports whether the packet with this extended number, of the window, has
// come.
func (q *sequence) has(ext uint64) bool { return q.bits[ext%windowSize/64]&(1<<(ext%64)) != 0 }

// missing reports whether the packet with this extended number could be used.
func (q *sequence) missing(ext uint64) bool {
	return q.started && ext < q.highest && q.highest-ext < windowSize && !q.has(ext)
}

// totals returns how many packets were expected and received since the stream
// began (RFC 3550 A.3).
func (q *sequence) totals() (expected, received uint64) {
	expected = q.expected
	if q.started {
		expected += q.highest - q.first + 1
	}
	return expected, q.received
}

// extended returns the highest sequence number as reports have it.
func (q *sequence) extended() uint32 { return uint32(q.highest - firstCycle) }
