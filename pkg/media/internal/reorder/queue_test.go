package reorder

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pion/rtp"
)

func packet(seq uint16) *rtp.Packet {
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq)},
		Payload: []byte{byte(seq >> 8), byte(seq)},
	}
}

// numbers collects the sequence numbers that a queue gives on, which are in the
// payloads, with 'g' and 'r' for gaps and restarts before them.
type numbers []any

func (n *numbers) take(p Packet) error {
	if p.Restart {
		*n = append(*n, 'r')
	}
	if p.Gap {
		*n = append(*n, 'g')
	}
	*n = append(*n, int(p.Payload[0])<<8|int(p.Payload[1]))
	return nil
}

func TestQueueOrders(t *testing.T) {
	for _, c := range []struct {
		name    string
		seq     []uint16
		want    numbers
		dropped uint64
	}{
		{"in order", []uint16{1, 2, 3}, numbers{1, 2, 3}, 0},
		{"swapped", []uint16{1, 3, 2, 4}, numbers{1, 2, 3, 4}, 0},
		{"wrap", []uint16{65534, 0, 65535, 1}, numbers{65534, 65535, 0, 1}, 0},
		{"twice", []uint16{1, 1, 3, 3, 2, 2}, numbers{1, 2, 3}, 3},
		{"lost", []uint16{1, 3, 4}, numbers{1, 'g', 3, 4}, 0},
		{"another sequence", []uint16{1, 2, 4, 30000, 30001, 30002}, numbers{1, 2, 'g', 4, 'r', 30001, 30002}, 1},
	} {
		var got numbers
		q := NewQueue(got.take)
		for _, seq := range c.seq {
			if err := q.Push(packet(seq)); err != nil {
				t.Fatal(err)
			}
		}
		if err := q.Flush(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, c.want) || q.Dropped() != c.dropped {
			t.Errorf("%s: got %v and dropped %d, want %v and %d", c.name, got, q.Dropped(), c.want, c.dropped)
		}
	}
}

func TestQueueGivesUpOnAMissingPacket(t *testing.T) {
	var got numbers
	q := NewQueue(got.take)
	q.Push(packet(0))
	for i := range uint16(depth - 1) {
		q.Push(packet(2 + i))
	}
	if len(got) != 1 {
		t.Fatalf("%d packets were given on before the queue was full, want 1", len(got))
	}
	q.Push(packet(2 + depth - 1))
	if len(got) != 1+1+depth || got[1] != 'g' {
		t.Fatalf("%d packets were given on when it was full, want all %d after a gap", len(got), depth)
	}
}

// TestQueueTakesAnotherSourceAtItsWord: a track whose SSRC changes is not late.
func TestQueueTakesAnotherSourceAtItsWord(t *testing.T) {
	var got numbers
	q := NewQueue(got.take)
	q.Push(packet(10))
	q.Push(packet(12))
	p := packet(9)
	p.SSRC = 1
	q.Push(p)
	if want := (numbers{10, 'g', 12, 'r', 9}); !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestQueueSkipsPadding(t *testing.T) {
	var got numbers
	q := NewQueue(got.take)
	q.Push(packet(1))
	q.Push(&rtp.Packet{Header: rtp.Header{SequenceNumber: 2}})
	q.Push(packet(3))
	if want := (numbers{1, 3}); !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v: padding is no gap", got, want)
	}
}

func TestQueueReturnsErrors(t *testing.T) {
	failure := errors.New("disk full")
	q := NewQueue(func(Packet) error { return failure })
	if err := q.Push(packet(1)); err != failure {
		t.Fatalf("error %v, want that of emit", err)
	}
	if err := q.Push(packet(2)); err != failure {
		t.Fatalf("error %v, want that of emit", err)
	}
}

// TestQueueShuffled: packets that come at most 100 places late all go on in order.
func TestQueueShuffled(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	const n = 70000
	order := make([]int, n)
	for i := range order {
		order[i] = i*100 + r.IntN(100*100)
	}
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	slices.SortFunc(index[1:], func(a, b int) int { return order[a] - order[b] })
	next := 0
	q := NewQueue(func(p Packet) error {
		if got := uint16(p.Payload[0])<<8 | uint16(p.Payload[1]); got != uint16(next) || p.Gap {
			t.Fatalf("seed %d: got %d (gap %v), want %d", seed, got, p.Gap, uint16(next))
		}
		next++
		return nil
	})
	for _, i := range index {
		q.Push(packet(uint16(i)))
	}
	if next != n {
		t.Fatalf("seed %d: %d packets went on, want %d", seed, next, n)
	}
}

func TestQueueAllocatesNothing(t *testing.T) {
	q := NewQueue(func(Packet) error { return nil })
	p, seq := packet(0), uint16(0)
	if n := testing.AllocsPerRun(1000, func() {
		p.SequenceNumber = seq
		q.Push(p)
		seq++
	}); n != 0 {
		t.Fatalf("%v allocations a packet, want 0", n)
	}
}
