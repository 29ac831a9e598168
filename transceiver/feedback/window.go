package feedback

import "math"

// window remembers when the packets with the highest sequence numbers of one
// numbering arrived, and which of them have yet to be reported. It grows with
// what waits for a report, up to a bound; what falls out at the lower end is
// forgotten.
type window struct {
	// arrivals is a ring, indexed by extended sequence numbers, over those from
	// highest-len(arrivals)+1 to highest.
	arrivals []arrival
	highest  int64 // extended by the count of cycles
	next     int64 // the first that is to be reported
	limit    int   // of len(arrivals), a power of two
	gap      int64 // the longest gap that is reported as lost packets

	lastOld uint16 // the sequence number of the last packet that was too old
	// tooOld counts packets that arrived after their place was forgotten,
	// overrun those that were never reported because too many waited.
	tooOld, overrun uint64
}

// arrival is a time in nanoseconds with the two ECN bits below it.
type arrival int64

const (
	missing       arrival = math.MinInt64
	minWindow             = 128
	ecnCongestion uint8   = 3 // CE, RFC 3168 §5
)

func arrivedAt(nanoseconds int64, ecn uint8) arrival { return arrival(nanoseconds<<2 | int64(ecn&3)) }
func (a arrival) at() int64                          { return int64(a >> 2) }
func (a arrival) ecn() uint8                         { return uint8(a & 3) }

// record notes an arrival. It reports whether that is to be reported: it is
// not, if the packet is too old, or known already with the same marking.
func (w *window) record(sequence uint16, a arrival) bool {
	if w.arrivals == nil {
		w.restart(sequence)
	}
	n := w.highest + int64(int16(sequence-uint16(w.highest)))
	if n <= w.highest-int64(len(w.arrivals)) {
		w.tooOld++
		// Two such packets in a row mean that the sender has started its
		// numbers anew (after the idea of RFC 3550 A.1).
		if w.tooOld == 1 || sequence != w.lastOld+1 {
			w.lastOld = sequence
			return false
		}
		w.restart(sequence)
		n = w.highest
	}
	switch {
	case n-w.highest > w.gap:
		w.restart(sequence)
		n = w.highest
	case n > w.highest:
		w.advance(n)
	}
	slot := w.slot(n)
	switch {
	case *slot == missing:
		*slot = a
	case a.ecn() == ecnCongestion && slot.ecn() != ecnCongestion:
		// RFC 8888 §3.1: of several copies the first one's time counts, and a
		// CE mark on any of them.
		*slot |= arrival(ecnCongestion)
	default:
		return false
	}
	// A late packet is reported although later ones have been; their arrivals
	// are still here to be repeated with it.
	w.next = min(w.next, n)
	return true
}

// reportedLost reports whether the packet was reported and had not arrived.
func (w *window) reportedLost(sequence uint16) bool {
	n := w.highest + int64(int16(sequence-uint16(w.highest)))
	return w.arrivals != nil && n < w.next && n > w.highest-int64(len(w.arrivals)) && *w.slot(n) == missing
}

func (w *window) slot(n int64) *arrival { return &w.arrivals[n&int64(len(w.arrivals)-1)] }

// restart forgets everything; sequence is the first to come.
func (w *window) restart(sequence uint16) {
	if w.arrivals == nil {
		w.arrivals = make([]arrival, minWindow)
	} else {
		w.skip(w.highest + 1)
	}
	for i := range w.arrivals {
		w.arrivals[i] = missing
	}
	w.highest, w.next, w.lastOld = int64(sequence), int64(sequence), sequence
}

// advance makes n the highest sequence number.
func (w *window) advance(n int64) {
	if need := n - w.next + 1; need > int64(len(w.arrivals)) && len(w.arrivals) < w.limit {
		w.grow(need)
	}
	size := int64(len(w.arrivals))
	if lowest := n - size + 1; w.next < lowest {
		w.skip(min(lowest, w.highest+1))
		w.next = lowest
	}
	for i := max(w.highest+1, n-size+1); i <= n; i++ {
		*w.slot(i) = missing
	}
	w.highest = n
}

// skip passes over unreported numbers up to end.
func (w *window) skip(end int64) {
	for ; w.next < end; w.next++ {
		if *w.slot(w.next) != missing {
			w.overrun++
		}
	}
}

// grow makes room for need arrivals, or for as many as the limit allows.
func (w *window) grow(need int64) {
	size := len(w.arrivals)
	for int64(size) < need && size < w.limit {
		size *= 2
	}
	old := *w
	w.arrivals = make([]arrival, size)
	for i := range w.arrivals {
		w.arrivals[i] = missing
	}
	for i := old.highest - int64(len(old.arrivals)) + 1; i <= old.highest; i++ {
		*w.slot(i) = *old.slot(i)
	}
}

// pending returns how many sequence numbers are to be reported.
func (w *window) pending() int { return int(w.highest - w.next + 1) }
