package oggwriter

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Errors of options and of NewTrack.
var (
	// ErrChannelCount is returned for a number of channels that the mapping can
	// not have.
	ErrChannelCount = errors.New("oggwriter: invalid number of channels")
	// ErrChannelMapping is returned for a mapping that is not one of a single
	// Opus stream.
	ErrChannelMapping = errors.New("oggwriter: invalid channel mapping")
	// ErrTags is returned for a vendor or a comment that a comment header can
	// not hold.
	ErrTags = errors.New("oggwriter: invalid comment")
	// ErrDuplicateTrack is returned for a second track with the same SSRC or
	// serial number.
	ErrDuplicateTrack = errors.New("oggwriter: duplicate track")
	// ErrStarted is returned by NewTrack once a packet has been written.
	ErrStarted = errors.New("oggwriter: tracks are made before the first packet is written")
)

// A WriterOption configures a Writer.
type WriterOption interface{ applyWriter(*Writer) error }

// A TrackOption configures a track of a Writer.
type TrackOption interface{ applyTrack(*config) error }

// A WriterTrackOption configures a track, or, given to NewWriter, all tracks that
// do not say otherwise.
type WriterTrackOption interface {
	WriterOption
	TrackOption
}

type writerOption func(*Writer) error

func (o writerOption) applyWriter(w *Writer) error { return o(w) }

type trackOption func(*config) error

func (o trackOption) applyTrack(c *config) error { return o(c) }

type writerTrackOption func(*config) error

func (o writerTrackOption) applyWriter(w *Writer) error { return o(&w.defaults) }
func (o writerTrackOption) applyTrack(c *config) error  { return o(c) }

// OpusTags is the comment header of an Opus stream, RFC 7845 §5.2.
type OpusTags struct {
	// Vendor is the program that writes the stream.
	Vendor string
	// UserComments are the comments, in order.
	UserComments []UserComment
}

// A UserComment is a comment, such as ARTIST, and its value.
type UserComment struct {
	Comment string
	Value   string
}

// A config is what headers say of a track.
type config struct {
	sampleRate uint32
	channels   uint8
	family     uint8
	coupled    uint8
	mapping    []byte // for families other than 0
	tags       OpusTags
	serial     uint32
	serialSet  bool
}

// WithSeekableOutput is for outputs in which written pages can be rewritten.
// This writer does not need to: it writes the last page of a track when it is
// known to be the last. The option is there for programs that have it, and does
// nothing.
func WithSeekableOutput(output interface {
	io.Seeker
	io.WriterAt
},
) WriterOption {
	return writerOption(func(*Writer) error { return nil })
}

// WithSerial sets the number that tells a track from the others of the file. By
// default it is random.
func WithSerial(serial uint32) TrackOption {
	return trackOption(func(c *config) error {
		c.serial, c.serialSet = serial, true
		return nil
	})
}

// WithSampleRate says what rate in Hz the sound had before it was coded, and 0
// that it is unknown. By default it is 48000. Nothing depends on it.
func WithSampleRate(sampleRate uint32) WriterTrackOption {
	return writerTrackOption(func(c *config) error {
		c.sampleRate = sampleRate
		return nil
	})
}

// WithChannelCount sets the number of channels: 1 or 2, which is the default.
func WithChannelCount(channelCount uint16) WriterTrackOption {
	return writerTrackOption(func(c *config) error {
		// RFC 7845 §5.1.1.1: mapping family 0, "Allowed numbers of channels: 1 or 2."
		if channelCount != 1 && channelCount != 2 {
			return fmt.Errorf("%w: %d, want 1 or 2; others need WithChannelMapping", ErrChannelCount, channelCount)
		}
		c.channels, c.family, c.mapping = uint8(channelCount), 0, nil
		return nil
	})
}

// WithChannelMapping sets a channel mapping of another family than 0, with a
// channel for each byte of mapping. As the packets of RTP have one Opus stream,
// streamCount must be 1, and coupledCount says whether that is stereo. The
// families are 1 for mono and stereo in the order of Vorbis, 2 for ambisonics of
// order zero (RFC 8486), and 255 for any others.
func WithChannelMapping(family, streamCount, coupledCount uint8, mapping []byte) WriterTrackOption {
	mapping = append([]byte(nil), mapping...)
	return writerTrackOption(func(c *config) error {
		if len(mapping) == 0 || len(mapping) > 255 {
			return fmt.Errorf("%w: a mapping of %d", ErrChannelCount, len(mapping))
		}
		if streamCount != 1 || coupledCount > 1 {
			return fmt.Errorf("%w: %d streams of which %d are coupled, want 1 and at most 1", ErrChannelMapping, streamCount, coupledCount)
		}
		if !allowed(family, coupledCount, mapping) {
			return fmt.Errorf("%w: family %d with %d coupled and the mapping %d", ErrChannelMapping, family, coupledCount, mapping)
		}
		c.channels, c.family, c.coupled, c.mapping = uint8(len(mapping)), family, coupledCount, mapping
		return nil
	})
}

// allowed reports whether a family has such a mapping of one stream.
func allowed(family, coupled uint8, mapping []byte) bool {
	switch family {
	case 1: // RFC 7845 §5.1.1.2: mono, or left and right
		return string(mapping) == string([]byte{0, 1}[:1+coupled])
	case 2: // RFC 8486 §3.1: (1 + 0)² channels
		return coupled == 0 && len(mapping) == 1 && mapping[0] == 0
	case 255:
		for _, index := range mapping {
			// RFC 7845 §5.1.1: "This value MUST either be smaller than (M+N), or
			// be the special value 255."
			if index > coupled && index != 255 {
				return false
			}
		}
		return true
	}
	return false
}

// WithVendor sets the name of the program in the comment header, in UTF-8.
func WithVendor(vendor string) WriterTrackOption {
	return writerTrackOption(func(c *config) error {
		if !utf8.ValidString(vendor) {
			return fmt.Errorf("%w: vendor %q is not UTF-8", ErrTags, vendor)
		}
		c.tags.Vendor = vendor
		return nil
	})
}

// WithUserComments sets the comments of the comment header. A name is of
// printable ASCII without "=", a value in UTF-8.
func WithUserComments(comments ...UserComment) WriterTrackOption {
	comments = append([]UserComment(nil), comments...)
	return writerTrackOption(func(c *config) error {
		for _, u := range comments {
			// Vorbis comment specification, "Comment encoding": "a case-insensitive
			// field name that may consist of ASCII 0x20 through 0x7D, 0x3D ('=')
			// excluded".
			outside := func(r rune) bool { return r < 0x20 || r > 0x7d || r == '=' }
			if u.Comment == "" || strings.ContainsFunc(u.Comment, outside) {
				return fmt.Errorf("%w: name %q", ErrTags, u.Comment)
			}
			if !utf8.ValidString(u.Value) {
				return fmt.Errorf("%w: value %q of %s is not UTF-8", ErrTags, u.Value, u.Comment)
			}
		}
		c.tags.UserComments = comments
		return nil
	})
}
