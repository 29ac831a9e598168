package webrtc

import "strings"

// RTPCodecType is a kind of media.
type RTPCodecType int

const (
	// RTPCodecTypeUnknown is the zero value.
	RTPCodecTypeUnknown RTPCodecType = iota

	// RTPCodecTypeAudio is audio.
	RTPCodecTypeAudio

	// RTPCodecTypeVideo is video.
	RTPCodecTypeVideo
)

var rtpCodecTypeNames = []string{unknownName, "audio", "video"}

// NewRTPCodecType returns the kind with the given name, in either case, and
// RTPCodecTypeUnknown for any other text.
func NewRTPCodecType(r string) RTPCodecType {
	t, _ := valueOf[RTPCodecType](rtpCodecTypeNames, strings.ToLower(r))
	return t
}

// String returns "audio", "video" or "unknown".
func (t RTPCodecType) String() string { return nameOf(rtpCodecTypeNames, t) }
