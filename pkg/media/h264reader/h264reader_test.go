package h264reader

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
	b, err := os.ReadFile("../../../testdata/media/h264.h264")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestClip(t *testing.T) {
	for _, sei := range []bool{false, true} {
		r, err := NewReaderWithOptions(bytes.NewReader(clip(t)), WithIncludeSEI(sei))
		if err != nil {
			t.Fatal(err)
		}
		got := map[NalUnitType]int{}
		for {
			n, err := r.NextNAL()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if n.ForbiddenZeroBit || n.RefIdc != n.Data[0]>>5 {
				t.Fatalf("unit %+v", n)
			}
			got[n.UnitType]++
		}
		want := map[NalUnitType]int{NalUnitTypeSPS: 4, NalUnitTypePPS: 4, NalUnitTypeCodedSliceIdr: 4, NalUnitTypeCodedSliceNonIdr: 116}
		if sei {
			want[NalUnitTypeSEI] = got[NalUnitTypeSEI]
		}
		for kind, n := range want {
			if got[kind] != n {
				t.Errorf("SEI %v: %d units of type %v, want %d", sei, got[kind], &kind, n)
			}
		}
		if (got[NalUnitTypeSEI] > 0) != sei {
			t.Errorf("SEI %v: %d units of it", sei, got[NalUnitTypeSEI])
		}
	}
}

func TestAccessUnitsOfTheClip(t *testing.T) {
	file := clip(t)
	r, err := NewReaderWithOptions(bytes.NewReader(file), WithIncludeSEI(true))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for i := 0; ; i++ {
		unit, err := r.NextAccessUnit()
		if err == io.EOF {
			if i != 120 {
				t.Fatalf("%d access units, want 120", i)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if unit.KeyFrame != (i%30 == 0) {
			t.Errorf("access unit %d: key frame %v", i, unit.KeyFrame)
		}
		all = append(all, unit.Data...)
	}
	// Start codes of three bytes have become such of four.
	long := func(b []byte) string {
		return strings.ReplaceAll(strings.ReplaceAll(string(b), "\x00\x00\x00\x01", "\x00\x00\x01"), "\x00\x00\x01", "\x00\x00\x00\x01")
	}
	if long(all) != long(file) {
		t.Errorf("the access units are not the file")
	}
}

func TestAccessUnits(t *testing.T) {
	const (
		idr, slice, more = "\x65\x80", "\x41\x80", "\x41\x40" // first_mb_in_slice is 0, 0 and 1
		sps, pps, sei    = "\x67s", "\x68p", "\x06i"
		aud, end         = "\x09a", "\x0a"
	)
	for _, c := range []struct {
		name  string
		units []string
		want  [][]string
		keys  []bool
	}{
		{"a slice each", []string{idr, slice, slice}, [][]string{{idr}, {slice}, {slice}}, []bool{true, false, false}},
		{"parameter sets", []string{sps, pps, idr, slice, sps, pps, idr}, [][]string{{sps, pps, idr}, {slice}, {sps, pps, idr}}, []bool{true, false, true}},
		{"slices", []string{idr, "\x65\x40", slice, more, more}, [][]string{{idr, "\x65\x40"}, {slice, more, more}}, []bool{true, false}},
		{"delimiters", []string{aud, slice, aud, slice, end, aud, slice}, [][]string{{aud, slice}, {aud, slice, end}, {aud, slice}}, []bool{false, false, false}},
		{"SEI is skipped", []string{sei, slice, sei, slice}, [][]string{{slice}, {slice}}, []bool{false, false}},
		{"no picture", []string{sps, pps}, [][]string{{sps, pps}}, []bool{false}},
		{"empty slice", []string{slice, "\x41"}, [][]string{{slice, "\x41"}}, []bool{false}},
	} {
		const startCode = "\x00\x00\x00\x01"
		r, err := NewReader(strings.NewReader(startCode + strings.Join(c.units, startCode)))
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

// TestNALAfterAccessUnit: the two ways to read go together.
func TestNALAfterAccessUnit(t *testing.T) {
	r, _ := NewReader(strings.NewReader("\x00\x00\x01\x65\x80\x00\x00\x01\x41\x80"))
	if _, err := r.NextAccessUnit(); err != nil {
		t.Fatal(err)
	}
	if n, err := r.NextNAL(); err != nil || n.UnitType != NalUnitTypeCodedSliceNonIdr {
		t.Fatalf("unit %+v, %v, want the one after the access unit", n, err)
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
	r, _ = NewReader(strings.NewReader("no start code"))
	for _, err := range r.Samples(0) {
		if format := (*media.FormatError)(nil); !errors.As(err, &format) {
			t.Fatalf("error %v, want that of the format", err)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := NewReader(nil); !errors.Is(err, media.ErrNilStream) {
		t.Errorf("no stream: %v", err)
	}
	failure := errors.New("no")
	if _, err := NewReaderWithOptions(strings.NewReader(""), func(*H264Reader) error { return failure }); err != failure {
		t.Errorf("an option that fails: %v", err)
	}
	endless := io.MultiReader(strings.NewReader("\x00\x00\x01"), repeat("\x67"+strings.Repeat("x", 10000)+"\x00\x00\x01"))
	r, _ := NewReader(endless)
	var format *media.FormatError
	if _, err := r.NextAccessUnit(); !errors.As(err, &format) {
		t.Errorf("endless access unit: %v", err)
	}
}

// A repeat is a stream of one string, over and over.
type repeat string

func (r repeat) Read(b []byte) (int, error) {
	n := 0
	for len(b)-n >= len(r) {
		n += copy(b[n:], r)
	}
	return n, nil
}

func TestTypeNames(t *testing.T) {
	for kind, want := range map[NalUnitType]string{0: "Unspecified(0)", 5: "CodedSliceIdr(5)", 7: "SPS(7)", 14: "Unknown(14)", 19: "CodedSliceAux(19)", 31: "Unknown(31)"} {
		if got := kind.String(); got != want {
			t.Errorf("type %d is %q, want %q", uint8(kind), got, want)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(clip(f)[:4000])
	f.Add([]byte("\x00\x00\x01\x65\x80\x00\x00\x01\x41\x80"))
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
			if len(unit.Data) < 5 {
				t.Fatalf("access unit %q", unit.Data)
			}
		}
	})
}
