// Package reorder puts RTP packets into the order of their sequence numbers and
// says where some are missing. It knows no clock: it gives up on a missing
// packet when enough others have come after it.
package reorder

// RFC 3550 A.1 measures by these what a sequence number that does not follow the
// newest one means: "MAX_DROPOUT = 3000; MAX_MISORDER = 100".
//
// A step forward of less than maxDropout is a gap. A step back of less than that
// is a late packet: retransmissions come later than the appendix has in mind, so
// it takes maxMisorder of them in a row, with none that is new between, to show
// that the sender has started again. After a larger step, either way, two do.
const (
	maxDropout  = 3000
	maxMisorder = 100
)

// smallest is how many slots a window starts with. It is a power of two, as is
// every size that it grows to.
const smallest = 16

// A Verdict says what a sequence number is in relation to those before it.
type Verdict uint8

const (
	// Accepted is a number that belongs into the window.
	Accepted Verdict = iota
	// Duplicate is a number whose place is taken.
	Duplicate
	// Late is a number whose place has been left, or one so far ahead that it
	// takes another one after it to be believed.
	Late
	// Restart is a number that follows others that had no place in the window:
	// the sender has started again. Nothing is stored until Reset.
	Restart
)

type slot[T any] struct {
	value   T
	present bool
}

// A Window keeps what belongs to the sequence numbers from the oldest one that
// is still wanted to the newest one that has come. Positions are sequence
// numbers that do not wrap. The zero value is an empty window.
type Window[T any] struct {
	slots       []slot[T]
	first, next int64 // positions of the oldest wanted one and after the newest one
	started     bool
	left        bool   // a position has been left since the start, so none before it is wanted
	stray       uint16 // the number that would follow the last one that had no place
	strays      int    // how many such numbers have come in a row
}

// Locate returns the position of a sequence number. It changes nothing but its
// memory of strays.
func (w *Window[T]) Locate(seq uint16) (int64, Verdict) {
	if !w.started {
		// The first position is that of the sequence number, plus one round so
		// that the numbers before it have positions too.
		return 1<<16 + int64(seq), Accepted
	}
	newest := w.next - 1
	position := newest + int64(int16(seq-uint16(newest)))
	behind := newest - position
	gone := position < w.first && (w.left || behind > maxMisorder)
	far := gone && behind >= maxDropout || -behind >= maxDropout
	if gone || far {
		return position, w.astray(seq, far)
	}
	w.strays = 0
	if _, taken := w.At(position); taken {
		return position, Duplicate
	}
	return position, Accepted
}

// astray judges a number that has no place in the window.
func (w *Window[T]) astray(seq uint16, far bool) Verdict {
	if w.strays > 0 && seq == w.stray {
		w.strays++
	} else {
		w.strays = 1
	}
	w.stray = seq + 1
	// RFC 3550 A.1: "Two sequential packets -- assume that the other side
	// restarted without telling us so just re-sync".
	if far && w.strays >= 2 || w.strays >= maxMisorder {
		return Restart
	}
	return Late
}

// Put stores a value at a position that Locate has accepted.
func (w *Window[T]) Put(position int64, value T) {
	if !w.started {
		w.started = true
		w.first, w.next = position, position
	}
	first, next := min(w.first, position), max(w.next, position+1)
	if n := int(next - first); n > len(w.slots) {
		w.grow(n)
	}
	w.first, w.next = first, next
	*w.slot(position) = slot[T]{value: value, present: true}
}

func (w *Window[T]) grow(n int) {
	size := max(len(w.slots), smallest)
	for size < n {
		size *= 2
	}
	old := w.slots
	w.slots = make([]slot[T], size)
	for p := w.first; p < w.next; p++ {
		*w.slot(p) = old[p&int64(len(old)-1)]
	}
}

func (w *Window[T]) slot(position int64) *slot[T] {
	return &w.slots[position&int64(len(w.slots)-1)]
}

// First is the position of the oldest packet that is still wanted.
func (w *Window[T]) First() int64 { return w.first }

// Next is the position after that of the newest packet.
func (w *Window[T]) Next() int64 { return w.next }

// Len is how many positions the window spans, missing ones included.
func (w *Window[T]) Len() int { return int(w.next - w.first) }

// At returns what is at a position, and whether there is anything.
func (w *Window[T]) At(position int64) (T, bool) {
	if position < w.first || position >= w.next {
		var zero T
		return zero, false
	}
	s := w.slot(position)
	return s.value, s.present
}

// Leave takes what is at the first position, which must exist, and goes on to
// the next one.
func (w *Window[T]) Leave() (T, bool) {
	s := w.slot(w.first)
	value, present := s.value, s.present
	*s = slot[T]{}
	w.first++
	w.left = true
	return value, present
}

// Reset empties the window: the next number starts another sequence.
func (w *Window[T]) Reset() {
	clear(w.slots)
	*w = Window[T]{slots: w.slots}
}
