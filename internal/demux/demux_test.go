package demux

import (
	"encoding/binary"
	"testing"
)

// packet returns n bytes that start with first and are otherwise a valid
// header of whatever protocol first stands for.
func packet(first byte, n int) []byte {
	b := make([]byte, n)
	b[0] = first
	switch {
	case first <= 3 && n >= 20:
		binary.BigEndian.PutUint16(b[2:], uint16(n-20))
		binary.BigEndian.PutUint32(b[4:], 0x2112A442)
	case 64 <= first && first <= 79 && n >= 4:
		binary.BigEndian.PutUint16(b[2:], uint16(n-4))
	case first >= 128 && n > 1:
		b[1] = 111
	}
	return b
}

// RFC 9443 §2 gives the ranges; every first byte is asked for.
func TestEveryFirstByte(t *testing.T) {
	ranges := []struct {
		from, to int
		want     Class
	}{
		{0, 3, STUN}, {4, 15, Unknown}, {16, 19, Unknown}, {20, 63, DTLS},
		{64, 79, TURNChannel}, {80, 127, Unknown}, {128, 191, RTP}, {192, 255, Unknown},
	}
	next := 0
	for _, r := range ranges {
		if r.from != next {
			t.Fatalf("the table leaves out %d", next)
		}
		for first := r.from; first <= r.to; first++ {
			if got := Classify(packet(byte(first), 64)); got != r.want {
				t.Errorf("first byte %d: %v, want %v", first, got, r.want)
			}
		}
		next = r.to + 1
	}
	if next != 256 {
		t.Fatalf("the table ends at %d", next)
	}
}

// RFC 5761 §4 splits RTP from RTCP by the second byte.
func TestEverySecondByte(t *testing.T) {
	for second := range 256 {
		b := packet(0x80, 64)
		b[1] = byte(second)
		want := RTP
		if second >= 192 && second <= 223 {
			want = RTCP
		}
		if got := Classify(b); got != want {
			t.Errorf("second byte %d: %v, want %v", second, got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	set := func(b []byte, at int, v byte) []byte { b[at] = v; return b }
	tests := []struct {
		name string
		b    []byte
		want Class
	}{
		{"nil", nil, Unknown},
		{"empty", []byte{}, Unknown},
		{"STUN header alone", packet(0, 20), STUN},
		{"STUN with attributes", packet(1, 100), STUN},
		{"STUN cut in the header", packet(0, 19), Unknown},
		{"STUN without the magic cookie", set(packet(0, 20), 4, 0x20), Unknown},
		{"STUN with a length beyond the datagram", set(packet(0, 24), 3, 8), Unknown},
		{"STUN with bytes after its end", set(packet(0, 28), 3, 4), Unknown},
		{"STUN with a length not a multiple of 4", packet(0, 22), Unknown},
		{"DTLS of one byte, left to the record layer", packet(22, 1), DTLS},
		{"DTLS 1.3 unified header", packet(0x2e, 5), DTLS},
		{"channel data, empty", packet(64, 4), TURNChannel},
		{"channel data with padding", set(packet(64, 12), 3, 5), TURNChannel},
		{"channel data cut short", set(packet(64, 12), 3, 9), Unknown},
		{"channel data cut in the header", []byte{64, 0, 0}, Unknown},
		{"RTP header alone", packet(0x80, 12), RTP},
		{"RTP cut in the header", packet(0x80, 11), Unknown},
		{"RTP of one byte", packet(0x80, 1), Unknown},
		{"RTCP header and SSRC", set(packet(0x80, 8), 1, 201), RTCP},
		{"RTCP cut in the SSRC", set(packet(0x80, 7), 1, 201), Unknown},
	}
	for _, tt := range tests {
		if got := Classify(tt.b); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestClassNames(t *testing.T) {
	for c, want := range map[Class]string{
		Unknown: "unknown", STUN: "STUN", DTLS: "DTLS", TURNChannel: "TURN channel", RTP: "RTP", RTCP: "RTCP", 99: "unknown",
	} {
		if got := c.String(); got != want {
			t.Errorf("Class(%d).String() = %q, want %q", c, got, want)
		}
	}
}

// Whatever the bytes: no panic, the class fits the first byte, and headers are
// as long as the parsers behind may assume.
func FuzzClassify(f *testing.F) {
	for _, first := range []byte{0, 3, 16, 20, 63, 64, 79, 80, 127, 128, 191, 255} {
		f.Add(packet(first, 64))
		f.Add(packet(first, 12))
		f.Add([]byte{first})
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := Classify(b[:len(b):len(b)])
		least := map[Class]int{STUN: 20, DTLS: 1, TURNChannel: 4, RTP: 12, RTCP: 8}[c]
		if len(b) < least {
			t.Fatalf("%v of %d bytes: %x", c, len(b), b)
		}
		if c != Unknown && c != RTCP && byFirst[b[0]] != c {
			t.Fatalf("first byte %d is %v", b[0], c)
		}
	})
}

func BenchmarkClassify(b *testing.B) {
	packets := [][]byte{packet(0, 100), packet(22, 1200), packet(0x80, 1200)}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if Classify(packets[i%3]) == Unknown {
			b.Fatal("unknown")
		}
		i++
	}
}

func TestClassifyDoesNotAllocate(t *testing.T) {
	p := packet(0, 100)
	if n := testing.AllocsPerRun(100, func() { Classify(p) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
