package h265reader

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media"
)

func clip(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/media/h265.h265")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestClip(t *testing.T) {
	r, err := NewReader(bytes.NewReader(clip(t)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[NalUnitType]int{}
	slices := 0
	for {
		n, err := r.NextNAL()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n.ForbiddenZeroBit || n.LayerID != 0 || n.TemporalIDPlus1 != 1 {
			t.Fatalf("header of unit %+v", n)
		}
		if n.slice() {
			slices++
		}
		got[n.NalUnitType]++
	}
	idr := got[NalUnitTypeIdrWRadl] + got[NalUnitTypeIdrNLp]
	if got[NalUnitTypeVps] != 4 || got[NalUnitTypeSps] != 4 || got[NalUnitTypePps] != 4 || idr != 4 || slices != 120 || got[NalUnitTypePrefixSei] != 0 {
		t.Errorf("units by type %v", got)
	}
}

func TestAccessUnitsOfTheClip(t *testing.T) {
	r, err := NewReader(bytes.NewReader(clip(t)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		unit, err := r.NextAccessUnit()
		if err == io.EOF {
			if i != 120 {
				t.Fatalf("%d access units, want 120", i)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if unit.KeyFrame != (i%30 == 0) {
			t.Errorf("access unit %d: key frame %v", i, unit.KeyFrame)
		}
	}
}

func TestHeader(t *testing.T) {
	r, _ := NewReader(strings.NewReader("\x00\x00\x01\xc5\x0b")) // 1 100010 1|00001 011
	n, err := r.NextNAL()
	if err != nil || !n.ForbiddenZeroBit || n.NalUnitType != NalUnitTypePps || n.LayerID != 33 || n.TemporalIDPlus1 != 3 {
		t.Fatalf("unit %+v, %v", n, err)
	}
}

func TestAccessUnits(t *testing.T) {
	const (
		idr, slice, more = "\x28\x01\x80", "\x02\x01\x80", "\x02\x01\x40" // first_slice_segment_in_pic_flag is 1, 1 and 0
		vps, sps, pps    = "\x40\x01v", "\x42\x01s", "\x44\x01p"
		prefix, suffix   = "\x4e\x01i", "\x50\x01i"
		aud              = "\x46\x01a"
		upper            = "\x02\x09\x80" // nuh_layer_id is 1
	)
	for _, c := range []struct {
		name  string
		units []string
		want  [][]string
		keys  []bool
	}{
		{"a slice each", []string{idr, slice, slice}, [][]string{{idr}, {slice}, {slice}}, []bool{true, false, false}},
		{"parameter sets", []string{vps, sps, pps, idr, slice, vps, sps, pps, idr}, [][]string{{vps, sps, pps, idr}, {slice}, {vps, sps, pps, idr}}, []bool{true, false, true}},
		{"segments", []string{idr, more, slice, more}, [][]string{{idr, more}, {slice, more}}, []bool{true, false}},
		{"SEI", []string{prefix, idr, suffix, prefix, slice}, [][]string{{prefix, idr, suffix}, {prefix, slice}}, []bool{true, false}},
		{"delimiters", []string{aud, slice, aud, slice}, [][]string{{aud, slice}, {aud, slice}}, []bool{false, false}},
		{"layers", []string{idr, upper, slice, upper}, [][]string{{idr, upper}, {slice, upper}}, []bool{true, false}},
	} {
		const startCode = "\x00\x00\x00\x01"
		r, err := NewReaderWithOptions(strings.NewReader(startCode+strings.Join(c.units, startCode)), WithIncludeSEI(true))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		var keys []bool
		for {
			unit, err := r.NextAccessUnit()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got, keys = append(got, string(unit.Data)), append(keys, unit.KeyFrame)
		}
		var want []string
		for _, units := range c.want {
			want = append(want, startCode+strings.Join(units, startCode))
		}
		if !slices.Equal(got, want) || !slices.Equal(keys, c.keys) {
			t.Errorf("%s: access units %q, keys %v, want %q, %v", c.name, got, keys, want, c.keys)
		}
	}
}

func TestSamples(t *testing.T) {
	r, _ := NewReader(bytes.NewReader(clip(t)))
	n := 0
	for sample, err := range r.Samples(time.Second / 30) {
		if err != nil || sample.Duration != time.Second/30 || len(sample.Data) == 0 {
			t.Fatalf("sample %d: %d bytes, %v, %v", n, len(sample.Data), sample.Duration, err)
		}
		n++
	}
	if n != 120 {
		t.Fatalf("%d samples, want 120", n)
	}
}

func TestErrors(t *testing.T) {
	if _, err := NewReader(nil); !errors.Is(err, media.ErrNilStream) {
		t.Errorf("no stream: %v", err)
	}
	for name, stream := range map[string]string{"no start code": "x", "half a header": "\x00\x00\x01\x40"} {
		r, err := NewReader(strings.NewReader(stream))
		if err != nil {
			t.Fatal(err)
		}
		var format *media.FormatError
		if _, err := r.NextAccessUnit(); !errors.As(err, &format) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTypeNames(t *testing.T) {
	for kind, want := range map[NalUnitType]string{0: "TrailN(0)", 10: "Unknown(10)", 19: "IdrWRadl(19)", 32: "VPS(32)", 39: "PrefixSEI(39)", 41: "Reserved(41)", 47: "Reserved(47)", 63: "Unspecified(63)", 64: "Unknown(64)"} {
		if got := kind.String(); got != want {
			t.Errorf("type %d is %q, want %q", uint8(kind), got, want)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(clip(f)[:4000])
	f.Add([]byte("\x00\x00\x01\x28\x01\x80\x00\x00\x01\x02\x01\x80"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewReaderWithOptions(bytes.NewReader(b), WithIncludeSEI(len(b)%2 == 0))
		if err != nil {
			t.Fatal(err)
		}
		for {
			unit, err := r.NextAccessUnit()
			if err != nil {
				return
			}
			if len(unit.Data) < 4+headerSize {
				t.Fatalf("access unit %q", unit.Data)
			}
		}
	})
}
