package opus

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestDuration(t *testing.T) {
	const ms = perMillisecond
	for _, c := range []struct {
		packet []byte
		want   int // 0 is invalid
	}{
		{nil, 0},
		{[]byte{0 << 3}, 10 * ms}, {[]byte{1 << 3}, 20 * ms}, {[]byte{2 << 3}, 40 * ms}, {[]byte{3 << 3}, 60 * ms},
		{[]byte{4 << 3}, 10 * ms}, {[]byte{11 << 3}, 60 * ms},
		{[]byte{12 << 3}, 10 * ms}, {[]byte{13 << 3}, 20 * ms}, {[]byte{14 << 3}, 10 * ms}, {[]byte{15 << 3}, 20 * ms},
		{[]byte{16 << 3}, Quantum}, {[]byte{17 << 3}, 5 * ms}, {[]byte{18 << 3}, 10 * ms}, {[]byte{19 << 3}, 20 * ms}, {[]byte{31 << 3}, 20 * ms},
		{[]byte{31<<3 | 1}, 40 * ms}, {[]byte{31<<3 | 2}, 40 * ms}, {[]byte{3<<3 | 1}, 120 * ms},
		{[]byte{31<<3 | 3}, 0}, {[]byte{31<<3 | 3, 0}, 0}, {[]byte{31<<3 | 3, 6}, 120 * ms}, {[]byte{31<<3 | 3, 7}, 0},
		{[]byte{31<<3 | 3, 0xc0 | 3}, 60 * ms}, {[]byte{16<<3 | 3, 48}, 120 * ms}, {[]byte{3<<3 | 3, 3}, 0},
		{[]byte("OpusHead"), 0},
	} {
		got, ok := Duration(c.packet)
		if ok != (c.want > 0) || ok && got != c.want {
			t.Errorf("packet % x has %d samples, %v, want %d", c.packet, got, ok, c.want)
		}
	}
}

// TestConceal has the examples of RFC 7845 §4.1 and their like.
func TestConceal(t *testing.T) {
	const ms = perMillisecond
	const celt20, silk20, medium60, hybrid20 = 31<<3 | 4, 9 << 3, 7 << 3, 13 << 3
	for _, c := range []struct {
		name string
		toc  byte
		gap  int
		want []string
	}{
		{"a 20 ms frame", celt20 | 1, 20 * ms, []string{"ff01"}},
		{"95 ms after 20 ms frames of CELT", celt20, 95 * ms, []string{"ff04", "e706"}},
		{"95 ms after 20 ms frames of SILK", silk20, 95 * ms, []string{"4b04", "4301", "a302"}},
		{"after medium-band SILK, CELT is wideband", medium60, 65 * ms, []string{"3b01", "a302"}},
		{"after hybrid", hybrid20, 35 * ms, []string{"6b01", "6301", "c302"}},
		{"several packets", celt20, 300 * ms, []string{"ff06", "ff06", "ff03"}},
		{"what can not be filled", celt20, 21*ms - 1, []string{"ff01"}},
		{"nothing to fill", celt20, Quantum - 1, nil},
	} {
		var got []string
		sum := 0
		done, err := Conceal(c.toc, c.gap, func(p []byte, d int) error {
			if real, ok := Duration(p); !ok || real != d {
				t.Errorf("%s: packet % x has %d samples, not %d", c.name, p, real, d)
			}
			got, sum = append(got, fmt.Sprintf("%x", p)), sum+d
			return nil
		})
		if err != nil || !slices.Equal(got, c.want) || done != sum || c.gap-done >= Quantum {
			t.Errorf("%s: packets %v for %d samples, %v, want %v", c.name, got, done, err, c.want)
		}
	}
	for toc := range 256 {
		if done, _ := Conceal(byte(toc), 12345, func([]byte, int) error { return nil }); done != 12345/Quantum*Quantum {
			t.Errorf("after %#x, %d samples of 12345 are filled", toc, done)
		}
	}
	failure := errors.New("no")
	if _, err := Conceal(celt20, 100*ms, func([]byte, int) error { return failure }); err != failure {
		t.Errorf("error %v, want that of emit", err)
	}
}
