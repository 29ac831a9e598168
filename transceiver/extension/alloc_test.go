package extension

import (
	"testing"
	"time"
)

// use keeps the compiler from leaving out what is measured.
var use int

// stream is a parser that has seen a structure, and a frame with custom fields.
func stream(t testing.TB) (*DependencyParser, *Dependency, []byte) {
	t.Helper()
	s := l2t1()
	key, delta := frame(s, 0), frame(s, 2)
	key.Attached = true
	delta.FrameDiffs, delta.ChainDiffs, delta.Indications = []uint16{3, 300}, []uint8{5, 6}, indications("RR")
	p, d := new(DependencyParser), new(Dependency)
	if err := p.Parse(d, write(t, &key)); err != nil {
		t.Fatal(err)
	}
	data := write(t, &delta)
	if err := p.Parse(d, data); err != nil {
		t.Fatal(err)
	}
	return p, d, data
}

// TestNoAllocation: reading and writing extensions costs no allocation once a
// dependency structure is known.
func TestNoAllocation(t *testing.T) {
	dst, now := make([]byte, 0, 255), time.Date(2026, 7, 4, 12, 0, 0, 0, time.UTC)
	p, d, data := stream(t)
	run := func() {
		dst = AppendTransportCC(dst[:0], 5)
		dst = SendTimeAt(now).Append(dst)
		dst = Level{Level: 5}.Append(dst)
		dst = Orientation{Rotation: 1}.Append(dst)
		dst = Delay{Max: time.Second}.Append(dst)
		dst = CaptureTime{Captured: 5, HasOffset: true}.Append(dst)
		sequence, _ := ParseTransportCC(dst[:2])
		at, _ := ParseSendTime(dst[2:5])
		text, _ := ParseText(data[:0])
		use += int(sequence) + int(at) + len(text)
		if p.Parse(d, data) != nil {
			t.Fatal("the frame does not parse")
		}
		if _, err := d.Append(dst[:0]); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(1000, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSendTime(b *testing.B) {
	dst, now := make([]byte, 0, 3), time.Date(2026, 7, 4, 12, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		use += len(SendTimeAt(now).Append(dst))
	}
}

func BenchmarkDependencyParse(b *testing.B) {
	p, d, data := stream(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Parse(d, data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDependencyAppend(b *testing.B) {
	_, d, _ := stream(b)
	dst := make([]byte, 0, 255)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Append(dst); err != nil {
			b.Fatal(err)
		}
	}
}
