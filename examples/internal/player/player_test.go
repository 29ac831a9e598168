package player

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/internal/leaktest"
	"github.com/parleyrtc/webrtc/pkg/media"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// open reads a clip of the library's.
func open(t *testing.T, name string) io.Reader {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/media/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b)
}

// play plays samples in virtual time and returns how many there were and how
// long it took.
func play(t *testing.T, samples Samples) (n int, took time.Duration) {
	t.Helper()
	start := time.Now()
	err := Play(t.Context(), samples, func(s media.Sample) error {
		if len(s.Data) == 0 {
			t.Errorf("sample %d is empty", n)
		}
		if got, want := time.Since(start), time.Duration(n)*s.Duration; (got - want).Abs() > time.Millisecond {
			t.Errorf("sample %d is written after %v, want %v", n, got, want)
		}
		n++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, time.Since(start)
}

func TestVideo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		samples, mimeType, err := IVF(open(t, "vp8.ivf"))
		if err != nil || mimeType != webrtc.MimeTypeVP8 {
			t.Fatalf("%q, %v", mimeType, err)
		}
		if n, took := play(t, samples); n != 120 || (took-4*time.Second).Abs() > time.Millisecond {
			t.Errorf("%d frames in %v, want 120 in 4 s", n, took)
		}
	})
}

func TestSound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		samples, err := Ogg(open(t, "opus-pages.ogg"))
		if err != nil {
			t.Fatal(err)
		}
		if n, took := play(t, samples); n < 300 || took != time.Duration(n)*20*time.Millisecond {
			t.Errorf("%d packets in %v, want more than 300 of 20 ms each", n, took)
		}
	})
}

// A clip that is too short is played again, one that is too long in part.
func TestLoop(t *testing.T) {
	for _, length := range []time.Duration{time.Second, 4 * time.Second, 9 * time.Second} {
		var at time.Duration
		for s, err := range Loop(func() (Samples, error) {
			samples, _, err := IVF(open(t, "vp8.ivf"))
			return samples, err
		}, length) {
			if err != nil {
				t.Fatal(err)
			}
			at += s.Duration
		}
		if (at - length).Abs() > time.Second/60 {
			t.Errorf("%v were played of %v", at, length)
		}
	}
	failure := errors.New("no clip")
	for _, open := range []func() (Samples, error){
		func() (Samples, error) { return nil, failure },
		func() (Samples, error) { return func(func(media.Sample, error) bool) {}, nil },
		func() (Samples, error) {
			return func(yield func(media.Sample, error) bool) { yield(media.Sample{}, failure) }, nil
		},
	} {
		var errs []error
		for _, err := range Loop(open, time.Second) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || errs[0] == nil {
			t.Errorf("the errors are %v", errs)
		}
	}
}

// ticks are samples of 10 ms without an end.
func ticks(yield func(media.Sample, error) bool) {
	for yield(media.Sample{Data: []byte{0}, Duration: 10 * time.Millisecond}, nil) {
	}
}

// A writer that was slow is made up for, one that slept is not.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, n, enough := time.Now(), 0, errors.New("enough")
		err := Play(t.Context(), ticks, func(media.Sample) error {
			n++
			switch n {
			case 10:
				time.Sleep(200 * time.Millisecond)
			case 101:
				if got := time.Since(start); got != time.Second {
					t.Errorf("sample 100 comes after %v, want 1 s", got)
				}
				time.Sleep(time.Hour)
			case 203:
				if got := time.Since(start); got != time.Hour+2010*time.Millisecond {
					t.Errorf("sample 202 comes after %v, want 1 h 2.01 s", got)
				}
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Errorf("Play: %v", err)
		}
	})
}

func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+time.Millisecond)
		defer cancel()
		n := 0
		err := Play(ctx, ticks, func(media.Sample) error { n++; return nil })
		if !errors.Is(err, context.DeadlineExceeded) || n != 101 {
			t.Errorf("%v after %d samples", err, n)
		}
	})
}

func TestBadFiles(t *testing.T) {
	if _, _, err := IVF(open(t, "opus.ogg")); err == nil {
		t.Error("sound was taken for a video")
	}
	if _, err := Ogg(open(t, "vp8.ivf")); err == nil {
		t.Error("a video was taken for sound")
	}
	cut, err := io.ReadAll(open(t, "vp8.ivf"))
	if err != nil {
		t.Fatal(err)
	}
	copy(cut[8:], "H264")
	if _, _, err := IVF(bytes.NewReader(cut)); err == nil {
		t.Error("a codec that has no place in IVF was taken")
	}
}
