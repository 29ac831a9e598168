package srtptransport

import (
	"math/rand/v2"
	"testing"
)

// A window answers as a set does that forgets what is too old.
func TestWindowIsASet(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, size := range []int{64, 512, 8192} {
		floor := uint64(r.IntN(2) * 100)
		w := newWindow(size, floor)
		used, highest := map[uint64]bool{}, floor
		at := floor
		for range 200000 {
			switch k := r.IntN(1000); {
			case k < 3:
				at += r.Uint64N(uint64(3 * size))
			case k < 600:
				at++
			}
			index := at - min(at, r.Uint64N(1+r.Uint64N(uint64(size+size/2))))
			want := used[index] || index < floor || highest > uint64(size) && index < highest-uint64(size)
			if got := w.used(index); got != want {
				t.Fatalf("size %d: %d is used: %v, want %v; the next is %d", size, index, got, want, highest)
			}
			if !want {
				w.use(index)
				used[index] = true
				highest = max(highest, index+1)
			}
		}
	}
}

// RFC 3711 §3.3.1 and appendix A.
func TestEstimate(t *testing.T) {
	for _, c := range []struct {
		highest  int64 // -1: none
		sequence uint16
		want     uint64
	}{
		{-1, 0, 0},
		{-1, 65535, 65535},
		{0, 1, 1},
		{65535, 0, 65536},
		{65536, 65535, 65535},
		{1<<32 + 5, 65530, 1<<32 - 6},
		{1<<32 - 6, 5, 1<<32 + 5},
		{1<<32 + 1000, 1001, 1<<32 + 1001},
		{1<<32 + 1000, 33767, 1<<32 + 33767},
		{1<<32 + 1000, 33768, 1<<32 - 65536 + 33768},
		// There is no counter before 0.
		{5, 65535, 65535},
		{5, 32773, 32773},
		{32767, 65535, 65535},
	} {
		if got := estimate(uint64(c.highest+1), c.sequence); got != c.want {
			t.Errorf("after %d, %d is %d, want %d", c.highest, c.sequence, got, c.want)
		}
	}
}
