package annexb

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/parleyrtc/webrtc/pkg/media"
)

// scan returns the units of a stream and what ended it.
func scan(in io.Reader) (units []string, err error) {
	s := NewScanner("X", in)
	for {
		unit, err := s.Next()
		if err != nil {
			return units, err
		}
		units = append(units, string(unit))
	}
}

func TestScanner(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         []string
	}{
		{"empty", "", nil},
		{"zeros alone", "\x00\x00\x00\x00", nil},
		{"start code alone", "\x00\x00\x01", nil},
		{"one", "\x00\x00\x01abc", []string{"abc"}},
		{"long start code", "\x00\x00\x00\x01abc", []string{"abc"}},
		{"leading zeros", "\x00\x00\x00\x00\x00\x00\x01abc", []string{"abc"}},
		{"both start codes", "\x00\x00\x01a\x00\x00\x00\x01b\x00\x00\x01c", []string{"a", "b", "c"}},
		{"trailing zeros", "\x00\x00\x01a\x00\x00\x00\x00\x00\x00\x01b\x00\x00", []string{"a", "b"}},
		{"empty units", "\x00\x00\x01\x00\x00\x01\x00\x00\x00\x01b", []string{"b"}},
		{"emulation prevention", "\x00\x00\x01a\x00\x00\x03\x01\x00\x02b", []string{"a\x00\x00\x03\x01\x00\x02b"}},
		{"larger than a read", "\x00\x00\x01" + strings.Repeat("x", 3*step) + "\x00\x00\x01y", []string{strings.Repeat("x", 3*step), "y"}},
		{"start code across reads", "\x00\x00\x01" + strings.Repeat("x", step-4) + "\x00\x00\x00\x01y", []string{strings.Repeat("x", step-4), "y"}},
	} {
		for how, in := range map[string]io.Reader{
			"whole":   strings.NewReader(c.stream),
			"bytes":   iotest.OneByteReader(strings.NewReader(c.stream)),
			"dataEOF": iotest.DataErrReader(strings.NewReader(c.stream)),
		} {
			got, err := scan(in)
			if err != io.EOF || !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: %d units, %v, want %d", c.name, how, len(got), err, len(c.want))
			}
		}
		if got := slices.Collect(func(yield func(string) bool) {
			for u := range Units([]byte(c.stream)) {
				yield(string(u))
			}
		}); !slices.Equal(got, c.want) {
			t.Errorf("%s: Units gives %d units, want %d", c.name, len(got), len(c.want))
		}
	}
}

func TestScannerRefuses(t *testing.T) {
	var format *media.FormatError
	if _, err := scan(strings.NewReader("\x00\x00a\x00\x00\x01b")); !errors.As(err, &format) || format.Offset != 2 || format.Format != "X" {
		t.Errorf("no start code: %v, want an error about byte 2", err)
	}
	endless := io.MultiReader(strings.NewReader("\x00\x00\x01"), endlessReader{})
	if _, err := scan(endless); !errors.As(err, &format) || format.Offset != 0 {
		t.Errorf("endless unit: %v", err)
	}
	failure := errors.New("disk on fire")
	units, err := scan(io.MultiReader(strings.NewReader("\x00\x00\x01a\x00\x00\x01b"), iotest.ErrReader(failure)))
	if err != failure || len(units) != 1 {
		t.Errorf("%d units, %v, want the whole one and the stream's error", len(units), err)
	}
	if _, err := scan(idleReader{}); err != io.ErrNoProgress {
		t.Errorf("a stream that gives nothing: %v", err)
	}
}

type endlessReader struct{}

func (endlessReader) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

// FuzzScanner compares the scanner, which reads in pieces, with Units.
func FuzzScanner(f *testing.F) {
	f.Add([]byte("\x00\x00\x01abc\x00\x00\x00\x01def\x00"))
	f.Add([]byte("\x00\x00\x01\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := scan(iotest.HalfReader(bytes.NewReader(b)))
		if err != io.EOF {
			return
		}
		i := 0
		for u := range Units(b) {
			if i >= len(got) || got[i] != string(u) {
				t.Fatalf("unit %d is %q, want %q", i, got, u)
			}
			i++
		}
		if i != len(got) {
			t.Fatalf("%d units, want %d", len(got), i)
		}
	})
}
