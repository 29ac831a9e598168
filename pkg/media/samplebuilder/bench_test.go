package samplebuilder

import (
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

const perFrame = 8

// A feed pushes frames of eight packets of 1200 bytes into a builder. There are
// two sets of packets, for the builder holds a frame until the next one begins.
type feed struct {
	builder *SampleBuilder
	packets [2][perFrame]*rtp.Packet
	order   [perFrame]int
	frame   int
}

func newFeed(swapped bool) *feed {
	f := &feed{builder: New(64, &codecs.VP8Packet{}, 90000), order: [perFrame]int{0, 1, 2, 3, 4, 5, 6, 7}}
	if swapped {
		f.order = [perFrame]int{0, 2, 1, 4, 3, 6, 5, 7}
	}
	for set := range f.packets {
		for i := range f.packets[set] {
			f.packets[set][i] = &rtp.Packet{Header: rtp.Header{Marker: i == perFrame-1}, Payload: make([]byte, 1200)}
		}
		f.packets[set][0].Payload[0] = 0x10 // RFC 7741 §4.2: S, the start of a partition
	}
	return f
}

// next pushes a frame and returns how many samples came out.
func (f *feed) next() int {
	for _, i := range f.order {
		p := f.packets[f.frame%2][i]
		p.SequenceNumber, p.Timestamp = uint16(f.frame*perFrame+i), uint32(f.frame)*3000
		f.builder.Push(p)
	}
	f.frame++
	samples := 0
	for f.builder.Pop() != nil {
		samples++
	}
	return samples
}

func BenchmarkSampleBuilder(b *testing.B) {
	for _, c := range []struct {
		name    string
		swapped bool
	}{{"InOrder", false}, {"Swapped", true}} {
		b.Run(c.name, func(b *testing.B) {
			f := newFeed(c.swapped)
			f.next()
			b.ReportAllocs()
			b.SetBytes(perFrame * 1200)
			for b.Loop() {
				if f.next() != 1 {
					b.Fatal("a frame did not give a sample")
				}
			}
		})
	}
}

// TestAllocations: a sample and its data are all that is allocated.
func TestAllocations(t *testing.T) {
	f := newFeed(true)
	f.next()
	if n := testing.AllocsPerRun(100, func() { f.next() }); n > 2 {
		t.Fatalf("%v allocations a frame, want 2", n)
	}
}
