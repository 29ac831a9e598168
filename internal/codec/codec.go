// Package codec knows the formats that RTP carries: what names them in a session
// description, which of two descriptions of one mean the same, and what an answer
// to an offer of formats is. It is pure: it keeps no state and starts nothing.
package codec

// Kind is the kind of a track: audio or video.
type Kind uint8

// The kinds of media. Zero is neither.
const (
	Audio Kind = iota + 1
	Video
)

// String returns the kind as descriptions name it: "audio" or "video".
func (k Kind) String() string {
	switch k {
	case Audio:
		return "audio"
	case Video:
		return "video"
	}
	return "unknown"
}

// ParseKind reads what String writes.
func ParseKind(s string) (k Kind, ok bool) {
	switch s {
	case "audio":
		return Audio, true
	case "video":
		return Video, true
	}
	return 0, false
}

// Feedback is one kind of RTCP feedback of a format (RFC 4585 §4.2), as
// a=rtcp-fb writes it: "nack" with the parameter "pli", for instance.
type Feedback struct {
	Type      string
	Parameter string
}

// Codec is a format of RTP as a session description has it.
type Codec struct {
	PayloadType uint8
	// MimeType is the kind and the encoding name, such as "video/VP8", compared
	// without regard to case.
	MimeType  string
	ClockRate uint32
	// Channels is as a=rtpmap has it: 0 where none is written.
	Channels uint16
	// Fmtp is the value of a=fmtp without the payload type, or "".
	Fmtp     string
	Feedback []Feedback
}
