package codec

import (
	"strconv"
	"strings"
)

// Kind is a kind of media.
type Kind uint8

// The kinds of media. The zero value is neither.
const (
	Audio Kind = 1
	Video Kind = 2
)

// String returns "audio", "video" or "unknown".
func (k Kind) String() string {
	switch k {
	case Audio:
		return "audio"
	case Video:
		return "video"
	}
	return "unknown"
}

// ParseKind returns the kind that an m= line names, without regard to case. It
// reports false for any other.
func ParseKind(s string) (Kind, bool) {
	switch {
	case strings.EqualFold(s, "audio"):
		return Audio, true
	case strings.EqualFold(s, "video"):
		return Video, true
	}
	return 0, false
}

// Feedback is a kind of RTCP feedback, as in a=rtcp-fb (RFC 4585 §4.2):
// {"nack", "pli"}.
type Feedback struct {
	Type      string
	Parameter string
}

// A Codec is one payload type of an m= section.
type Codec struct {
	// PayloadType is 0 to 127.
	PayloadType uint8
	// MimeType is kind and encoding name: "video/VP8", "video/rtx",
	// "audio/telephone-event". Case does not count (RFC 4855 §3).
	MimeType string
	// ClockRate is the rate of RTP timestamps in hertz.
	ClockRate uint32
	// Channels is the number that a=rtpmap has; 0 where it has none, which means
	// one channel (RFC 8866 §6.6).
	Channels uint16
	// Fmtp is the value of a=fmtp without the payload type, or "".
	Fmtp string
	// Feedback is what RTCP feedback the receiver gives or the sender heeds.
	Feedback []Feedback
}

// Name returns the encoding name, "VP8" for "video/VP8".
func (c Codec) Name() string {
	return c.MimeType[strings.IndexByte(c.MimeType, '/')+1:]
}

// Kind returns the kind that the MIME type names, or 0.
func (c Codec) Kind() Kind {
	kind, _, _ := strings.Cut(c.MimeType, "/")
	k, _ := ParseKind(kind)
	return k
}

// is reports whether the encoding name is one of names.
func (c Codec) is(names ...string) bool {
	own := c.Name()
	for _, n := range names {
		if strings.EqualFold(own, n) {
			return true
		}
	}
	return false
}

// IsRTX reports whether the format carries retransmissions (RFC 4588).
func (c Codec) IsRTX() bool { return c.is("rtx") }

// IsRED reports whether the format carries redundancy in front of a packet's
// own payload (RFC 2198).
func (c Codec) IsRED() bool { return c.is("red") }

// IsFEC reports whether the format carries parity packets: ulpfec (RFC 5109),
// flexfec (RFC 8627) and the draft of the latter that is in use, flexfec-03.
func (c Codec) IsFEC() bool { return c.is("ulpfec", "flexfec", "flexfec-03", "parityfec") }

// IsAuxiliary reports whether the format is no media by itself: rtx, red, parity
// packets, comfort noise and telephone events.
func (c Codec) IsAuxiliary() bool {
	return c.IsRTX() || c.IsRED() || c.IsFEC() || c.is("CN", "telephone-event")
}

// Apt returns the payload type that an rtx format retransmits, from the
// parameter apt. RFC 4588 §8.1: "apt: the associated payload type [...] is a
// REQUIRED parameter".
func (c Codec) Apt() (pt uint8, ok bool) {
	if !c.IsRTX() {
		return 0, false
	}
	value, ok := ParseFmtp(c.Fmtp).Get("apt")
	if !ok {
		return 0, false
	}
	return parsePayloadType(value)
}

func parsePayloadType(s string) (uint8, bool) {
	n, err := strconv.ParseUint(s, 10, 7)
	if err != nil {
		return 0, false
	}
	return uint8(n), true
}
