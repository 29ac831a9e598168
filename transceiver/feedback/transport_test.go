package feedback

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// feedbackOf makes feedback from Base on: each entry is the time in ticks of a
// packet, or -1 for one that is missing.
func feedbackOf(base uint16, at ...int) TransportFeedback {
	f := TransportFeedback{Sender: 1, Media: 2, Base: base, Count: uint16(len(at)), Number: 9}
	for i, ticks := range at {
		if ticks >= 0 {
			f.Arrivals = append(f.Arrivals, TransportArrival{base + uint16(i), int64(ticks)})
		}
	}
	return f
}

// fromPion turns what pion/rtcp has read into the form of this package.
func fromPion(t *testing.T, b []byte) TransportFeedback {
	t.Helper()
	p := asPion[*rtcp.TransportLayerCC](t, b)
	f := TransportFeedback{Sender: p.SenderSSRC, Media: p.MediaSSRC, Base: p.BaseSequenceNumber, Count: p.PacketStatusCount, Number: p.FbPktCount}
	var symbols []uint16
	for _, c := range p.PacketChunks {
		switch c := c.(type) {
		case *rtcp.RunLengthChunk:
			symbols = append(symbols, slices.Repeat([]uint16{c.PacketStatusSymbol}, int(c.RunLength))...)
		case *rtcp.StatusVectorChunk:
			symbols = append(symbols, c.SymbolList...)
		}
	}
	now := int64(int32(p.ReferenceTime<<8)>>8) * 256
	deltas := p.RecvDeltas
	for i, s := range symbols[:min(len(symbols), int(p.PacketStatusCount))] {
		if s != rtcp.TypeTCCPacketNotReceived {
			now += deltas[0].Delta / 250
			deltas = deltas[1:]
			f.Arrivals = append(f.Arrivals, TransportArrival{f.Base + uint16(i), now})
		}
	}
	return f
}

func TestTransportFeedback(t *testing.T) {
	long := func(n, step int) (out []int) {
		for i := range n {
			out = append(out, step*i)
		}
		return out
	}
	gap := append([]int{0}, slices.Repeat([]int{-1}, 20000)...)
	mixed := append(append(long(30, 4), 5000, -1, -1, 4900), long(9, 300)...)
	for _, c := range []struct {
		name   string
		f      TransportFeedback
		size   int // 0: as it comes
		chunks int
	}{
		{"one packet", feedbackOf(5, 0), 24, 1},
		{"a run", feedbackOf(65530, long(100, 4)...), 20 + 2 + 100 + 2, 1},
		{"a vector of fourteen", feedbackOf(0, 0, -1, 1, -1, 2, -1, 3, -1, 4, -1, 5, -1, 6, 7), 20 + 2 + 8 + 2, 1},
		{"a vector of seven", feedbackOf(0, 0, -1, 300, -1, 301, -1, 302), 20 + 2 + 5 + 1, 1},
		{"two vectors", feedbackOf(0, 0, -1, 300, -1, 301, -1, 302, -1, 303), 0, 2},
		{"reordered", feedbackOf(0, 100, 50, 101, 0), 0, 1},
		{"large deltas", feedbackOf(0, 0, 30000, 62767, 30000), 0, 1},
		{"late on the clock", feedbackOf(0, 1<<24, 1<<24+1), 0, 1},
		{"a gap longer than a run", feedbackOf(7, append(gap, 9)...), 0, 0},
		{"all forms", feedbackOf(40000, mixed...), 0, 0},
	} {
		b, err := c.f.Append([]byte("before"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		b = b[len("before"):]
		var got TransportFeedback
		if err := got.Parse(only(t, b)); err != nil || !reflect.DeepEqual(got, c.f) {
			t.Errorf("%s: error %v\n got %+v\nwant %+v", c.name, err, got, c.f)
		}
		if other := fromPion(t, b); !reflect.DeepEqual(other, c.f) {
			t.Errorf("%s: pion/rtcp reads %+v", c.name, other)
		}
		if c.size != 0 && len(b) != c.size {
			t.Errorf("%s: %d bytes, want %d", c.name, len(b), c.size)
		}
		if n := len(asPion[*rtcp.TransportLayerCC](t, b).PacketChunks); c.chunks != 0 && n != c.chunks {
			t.Errorf("%s: %d chunks, want %d", c.name, n, c.chunks)
		}
	}
}

func TestTransportFeedbackRefuses(t *testing.T) {
	negative := feedbackOf(0, 0, 1)
	negative.Arrivals[0].Ticks = -4000
	if b, err := negative.Append(nil); err != nil {
		t.Errorf("a time before the clock's zero: %v", err)
	} else if err := negative.Parse(only(t, b)); err != nil || negative.Arrivals[0].At() != -time.Second {
		t.Errorf("a time before the clock's zero: %v, %v", err, negative.Arrivals)
	}
	outside := feedbackOf(5, 0)
	outside.Arrivals[0].Sequence = 6
	for name, f := range map[string]TransportFeedback{
		"no arrival":         feedbackOf(0, -1, -1),
		"no packet":          {},
		"too far apart":      feedbackOf(0, 0, 1<<15),
		"too far back":       feedbackOf(0, 1<<15+1, 0),
		"outside":            outside,
		"out of order":       {Count: 3, Arrivals: []TransportArrival{{2, 0}, {1, 0}}},
		"one of them doubly": {Count: 3, Arrivals: []TransportArrival{{1, 0}, {1, 0}}},
	} {
		if b, err := f.Append([]byte{1}); err != ErrRange || len(b) != 1 {
			t.Errorf("%s: %v, %d bytes", name, err, len(b))
		}
	}
}

func TestTransportFeedbackMalformed(t *testing.T) {
	head := []byte{0, 0, 0, 1, 0, 0, 0, 2, 0, 5}
	body := func(tail ...byte) []byte { return append(slices.Clone(head), tail...) }
	for name, b := range map[string][]byte{
		"no packets":                  body(0, 0, 0, 0, 0, 0, 0x20, 0),
		"no chunk":                    body(0, 1, 0, 0, 0, 0),
		"a chunk is missing":          body(0, 15, 0, 0, 0, 0, 0x80, 0, 0),
		"a run of nothing":            body(0, 1, 0, 0, 0, 0, 0x00, 0x00, 0, 0),
		"a delta is missing":          body(0, 2, 0, 0, 0, 0, 0x20, 2, 1),
		"half a delta is missing":     body(0, 1, 0, 0, 0, 0, 0x40, 1, 1),
		"the reserved symbol":         body(0, 1, 0, 0, 0, 0, 0x60, 1, 1, 1, 1, 1),
		"the reserved symbol, vector": body(0, 1, 0, 0, 0, 0, 0xf0, 0, 1, 1, 1, 1),
		"short":                       head,
	} {
		f := feedbackOf(9, 1)
		before := feedbackOf(9, 1)
		err := f.Parse(Packet{Type: TypeTransportFeedback, Count: formatTransport, Body: b})
		if err != ErrMalformed || !reflect.DeepEqual(f, before) {
			t.Errorf("%s: %v, %+v", name, err, f)
		}
	}
}

// randomFeedback makes feedback with runs, gaps, jitter and reordering.
func randomFeedback(r *rand.Rand, n int) TransportFeedback {
	var at []int
	now := r.IntN(1 << 20)
	for len(at) < n {
		switch r.IntN(5) {
		case 0:
			at = append(at, slices.Repeat([]int{-1}, r.IntN(40))...)
		case 1:
			for range r.IntN(20) {
				now += r.IntN(1000)
				at = append(at, now)
			}
		case 2:
			for range r.IntN(10) {
				at = append(at, max(0, now+r.IntN(600)-300))
			}
		default:
			for range r.IntN(40) {
				now += r.IntN(20)
				at = append(at, now)
			}
		}
	}
	return feedbackOf(uint16(r.Uint32()), append(at, now)...)
}

func TestRandomTransportFeedback(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		f := randomFeedback(r, 1+r.IntN(500))
		b, err := f.Append(nil)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var got TransportFeedback
		if err := got.Parse(only(t, b)); err != nil || !reflect.DeepEqual(got, f) {
			t.Fatalf("seed %d: error %v\n got %+v\nwant %+v", seed, err, got, f)
		}
		if other := fromPion(t, b); !reflect.DeepEqual(other, f) {
			t.Fatalf("seed %d: pion/rtcp reads %+v", seed, other)
		}
	}
}

// TestTransportFeedbackWithinLimit: parts below a limit say together what the
// whole says.
func TestTransportFeedbackWithinLimit(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		f := randomFeedback(r, 1+r.IntN(800))
		limit := MinFeedbackSize + r.IntN(300)
		want, rest := f.Arrivals, f
		var got []TransportArrival
		for len(rest.Arrivals) > 0 {
			b, n := rest.appendWithin(nil, limit)
			if n == 0 || len(b) > limit {
				t.Fatalf("seed %d: %d arrivals in %d bytes of %d", seed, n, len(b), limit)
			}
			var part TransportFeedback
			if err := part.Parse(only(t, b)); err != nil || len(part.Arrivals) != n || part.Base != rest.Base {
				t.Fatalf("seed %d: error %v, %d arrivals of %d", seed, err, len(part.Arrivals), n)
			}
			if last := part.Arrivals[n-1].Sequence; n < len(rest.Arrivals) && part.Base+part.Count-1 != last {
				t.Fatalf("seed %d: it ends at %d, its last arrival is %d", seed, part.Base+part.Count-1, last)
			}
			got = append(got, part.Arrivals...)
			rest.Arrivals = rest.Arrivals[n:]
			rest.Base, rest.Count = rest.Base+part.Count, rest.Count-part.Count
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: the parts have %d arrivals of %d", seed, len(got), len(want))
		}
	}
}
