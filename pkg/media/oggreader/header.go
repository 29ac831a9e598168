package oggreader

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/parleyrtc/webrtc/pkg/media"
)

// A HeaderType is the kind of a header packet: the signature that it begins with.
type HeaderType string

const (
	// HeaderOpusID is the identification header, the first packet of a stream.
	HeaderOpusID HeaderType = "OpusHead"
	// HeaderOpusTags is the comment header, the second one.
	HeaderOpusTags HeaderType = "OpusTags"
)

// signatureSize is that of the signature of a header packet.
const signatureSize = 8

// isHeader tells header packets from sound: RFC 7845 §5.1, "Starting with "Op"
// helps distinguish it from audio data packets, as this is an invalid TOC
// sequence."
func isHeader(packet []byte) bool {
	if len(packet) < signatureSize {
		return false
	}
	t := HeaderType(packet[:signatureSize])
	return t == HeaderOpusID || t == HeaderOpusTags
}

// HeaderType returns what header packet a page's payload begins with, and whether
// it does.
func (p *OggPageHeader) HeaderType(payload []byte) (HeaderType, bool) {
	if !isHeader(payload) {
		return "", false
	}
	return HeaderType(payload[:signatureSize]), true
}

// An OggHeader is the identification header of an Opus stream, RFC 7845 §5.1.
type OggHeader struct {
	// ChannelMap is the channel mapping family, which says what the channels
	// mean: 0 for mono and stereo.
	ChannelMap uint8
	// Channels is how many channels the stream is to be played with.
	Channels uint8
	// OutputGain is to be applied by decoders: a signed number of 1/256 dB, in
	// two's complement.
	OutputGain uint16
	// PreSkip is how many samples at 48 kHz to leave out at the start.
	PreSkip uint16
	// SampleRate is that of the sound before it was coded, in Hz, and 0 if
	// unknown. Opus itself is decoded at any rate.
	SampleRate uint32
	// Version is 1.
	Version uint8
	// StreamCount is how many Opus streams are in each packet, and CoupledCount
	// how many of them are stereo. With mapping family 0, whose packets have one
	// stream, both are zero.
	StreamCount  uint8
	CoupledCount uint8
	// ChannelMapping has a byte for each channel, which says what decoded channel
	// it is: a string, so that headers can be compared. It is empty with mapping
	// family 0.
	ChannelMapping string
}

const (
	headSize  = 19 // with mapping family 0
	tableSize = 2  // of the mapping table before the mapping
)

func badHeader(format string, args ...any) error {
	return &media.FormatError{Format: "Opus header", Offset: -1, Reason: fmt.Sprintf(format, args...)}
}

// ParseOpusHead reads an identification header, which is the payload of a
// stream's first page. The error is a *media.FormatError.
func ParseOpusHead(payload []byte) (*OggHeader, error) {
	if len(payload) < headSize {
		return nil, badHeader("%d bytes, %d at least are needed", len(payload), headSize)
	}
	if HeaderType(payload[:signatureSize]) != HeaderOpusID {
		return nil, badHeader("signature %q, want %q", payload[:signatureSize], HeaderOpusID)
	}
	h := &OggHeader{
		Version:    payload[8],
		Channels:   payload[9],
		PreSkip:    binary.LittleEndian.Uint16(payload[10:]),
		SampleRate: binary.LittleEndian.Uint32(payload[12:]),
		OutputGain: binary.LittleEndian.Uint16(payload[16:]),
		ChannelMap: payload[18],
	}
	switch {
	case h.Version&0xf0 != 0:
		// RFC 7845 §5.1: implementations "SHOULD accept any stream with a version
		// number of '15' or less, and SHOULD assume any stream with a version
		// number '16' or greater is incompatible".
		return nil, badHeader("version %d, want 15 or less", h.Version)
	case h.Channels == 0:
		return nil, badHeader("no channels")
	case h.ChannelMap != 0:
		if err := h.parseMapping(payload[headSize:]); err != nil {
			return nil, err
		}
	case h.Channels > 2:
		return nil, badHeader("%d channels with mapping family 0, want 1 or 2", h.Channels)
	}
	return h, nil
}

// parseMapping reads the channel mapping table, RFC 7845 §5.1.1.
func (h *OggHeader) parseMapping(b []byte) error {
	if len(b) < tableSize+int(h.Channels) {
		return badHeader("mapping table of %d bytes for %d channels", len(b), h.Channels)
	}
	h.StreamCount, h.CoupledCount = b[0], b[1]
	h.ChannelMapping = string(b[tableSize : tableSize+int(h.Channels)])
	decoded := int(h.StreamCount) + int(h.CoupledCount)
	if h.StreamCount == 0 || h.CoupledCount > h.StreamCount || decoded > 255 {
		return badHeader("%d streams of which %d are coupled", h.StreamCount, h.CoupledCount)
	}
	for i := range h.Channels {
		// "This value MUST either be smaller than (M+N), or be the special value 255."
		if index := int(h.ChannelMapping[i]); index >= decoded && index != 255 {
			return badHeader("channel %d is decoded channel %d of %d", i, index, decoded)
		}
	}
	return nil
}

// OpusTags is the comment header of an Opus stream, RFC 7845 §5.2.
type OpusTags struct {
	// Vendor is the program that wrote the stream.
	Vendor string
	// UserComments are the comments, in order.
	UserComments []UserComment
}

// A UserComment is a comment, such as ARTIST, and its value.
type UserComment struct {
	Comment string
	Value   string
}

// ParseOpusTags reads a comment header, which is the payload of a stream's second
// page unless it is larger than a page. The error is a *media.FormatError. A
// comment without "=" has an empty value.
func ParseOpusTags(payload []byte) (*OpusTags, error) {
	if len(payload) < signatureSize || HeaderType(payload[:signatureSize]) != HeaderOpusTags {
		return nil, badHeader("signature %q, want %q", payload[:min(signatureSize, len(payload))], HeaderOpusTags)
	}
	rest := payload[signatureSize:]
	number := func(what string) (int, error) {
		if len(rest) < 4 {
			return 0, badHeader("%s is cut short", what)
		}
		n := binary.LittleEndian.Uint32(rest)
		// RFC 7845 §5.2: lengths and counts MUST NOT exceed "the rest of the
		// packet". A comment takes more bytes than one.
		if rest = rest[4:]; uint64(n) > uint64(len(rest)) {
			return 0, badHeader("%s %d with %d bytes left", what, n, len(rest))
		}
		return int(n), nil
	}
	text := func(what string) (string, error) {
		n, err := number(what)
		if err != nil {
			return "", err
		}
		s := string(rest[:n])
		rest = rest[n:]
		return s, nil
	}
	vendor, err := text("vendor string length")
	if err != nil {
		return nil, err
	}
	count, err := number("number of comments")
	if err != nil {
		return nil, err
	}
	tags := &OpusTags{Vendor: vendor}
	for range count {
		s, err := text("comment length")
		if err != nil {
			return nil, err
		}
		name, value, _ := strings.Cut(s, "=")
		tags.UserComments = append(tags.UserComments, UserComment{Comment: name, Value: value})
	}
	return tags, nil
}
