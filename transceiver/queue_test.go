package transceiver

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func fill(n int, with byte) []byte { return bytes.Repeat([]byte{with}, n) }

func TestQueueDropsTheOldest(t *testing.T) {
	q := newQueue(3)
	for i := range 3 {
		if d := q.push(fill(10, byte(i)), queued{order: uint64(i)}); d != 0 {
			t.Fatalf("packet %d of 3 drops %d", i, d)
		}
	}
	if d := q.push(fill(10, 3), queued{order: 3}); d != 1 || q.count != 3 || q.entry(0).order != 1 {
		t.Errorf("the fourth drops %d; %d wait, the first is %d", d, q.count, q.entry(0).order)
	}
	if d := q.push(fill(maxDatagram, 4), queued{order: 4}); d != 3 || q.count != 1 {
		t.Errorf("the largest drops %d; %d wait", d, q.count)
	}
	if d := q.push(fill(maxDatagram+1, 5), queued{}); d != 1 || q.count != 1 {
		t.Errorf("one that is too large drops %d; %d wait", d, q.count)
	}
	q.clear()
	if q.count != 0 || q.ring != nil || q.lowest() != -1 {
		t.Error("a cleared queue holds something")
	}
}

// TestQueueAgainstSlices compares a long random life with that of a slice.
func TestQueueAgainstSlices(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	q := newQueue(40)
	type packet struct {
		b     []byte
		order uint64
	}
	var model []packet
	buf := make([]byte, maxDatagram)
	for step := range 30000 {
		if rng.IntN(100) < 55 {
			p := packet{fill(rng.IntN(3000), byte(step)), rng.Uint64N(1000)}
			model = append(model, p)
			model = model[max(0, len(model)-200):]
			q.push(p.b, queued{order: p.order})
			continue
		}
		i := q.lowest()
		if i < 0 {
			continue
		}
		e := q.entry(i)
		q.copyOut(buf, e)
		// What the model has and the queue has dropped is older than this one,
		// so it is enough to find it.
		found := false
		for j, p := range model {
			if p.order == e.order && bytes.Equal(p.b, buf[:e.n]) {
				model = append(model[:j], model[j+1:]...)
				found = true
				break
			}
		}
		if !found {
			t.Fatalf("step %d: %d bytes with order %d were never put in, or come twice", step, e.n, e.order)
		}
		q.take(i)
		if q.count > 40 || q.used > q.limitBytes || len(q.ring) > q.limitBytes {
			t.Fatalf("step %d: %d packets, %d bytes", step, q.count, q.used)
		}
	}
}

func BenchmarkQueue(b *testing.B) {
	b.ReportAllocs()
	q := newQueue(0)
	p, buf := fill(1200, 1), make([]byte, 1500)
	for b.Loop() {
		q.push(p, queued{})
		q.copyOut(buf, q.entry(0))
		q.take(0)
	}
}
