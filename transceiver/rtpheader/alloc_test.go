package rtpheader

import "testing"

// use keeps the compiler from leaving out what is measured.
var use int

func read(b []byte) {
	var h Header
	if h.Parse(b) != nil {
		panic("the packet does not parse")
	}
	use += len(h.Payload(b)) + len(h.Extension(b, 5))
	for id, data := range h.Extensions(b) {
		use += int(id) + len(data)
	}
}

func write(dst []byte, seq uint16) {
	counter := [2]byte{byte(seq >> 8), byte(seq)}
	elements := [...]Element{{ID: 1, Data: counter[:]}, {ID: 5, Data: counter[:]}}
	b, err := Append(dst[:0], &Fields{PayloadType: 96, SequenceNumber: seq, SSRC: 1, Elements: elements[:]})
	if err != nil {
		panic(err)
	}
	use += len(b)
}

// TestNoAllocation: reading and writing a header costs no allocation.
func TestNoAllocation(t *testing.T) {
	b, dst := packet(t), make([]byte, 0, 1500)
	if n := testing.AllocsPerRun(1000, func() { read(b) }); n != 0 {
		t.Errorf("%v allocations to read", n)
	}
	if n := testing.AllocsPerRun(1000, func() { write(dst, 7) }); n != 0 {
		t.Errorf("%v allocations to write", n)
	}
}

func BenchmarkParse(b *testing.B) {
	p := packet(b)
	b.ReportAllocs()
	for b.Loop() {
		var h Header
		if h.Parse(p) != nil {
			b.Fatal("the packet does not parse")
		}
		use += h.Size()
	}
}

func BenchmarkReadExtensions(b *testing.B) {
	p := packet(b)
	b.ReportAllocs()
	for b.Loop() {
		read(p)
	}
}

func BenchmarkAppend(b *testing.B) {
	dst := make([]byte, 0, 1500)
	b.ReportAllocs()
	for b.Loop() {
		write(dst, 7)
	}
}
