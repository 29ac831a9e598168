// Package player sends clips at the speed at which they are to be seen and
// heard, as a camera and a microphone would.
//
//	samples, mimeType, err := player.IVF(file)
//	…
//	err = player.Play(ctx, samples, track.WriteSample)
package player

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/ivfreader"
	"github.com/parleyrtc/webrtc/pkg/media/oggreader"
)

// Samples are the frames of a clip. An error is the last of them.
type Samples = iter.Seq2[media.Sample, error]

// mimeTypes are the codecs of IVF files by their names there.
var mimeTypes = map[string]string{
	"VP80": webrtc.MimeTypeVP8, "VP90": webrtc.MimeTypeVP9, "AV01": webrtc.MimeTypeAV1,
}

// IVF returns the frames of an IVF file and the MIME type of their codec.
func IVF(file io.Reader) (Samples, string, error) {
	reader, header, err := ivfreader.NewWith(file)
	if err != nil {
		return nil, "", err
	}
	mimeType, ok := mimeTypes[header.FourCC]
	if !ok {
		return nil, "", fmt.Errorf("the codec %q is not known", header.FourCC)
	}
	return reader.Samples(), mimeType, nil
}

// Ogg returns the Opus packets of an Ogg file.
func Ogg(file io.Reader) (Samples, error) {
	reader, _, err := oggreader.NewWith(file)
	if err != nil {
		return nil, err
	}
	return reader.Samples(), nil
}

// Loop returns the samples of a clip again and again, for as long as is given in
// all. Open returns those of the whole clip.
func Loop(open func() (Samples, error), length time.Duration) Samples {
	return func(yield func(media.Sample, error) bool) {
		for at := time.Duration(0); at < length; {
			samples, err := open()
			if err != nil {
				yield(media.Sample{}, err)
				return
			}
			before := at
			for sample, err := range samples {
				if at += sample.Duration; !yield(sample, err) || err != nil || at+sample.Duration/2 >= length {
					return
				}
			}
			if at == before {
				yield(media.Sample{}, io.ErrUnexpectedEOF) // a clip that takes no time has no end
				return
			}
		}
	}
}

// Play writes samples, each when those before it are over. It returns when the
// last one is, or with the first error, or when the context ends.
func Play(ctx context.Context, samples Samples, write func(media.Sample) error) error {
	pace := NewPace()
	for sample, err := range samples {
		if err != nil {
			return err
		}
		if err := write(sample); err != nil {
			return err
		}
		if err := pace.Wait(ctx, sample.Duration); err != nil {
			return err
		}
	}
	return nil
}

// A Pace is the time of a clip that is being played. It keeps to the clock, so
// that lateness does not add up.
type Pace struct {
	timer *time.Timer
	next  time.Time
}

// NewPace begins a clip now.
func NewPace() *Pace { return &Pace{next: time.Now()} }

// tooLate is how far behind the clock a clip may be before it gives up catching
// up, as after the machine has slept.
const tooLate = time.Second

// Wait returns when d more of the clip is over.
func (p *Pace) Wait(ctx context.Context, d time.Duration) error {
	p.next = p.next.Add(d)
	wait := time.Until(p.next)
	if wait < -tooLate {
		p.next = time.Now()
	}
	if wait <= 0 {
		return ctx.Err()
	}
	if p.timer == nil {
		p.timer = time.NewTimer(wait)
	} else {
		p.timer.Reset(wait)
	}
	select {
	case <-p.timer.C:
		return nil
	case <-ctx.Done():
		p.timer.Stop()
		return ctx.Err()
	}
}
