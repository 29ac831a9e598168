package ivfwriter

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnsupportedCodec is returned for a codec that IVF has no name for.
var ErrUnsupportedCodec = errors.New("ivfwriter: unsupported codec")

// ErrTimebase is returned for a time base of which a part is zero.
var ErrTimebase = errors.New("ivfwriter: a time base has no zero")

// An Option configures an IVFWriter.
type Option func(i *IVFWriter) error

// WithCodec says what codec is written, by its MIME type: "video/VP8", which is
// the default, "video/VP9" or "video/AV1", in letters of any case.
func WithCodec(mimeType string) Option {
	return func(i *IVFWriter) error {
		switch strings.ToLower(mimeType) {
		case "video/vp8":
			i.codec = new(vp8)
		case "video/vp9":
			i.codec = new(vp9)
		case "video/av1":
			i.codec = new(av1)
		default:
			return fmt.Errorf("%w: %q is not video/VP8, video/VP9 or video/AV1", ErrUnsupportedCodec, mimeType)
		}
		return nil
	}
}

// WithWidthAndHeight sets the size of the picture in the file header, in pixels,
// in place of that of the first key frame.
func WithWidthAndHeight(width, height uint16) Option {
	return func(i *IVFWriter) error {
		i.width, i.height, i.sizeGiven = width, height, true
		return nil
	}
}

// WithFrameRate sets the time base of the file: its timestamps count units of
// numerator/denominator seconds. The default, 1 and 30, suits video of 30 frames
// per second; with a finer one, such as 1 and 90000, the times of a video of
// another rate, or of a varying one, are exact. Neither may be zero.
func WithFrameRate(numerator, denominator uint32) Option {
	return func(i *IVFWriter) error {
		if numerator == 0 || denominator == 0 {
			return fmt.Errorf("%w: %d/%d", ErrTimebase, numerator, denominator)
		}
		i.numerator, i.denominator = numerator, denominator
		return nil
	}
}

// WithDirectPTS writes the RTP timestamps themselves, counted from the first
// one, whatever the time base is. The time base should then be that of the RTP
// clock:
//
//	ivfwriter.NewWith(file, ivfwriter.WithFrameRate(1, 90000), ivfwriter.WithDirectPTS())
func WithDirectPTS() Option {
	return func(i *IVFWriter) error {
		i.direct = true
		return nil
	}
}
