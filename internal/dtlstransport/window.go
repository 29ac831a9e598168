package dtlstransport

// replayWindow remembers which record numbers have been accepted (RFC 6347
// §4.1.2.6): all below the window are taken for seen.
type replayWindow struct {
	size uint64
	top  uint64   // one above the highest number accepted
	bits []uint64 // of number n: bit n%64 of word n/64%len(bits)
}

func newReplayWindow(size int) replayWindow {
	// As many numbers as there are may lie across one more word.
	return replayWindow{size: uint64(size), bits: make([]uint64, (size+63)/64+1)}
}

func (w *replayWindow) word(n uint64) *uint64 { return &w.bits[n/64%uint64(len(w.bits))] }

// seen returns true for a number that was accepted before, or may have been.
func (w *replayWindow) seen(n uint64) bool {
	if n >= w.top {
		return false
	}
	return w.top-n > w.size || *w.word(n)&(1<<(n%64)) != 0
}

// accept notes a number. RFC 6347 §4.1.2.6: "The receive window is updated only
// if the MAC verification succeeds."
func (w *replayWindow) accept(n uint64) {
	if n >= w.top {
		if w.top > 0 {
			// Words that come into the window held numbers of long ago.
			last, words := n/64, uint64(len(w.bits))
			first := max((w.top-1)/64+1, last-min(last, words-1))
			for i := first; i <= last; i++ {
				w.bits[i%words] = 0
			}
		}
		w.top = n + 1
	}
	*w.word(n) |= 1 << (n % 64)
}
