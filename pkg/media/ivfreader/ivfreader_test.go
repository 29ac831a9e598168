package ivfreader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"testing"
	"testing/iotest"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media"
)

func clip(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/media/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestClips(t *testing.T) {
	for _, c := range []struct {
		name, fourcc  string
		width, height uint16
		frames        int
	}{
		{"vp8.ivf", "VP80", 320, 240, 120},
		{"vp9.ivf", "VP90", 320, 240, 120},
		{"av1.ivf", "AV01", 320, 240, 120},
		{"simulcast-q.ivf", "VP80", 320, 180, 90},
		{"simulcast-h.ivf", "VP80", 640, 360, 90},
		{"simulcast-f.ivf", "VP80", 1280, 720, 90},
	} {
		r, header, err := NewWith(iotest.HalfReader(bytes.NewReader(clip(t, c.name))))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		want := IVFFileHeader{FourCC: c.fourcc, Width: c.width, Height: c.height, TimebaseDenominator: 30, TimebaseNumerator: 1, NumFrames: uint32(c.frames)}
		if *header != want {
			t.Errorf("%s: header %+v, want %+v", c.name, *header, want)
		}
		n := 0
		for ; ; n++ {
			frame, h, err := r.ParseNextFrame()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: frame %d: %v", c.name, n, err)
			}
			if len(frame) != int(h.FrameSize) || h.Timestamp != uint64(n) {
				t.Errorf("%s: frame %d has %d bytes and the header %+v", c.name, n, len(frame), *h)
			}
		}
		if n != c.frames {
			t.Errorf("%s: %d frames, want %d", c.name, n, c.frames)
		}
	}
}

func TestSamples(t *testing.T) {
	r, _, err := NewWith(bytes.NewReader(clip(t, "vp8.ivf")))
	if err != nil {
		t.Fatal(err)
	}
	n, total := 0, time.Duration(0)
	for sample, err := range r.Samples() {
		if err != nil || len(sample.Data) == 0 || sample.Duration != time.Second/30 {
			t.Fatalf("sample %d: %d bytes, %v, %v", n, len(sample.Data), sample.Duration, err)
		}
		total += sample.Duration
		n++
	}
	if n != 120 {
		t.Fatalf("%d samples, want 120", n)
	}
}

// file makes an IVF file with the frames "a", "b", …, of the given timestamps.
func file(denominator, numerator uint32, timestamps ...uint64) []byte {
	b := append([]byte("DKIF\x00\x00\x20\x00VP80"), 64, 0, 48, 0)
	b = binary.LittleEndian.AppendUint32(b, denominator)
	b = binary.LittleEndian.AppendUint32(b, numerator)
	b = append(b, make([]byte, 8)...)
	for i, ts := range timestamps {
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint64(b, ts)
		b = append(b, 'a'+byte(i))
	}
	return b
}

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		file []byte
		want []time.Duration
	}{
		{file(90000, 1, 0, 3000, 9000), []time.Duration{time.Second / 30, time.Second / 15, time.Second / 15}},
		{file(30, 2, 1, 2), []time.Duration{time.Second / 15, time.Second / 15}},
		{file(1000, 1, 5), []time.Duration{0}},
		{file(1000, 1, 5, 5, 3), []time.Duration{0, 0, 0}},
		{file(0, 1, 1, 2), []time.Duration{0, 0}},
		{file(1, 0, 1, 2), []time.Duration{0, 0}},
		{file(1, math.MaxUint32, 0, math.MaxUint64), []time.Duration{0, 0}},
		{file(1, 1, 0, math.MaxUint64), []time.Duration{0, 0}},
		{file(1, 1, 0, 1<<33), []time.Duration{1 << 33 * time.Second, 1 << 33 * time.Second}},
	} {
		r, header, err := NewWith(bytes.NewReader(c.file))
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for sample, err := range r.Samples() {
			if err != nil || sample.Duration != c.want[i] {
				t.Errorf("time base %d/%d: sample %d lasts %v, %v, want %v", header.TimebaseNumerator, header.TimebaseDenominator, i, sample.Duration, err, c.want[i])
			}
			i++
		}
	}
}

func TestHostileFiles(t *testing.T) {
	good := file(30, 1, 0, 1)
	change := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	for _, c := range []struct {
		name      string
		file      []byte
		frames    int // that come before the error
		offset    int64
		truncated bool
	}{
		{"signature", change(0, 'X'), -1, 0, false},
		{"version", change(4, 1), -1, 0, false},
		{"header size", change(6, 31), -1, 0, false},
		{"a header that is cut short", good[:31], -1, 0, true},
		{"a longer header that is cut short", change(6, 0xff, 0xff), -1, 0, true},
		{"a frame header that is cut short", good[:32+11], 0, 32, true},
		{"a frame without bytes", good[:32+12], 0, 32, true},
		{"a second frame without bytes", good[:len(good)-1], 1, 32 + 13, true},
		{"a huge frame", change(32, 0xff, 0xff, 0xff, 0xff), 0, 32, false},
		{"a large frame that is not there", change(32, 0, 0, 0, 4), 0, 32, true},
	} {
		frames := -1
		r, _, err := NewWith(bytes.NewReader(c.file))
		for err == nil {
			frames++
			_, _, err = r.ParseNextFrame()
		}
		var format *media.FormatError
		if frames != c.frames || !errors.As(err, &format) || format.Offset != c.offset || errors.Is(err, io.ErrUnexpectedEOF) != c.truncated {
			t.Errorf("%s: error %v after %d frames, want one about byte %d after %d", c.name, err, frames, c.offset, c.frames)
		}
	}
	if _, _, err := NewWith(bytes.NewReader(nil)); err != io.EOF {
		t.Errorf("error %v for an empty file, want io.EOF", err)
	}
	if _, _, err := NewWith(nil); !errors.Is(err, media.ErrNilStream) {
		t.Errorf("error %v for no stream", err)
	}
	failure := errors.New("disk on fire")
	if _, _, err := NewWith(iotest.ErrReader(failure)); err != failure {
		t.Errorf("error %v, want the stream's", err)
	}
}

func TestSamplesEndWithTheError(t *testing.T) {
	r, _, err := NewWith(bytes.NewReader(file(30, 1, 0, 1)[:32+13+5]))
	if err != nil {
		t.Fatal(err)
	}
	samples := 0
	for sample, e := range r.Samples() {
		if err = e; e == nil {
			samples++
			if string(sample.Data) != "a" {
				t.Errorf("sample %q", sample.Data)
			}
		}
	}
	if samples != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("%d samples, then %v, want 1, then io.ErrUnexpectedEOF", samples, err)
	}
}

func TestResetReader(t *testing.T) {
	whole := file(30, 1, 0, 1, 2)
	r, _, err := NewWith(bytes.NewReader(whole[:32+13+10]))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for range 4 {
		frame, _, err := r.ParseNextFrame()
		if err != nil {
			r.ResetReader(func(n int64) io.Reader { return bytes.NewReader(whole[n:]) })
		}
		got += string(frame)
	}
	if got != "abc" {
		t.Fatalf("frames %q, want those of the whole file", got)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(clip(f, "vp8.ivf")[:4000])
	f.Add(clip(f, "av1.ivf")[:4000])
	f.Add(file(30, 1, 0, 1))
	f.Add(file(0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, _, err := NewWith(bytes.NewReader(b))
		if err != nil {
			return
		}
		total := 32
		for sample, err := range r.Samples() {
			if err != nil {
				return
			}
			if sample.Duration < 0 {
				t.Fatalf("duration %v", sample.Duration)
			}
			total += 12 + len(sample.Data)
		}
		if total > len(b) {
			t.Fatalf("%d bytes of a file of %d", total, len(b))
		}
	})
}
