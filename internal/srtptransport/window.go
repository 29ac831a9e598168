package srtptransport

// A window remembers which of a stream's newest indices have been used. Every
// index older than the window counts as used.
type window struct {
	// next is the highest index that has been used, and one. 0: none has.
	next uint64
	// floor is the lowest index that was not used before the window was made.
	floor uint64
	// bits has a bit for each index of the window, at the index modulo its
	// size, a power of two.
	bits []uint64
}

// newWindow returns a window of size indices, a power of two and at least 64,
// in which all below floor are used.
func newWindow(size int, floor uint64) window {
	return window{next: floor, floor: floor, bits: make([]uint64, size/64)}
}

func (w *window) size() uint64 { return uint64(len(w.bits)) * 64 }

// used reports whether the index has been used or may have been.
func (w *window) used(index uint64) bool {
	switch {
	case index >= w.next:
		return false
	case index < w.floor || w.next-index > w.size():
		return true
	}
	word, bit := w.place(index)
	return w.bits[word]&bit != 0
}

// use marks an index that is not used.
func (w *window) use(index uint64) {
	if index >= w.next {
		// What the window moves over has the bits of indices a window earlier.
		if index-w.next >= w.size() {
			clear(w.bits)
		} else {
			for i := w.next; i < index; i++ {
				word, bit := w.place(i)
				w.bits[word] &^= bit
			}
		}
		w.next = index + 1
	}
	word, bit := w.place(index)
	w.bits[word] |= bit
}

func (w *window) place(index uint64) (word, bit uint64) {
	i := index & (w.size() - 1)
	return i / 64, 1 << (i % 64)
}

// estimate returns the index of an RTP packet, of which the header has the
// lower 16 bits, in a stream of which next is one more than the highest index
// so far. RFC 3711 §3.3.1: of the rollover counters around the highest index it
// is the one that brings the packet closest to it. Before the first rollover
// there is none to go back to: implementations agree that the counter is 0 then.
func estimate(next uint64, sequence uint16) uint64 {
	if next == 0 {
		return uint64(sequence)
	}
	highest := next - 1
	index := int64(highest) + int64(int16(sequence-uint16(highest)))
	if index < 0 {
		return uint64(sequence)
	}
	return uint64(index)
}
