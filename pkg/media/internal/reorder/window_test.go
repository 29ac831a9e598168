package reorder

import (
	"math/rand/v2"
	"testing"
)

// put stores a sequence number, which is its own value, if it is accepted.
func put(w *Window[uint16], seq uint16) Verdict {
	position, v := w.Locate(seq)
	if v == Accepted {
		w.Put(position, seq)
	}
	return v
}

func TestWindowJudgesSequenceNumbers(t *testing.T) {
	for _, c := range []struct {
		name   string
		before []uint16
		leave  int
		seq    []uint16
		want   []Verdict
	}{
		{"the first", nil, 0, []uint16{65535}, []Verdict{Accepted}},
		{"the next", []uint16{7}, 0, []uint16{8}, []Verdict{Accepted}},
		{"the next after the wrap", []uint16{65535}, 0, []uint16{0}, []Verdict{Accepted}},
		{"the same", []uint16{7}, 0, []uint16{7}, []Verdict{Duplicate}},
		{"the same, left already", []uint16{7}, 1, []uint16{7}, []Verdict{Late}},
		{"one before the first", []uint16{7}, 0, []uint16{6}, []Verdict{Accepted}},
		{"one before the first, across the wrap", []uint16{0}, 0, []uint16{65535}, []Verdict{Accepted}},
		{"one before the first, left already", []uint16{7}, 1, []uint16{6}, []Verdict{Late}},
		{"far before the first", []uint16{700}, 0, []uint16{599}, []Verdict{Late}},
		{"a gap of 2999", []uint16{7}, 0, []uint16{3006}, []Verdict{Accepted}},
		{"a jump of 3000, twice", []uint16{7}, 0, []uint16{3007, 3008}, []Verdict{Late, Restart}},
		{"two strays that do not follow each other", []uint16{7}, 0, []uint16{9000, 9002, 9004}, []Verdict{Late, Late, Late}},
		{"strays with a good one between", []uint16{7}, 0, []uint16{9000, 8, 9001}, []Verdict{Late, Accepted, Late}},
		{"a jump back of 3001, twice", []uint16{5007}, 1, []uint16{2006, 2007}, []Verdict{Late, Restart}},
		{"half a round ahead", []uint16{0}, 0, []uint16{32767, 32768}, []Verdict{Late, Restart}},
	} {
		var w Window[uint16]
		for _, seq := range c.before {
			put(&w, seq)
		}
		for range c.leave {
			w.Leave()
		}
		for i, seq := range c.seq {
			if got := put(&w, seq); got != c.want[i] {
				t.Errorf("%s: verdict on %d is %d, want %d", c.name, seq, got, c.want[i])
			}
		}
	}
}

// TestWindowBelievesALongRunOfOldNumbers: a sender that starts again a little
// behind is believed once nothing else has come for a while.
func TestWindowBelievesALongRunOfOldNumbers(t *testing.T) {
	var w Window[uint16]
	put(&w, 1000)
	w.Leave()
	for i := range uint16(maxMisorder - 1) {
		if v := put(&w, 500+i); v != Late {
			t.Fatalf("verdict on old number %d is %d, want Late", i, v)
		}
	}
	if v := put(&w, 500+maxMisorder-1); v != Restart {
		t.Fatalf("verdict after %d old numbers is %d, want Restart", maxMisorder, v)
	}
}

// TestWindowKeepsWhatIsPut compares a window with a map over random walks.
func TestWindowKeepsWhatIsPut(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		var w Window[uint16]
		model := map[int64]uint16{}
		newest := uint16(r.Uint32())
		for range 300 {
			if r.IntN(3) == 0 && w.Len() > 0 {
				first := w.First()
				got, present := w.Leave()
				want, wanted := model[first]
				if present != wanted || got != want {
					t.Fatalf("seed %d: left %d, %v at %d, want %d, %v", seed, got, present, first, want, wanted)
				}
				delete(model, first)
				continue
			}
			seq := newest + uint16(r.IntN(60)) - 25
			position, v := w.Locate(seq)
			if v != Accepted {
				continue
			}
			if uint16(position) != seq {
				t.Fatalf("seed %d: position %d of number %d", seed, position, seq)
			}
			w.Put(position, seq)
			model[position] = seq
			newest = uint16(w.Next() - 1)
		}
		for p := w.First(); p < w.Next(); p++ {
			got, present := w.At(p)
			if want, wanted := model[p]; present != wanted || got != want {
				t.Fatalf("seed %d: %d, %v at %d, want %d, %v", seed, got, present, p, want, wanted)
			}
		}
	}
}
