package red

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// blocks reads a payload as text: type@offset:data for each block.
func blocks(t testing.TB, payload []byte) string {
	t.Helper()
	b, err := Split(payload)
	if err != nil {
		t.Fatalf("%x: %v", payload, err)
	}
	var out []string
	n := b.Len()
	for block, ok := b.Next(); ok; block, ok = b.Next() {
		n--
		if block.Distance != n || b.Len() != n {
			t.Errorf("%x: distance %d, %d left, want %d", payload, block.Distance, b.Len(), n)
		}
		out = append(out, fmt.Sprintf("%d@%d:%s", block.PayloadType, block.TimestampOffset, block.Payload))
	}
	return strings.Join(out, " ")
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name    string
		payload []byte
		want    string
	}{
		{"the primary block alone", []byte{111, 'a', 'b'}, "111@0:ab"},
		{"an empty primary block", []byte{111}, "111@0:"},
		// RFC 2198 §3: F=1, block PT 111, offset 960, length 2.
		{"one repetition", []byte{0x80 | 111, 960 >> 6, 960 & 0x3f << 2, 2, 111, 'a', 'b', 'c'}, "111@960:ab 111@0:c"},
		{"two of other types", []byte{0x80, 0xff, 0xfc, 1, 0x85, 0, 4, 0, 111, 'a', 'c'}, "0@16383:a 5@1: 111@0:c"},
	} {
		if got := blocks(t, c.payload); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for name, payload := range map[string][]byte{
		"nothing":                 {},
		"no primary header":       {0x80, 0, 0, 0},
		"half a header":           {0x80, 0, 0},
		"a block past the end":    {0x80, 0, 0, 2, 111, 'a'},
		"headers without end":     bytes.Repeat([]byte{0x80}, 100),
		"two blocks past the end": {0x80, 0, 3, 0xff, 0x80, 0, 3, 0xff, 111, 'a'},
	} {
		b, err := Split(payload)
		if _, ok := b.Next(); err != ErrMalformed || ok || b.Len() != 0 || b.Primary() != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, err := Split([]byte{0x80, 0, 0, 0, 111})
	if err != nil || b.Primary() != 111 || b.Len() != 2 {
		t.Errorf("error %v, primary type %d of %d blocks", err, b.Primary(), b.Len())
	}
}

func TestAppend(t *testing.T) {
	b, err := Append([]byte("before"), []Block{
		{PayloadType: 127, TimestampOffset: MaxTimestampOffset, Payload: bytes.Repeat([]byte("x"), MaxBlockSize)},
		{PayloadType: 0, TimestampOffset: 960, Payload: []byte("y")},
		{PayloadType: 111, Payload: []byte("primary")},
	})
	if err != nil || string(b[:6]) != "before" {
		t.Fatal(err)
	}
	if got, want := blocks(t, b[6:]), fmt.Sprintf("127@16383:%s 0@960:y 111@0:primary", strings.Repeat("x", MaxBlockSize)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for name, list := range map[string][]Block{
		"no block":               {},
		"a large type":           {{PayloadType: 128}},
		"a large redundant type": {{PayloadType: 128}, {}},
		"an old block":           {{TimestampOffset: MaxTimestampOffset + 1}, {}},
		"a long block":           {{Payload: make([]byte, MaxBlockSize+1)}, {}},
		"an old primary block":   {{TimestampOffset: 1}},
	} {
		if got, err := Append([]byte{1}, list); err != ErrRange || len(got) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSender(t *testing.T) {
	s := NewSender(2)
	for i, want := range []string{
		"111@0:a",
		"111@960:a 111@0:b",
		"111@1920:a 111@960:b 111@0:c",
		"111@1920:b 111@960:c 111@0:d",
	} {
		payload := s.Append(nil, 111, uint32(0xFFFFFF00+960*i), []byte{byte('a' + i)}, 1200)
		if got := blocks(t, payload); got != want {
			t.Errorf("packet %d: %s, want %s", i, got, want)
		}
	}
	s.Reset()
	if got := blocks(t, s.Append(nil, 111, 0, []byte("x"), 1200)); got != "111@0:x" {
		t.Errorf("after a reset: %s", got)
	}
}

// TestSenderLeavesOut: what does not fit is left out, and what is older with it,
// so that a block's distance stays true.
func TestSenderLeavesOut(t *testing.T) {
	for _, c := range []struct {
		name  string
		sizes []int
		times []uint32
		limit int
		want  int // blocks of the last packet
	}{
		{"all fit", []int{10, 10, 10}, []uint32{0, 960, 1920}, 39, 3},
		{"no room for the oldest", []int{10, 10, 10}, []uint32{0, 960, 1920}, 38, 2},
		{"no room at all", []int{10, 10, 10}, []uint32{0, 960, 1920}, 5, 1},
		{"a gap in time", []int{10, 10, 10}, []uint32{0, 960, 960 + MaxTimestampOffset}, 1200, 2},
		{"a longer one", []int{10, 10, 10}, []uint32{0, 960, 961 + MaxTimestampOffset}, 1200, 1},
		{"time stands still", []int{10, 10, 10}, []uint32{0, 960, 960}, 1200, 1},
		{"time goes back", []int{10, 10, 10}, []uint32{0, 960, 480}, 1200, 1},
		{"a large packet between", []int{10, MaxBlockSize + 1, 10}, []uint32{0, 960, 1920}, 5000, 1},
		{"a large packet before", []int{MaxBlockSize + 1, 10, 10}, []uint32{0, 960, 1920}, 5000, 2},
	} {
		s := NewSender(2)
		var payload []byte
		for i, size := range c.sizes {
			payload = s.Append(nil, 111, c.times[i], make([]byte, size), c.limit)
		}
		if b, err := Split(payload); err != nil || b.Len() != c.want {
			t.Errorf("%s: error %v, %d blocks, want %d", c.name, err, b.Len(), c.want)
		}
	}
}

func TestSenderDistances(t *testing.T) {
	for distance, want := range map[int]int{-1: 1, 0: 1, 1: 2, MaxDistance: MaxDistance + 1, 100: MaxDistance + 1} {
		s := NewSender(distance)
		var payload []byte
		for i := range 20 {
			payload = s.Append(nil, 111, uint32(960*i), []byte("x"), 1200)
		}
		if b, err := Split(payload); err != nil || b.Len() != want {
			t.Errorf("distance %d: %d blocks, want %d", distance, b.Len(), want)
		}
	}
}

// TestLossIsRepaired: with two repetitions in each packet, no two losses in a
// row cost anything.
func TestLossIsRepaired(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	s := NewSender(2)
	got := map[int]string{}
	lost := 0
	for i := range 1000 {
		payload := s.Append(nil, 111, uint32(960*i), fmt.Appendf(nil, "frame %d", i), 1200)
		if lost < 2 && r.IntN(3) == 0 && i < 999 {
			lost++
			continue
		}
		lost = 0
		b, err := Split(payload)
		if err != nil {
			t.Fatal(err)
		}
		for block, ok := b.Next(); ok; block, ok = b.Next() {
			n := i - block.Distance
			if int(block.TimestampOffset) != 960*block.Distance {
				t.Errorf("seed %d: block %d before has offset %d", seed, block.Distance, block.TimestampOffset)
			}
			got[n] = string(block.Payload)
		}
	}
	for i := range 1000 {
		if got[i] != fmt.Sprintf("frame %d", i) {
			t.Errorf("seed %d: frame %d is %q", seed, i, got[i])
		}
	}
}

// FuzzSplit reads any payload and joins its blocks again.
func FuzzSplit(f *testing.F) {
	s := NewSender(2)
	for i := range 3 {
		f.Add(s.Append(nil, 111, uint32(960*i), []byte("opus"), 1200))
	}
	f.Add(bytes.Repeat([]byte{0x80}, 9))
	f.Fuzz(func(t *testing.T, payload []byte) {
		b, err := Split(payload)
		if err != nil {
			return
		}
		var list []Block
		n := b.Len()
		for block, ok := b.Next(); ok; block, ok = b.Next() {
			list = append(list, block)
		}
		if len(list) != n || list[n-1].Distance != 0 || list[n-1].TimestampOffset != 0 {
			t.Errorf("%d blocks of %d, the last %+v", len(list), n, list[len(list)-1])
		}
		if out, err := Append(nil, list); err != nil || !bytes.Equal(out, payload) {
			t.Errorf("error %v, %x became %x", err, payload, out)
		}
	})
}

// TestNoAllocation: once a stream runs, making and splitting payloads costs no
// allocation.
func TestNoAllocation(t *testing.T) {
	run := packet()
	for range 10 {
		run()
	}
	if n := testing.AllocsPerRun(1000, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// packet returns a function that makes and splits the next packet of a stream.
func packet() func() {
	s, dst, payload, timestamp := NewSender(2), make([]byte, 0, 1500), slices.Repeat([]byte{1}, 80), uint32(0)
	return func() {
		timestamp += 960
		dst = s.Append(dst[:0], 111, timestamp, payload, 1200)
		b, err := Split(dst)
		if err != nil {
			panic(err)
		}
		for block, ok := b.Next(); ok; block, ok = b.Next() {
			if len(block.Payload) != len(payload) {
				panic("a block of another length")
			}
		}
	}
}

func BenchmarkRED(b *testing.B) {
	run := packet()
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}
