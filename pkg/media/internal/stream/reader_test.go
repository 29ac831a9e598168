package stream

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"github.com/parleyrtc/webrtc/pkg/media"
)

func TestFull(t *testing.T) {
	r := NewReader("X", bytes.NewReader([]byte("abcde")))
	var b [2]byte
	for _, want := range []string{"ab", "cd"} {
		if err := r.Full(b[:], "unit"); err != nil || string(b[:]) != want {
			t.Fatalf("read %q, %v, want %q", b, err, want)
		}
		r.Unit()
	}
	err := r.Full(b[:], "unit")
	var format *media.FormatError
	if !errors.As(err, &format) || format.Offset != 4 || format.Format != "X" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("error %v, want one of the format about byte 4", err)
	}
	r = NewReader("X", bytes.NewReader(nil))
	if err := r.Full(b[:], "unit"); err != io.EOF {
		t.Fatalf("error %v at the end, want io.EOF", err)
	}
	r = NewReader("X", bytes.NewReader([]byte("ab")))
	r.Full(b[:], "unit")
	if err := r.Full(b[:], "unit"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("error %v at the end of a part but not of the unit, want io.ErrUnexpectedEOF", err)
	}
	failure := errors.New("disk on fire")
	r = NewReader("X", iotest.ErrReader(failure))
	if err := r.Full(b[:], "unit"); err != failure {
		t.Fatalf("error %v, want the stream's", err)
	}
}

// TestAppendBelievesNothing: memory follows what is there, not what is claimed.
func TestAppendBelievesNothing(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 20000)
	r := NewReader("X", iotest.HalfReader(bytes.NewReader(content)))
	got, err := r.Append(nil, math.MaxInt32, "unit")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("error %v, want io.ErrUnexpectedEOF", err)
	}
	if cap(got) > 2*len(content)+step {
		t.Fatalf("%d bytes were allocated for a stream of %d", cap(got), len(content))
	}
	r = NewReader("X", iotest.OneByteReader(bytes.NewReader(content)))
	got, err = r.Append([]byte("x"), len(content), "unit")
	if err != nil || string(got) != "x"+string(content) {
		t.Fatalf("%d bytes, %v, want %d", len(got), err, len(content)+1)
	}
}

func TestReset(t *testing.T) {
	r := NewReader("X", bytes.NewReader([]byte("abc")))
	var b [2]byte
	r.Full(b[:], "unit")
	r.Unit()
	r.Full(b[:], "unit") // cut short
	r.Reset(func(n int64) io.Reader {
		if n != 2 {
			t.Errorf("Reset is told of %d bytes, want 2", n)
		}
		return bytes.NewReader([]byte("abcd")[n:])
	})
	if err := r.Full(b[:], "unit"); err != nil || string(b[:]) != "cd" {
		t.Fatalf("read %q, %v after Reset, want the unit that was cut short", b, err)
	}
}
