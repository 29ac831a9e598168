package transceiver

import (
	"math/rand/v2"
	"testing"
)

func TestSequenceTellsArrivalsApart(t *testing.T) {
	const first = 65000
	for _, c := range []struct {
		name string
		n    []uint16
		want []arrival
	}{
		{"in order", []uint16{first, first + 1, first + 2}, []arrival{arrivalFirst, arrivalNext, arrivalNext}},
		{"wrap", []uint16{65535, 0, 1, 65535}, []arrival{arrivalFirst, arrivalNext, arrivalNext, arrivalDuplicate}},
		{"reordered over the wrap", []uint16{65534, 1, 0, 65535, 0}, []arrival{arrivalFirst, arrivalNext, arrivalLate, arrivalLate, arrivalDuplicate}},
		{"before the first", []uint16{0, 65535, 65535}, []arrival{arrivalFirst, arrivalLate, arrivalDuplicate}},
		{"a gap that is loss", []uint16{1, 1 + maxDropout, 2}, []arrival{arrivalFirst, arrivalNext, arrivalLate}},
		{"a gap that is a restart", []uint16{1, 2 + maxDropout, 2 + maxDropout, 3 + maxDropout}, []arrival{arrivalFirst, arrivalFirst, arrivalDuplicate, arrivalNext}},
		{"too old", []uint16{10000, 10000 - windowSize, 10001 - windowSize}, []arrival{arrivalFirst, arrivalOld, arrivalLate}},
	} {
		var q sequence
		for i, n := range c.n {
			ext, got := q.note(n, false)
			if got != c.want[i] || uint16(ext) != n {
				t.Errorf("%s: packet %d (%d): arrival %d, want %d; extended %d", c.name, i, n, got, c.want[i], ext)
			}
		}
	}
}

func TestSequenceCounts(t *testing.T) {
	var q sequence
	q.note(65535, false)
	q.note(2, false) // 0 and 1 are missing
	if e, r := q.totals(); e != 4 || r != 2 {
		t.Errorf("expected %d, received %d; want 4, 2", e, r)
	}
	q.note(0, true) // recovered: still lost on the way
	if e, r := q.totals(); e != 4 || r != 2 {
		t.Errorf("after a recovery: expected %d, received %d; want 4, 2", e, r)
	}
	q.note(1, false)
	q.note(20000, false) // another run
	q.note(20002, false)
	if e, r := q.totals(); e != 7 || r != 5 {
		t.Errorf("after a restart: expected %d, received %d; want 7, 5", e, r)
	}
	if _, a := q.note(40000, true); a.fresh() {
		t.Error("a recovered packet began a run")
	}
	if got := q.extended(); got != 1<<16|20002 {
		t.Errorf("extended highest sequence number %d", got)
	}
	q.stop()
	if _, a := q.note(20001, true); a.fresh() {
		t.Error("a recovered packet began a run after the stop")
	}
	if _, a := q.note(20003, false); a != arrivalFirst {
		t.Error("a stream that was stopped went on")
	}
	if e, r := q.totals(); e != 8 || r != 6 {
		t.Errorf("after a stop: expected %d, received %d; want 8, 6", e, r)
	}
}

// TestSequenceAgainstSets compares a long walk with what a set of numbers says.
func TestSequenceAgainstSets(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var q sequence
	seen := map[uint64]bool{}
	at := uint64(firstCycle + 60000)
	q.note(uint16(at), false)
	seen[at] = true
	for i := range 200000 {
		ext := at + uint64(rng.IntN(40)) - 20
		if i%1000 == 0 {
			ext += uint64(rng.IntN(maxDropout - 100))
		}
		_, fits := seen[ext]
		old := at >= ext && at-ext >= windowSize
		got, a := q.note(uint16(ext), false)
		if got != ext {
			t.Fatalf("step %d: extended %d, want %d", i, got, ext)
		}
		if a.fresh() == (fits || old) {
			t.Fatalf("step %d: arrival %d, seen before: %v", i, a, fits)
		}
		if !old {
			seen[ext] = true
		}
		at = max(at, ext)
	}
}
