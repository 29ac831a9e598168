package dtlstransport

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The window against a set of all numbers that were ever accepted.
func TestReplayWindow(t *testing.T) {
	for _, size := range []int{1, 32, 63, 64, 65, 512, 1000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(size)))
			w := newReplayWindow(size)
			accepted, top := map[uint64]bool{}, uint64(0)
			for range 20000 {
				var n uint64
				switch r.IntN(20) {
				case 0:
					n = top + uint64(r.IntN(3*size+200)) // a jump, or a loss
				case 1:
					n = uint64(r.Int64N(int64(top + 1))) // long ago
				default:
					n = top + uint64(r.IntN(5))
					n -= min(n, uint64(r.IntN(size+10)))
				}
				want := accepted[n] || n+uint64(size) < top
				if got := w.seen(n); got != want {
					t.Fatalf("seen(%d) = %v below %d, want %v", n, got, top, want)
				}
				if !want {
					w.accept(n)
					accepted[n] = true
					top = max(top, n+1)
				}
			}
		})
	}
	t.Run("the last number", func(t *testing.T) {
		w := newReplayWindow(64)
		w.accept(0)
		w.accept(maxSequence)
		if !w.seen(maxSequence) || w.seen(maxSequence-1) || !w.seen(0) || !w.seen(maxSequence-64) || w.seen(maxSequence-63) {
			t.Error("numbers at the end are mistaken")
		}
	})
}
