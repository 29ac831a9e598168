package webrtc

import (
	"fmt"
	"math"
	"slices"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// checkEncodings is the "addTransceiver sendEncodings validation steps" of
// webrtc-pc §5.1, its steps quoted.
func checkEncodings(kind RTPCodecType, encodings []RTPEncodingParameters) error {
	for i, e := range encodings {
		switch {
		case e.RID == "" && len(encodings) > 1:
			// "Some but not all encodings contain a rid member." Nor can several be told
			// apart without.
			return &rtcerr.TypeError{Err: fmt.Errorf("encoding %d has no RID; each of several needs one", i)}
		case e.RID != "" && !isRID(e.RID):
			// "Any encoding contains a rid member whose value does not conform to the
			// grammar requirements specified in Section 10 of [RFC8851]."
			return &rtcerr.TypeError{Err: fmt.Errorf("RID %q; it has to be 1 to 255 letters, digits, - and _", e.RID)}
		case slices.ContainsFunc(encodings[:i], func(o RTPEncodingParameters) bool { return o.RID == e.RID }):
			// "Any encoding contains a rid member whose value is the same as that of a
			// rid contained in another encoding in sendEncodings."
			return &rtcerr.TypeError{Err: fmt.Errorf("RID %q stands twice", e.RID)}
		}
	}
	if err := checkResolutions(kind, encodings); err != nil {
		return &rtcerr.OperationError{Err: err}
	}
	if err := checkModes(kind, encodings); err != nil {
		return err
	}
	return checkRanges(kind, encodings)
}

func checkRanges(kind RTPCodecType, encodings []RTPEncodingParameters) error {
	// "If kind is "audio", remove the scaleResolutionDownBy and maxFramerate members
	// from all encodings that contain any of them": completed does, whatever they are.
	if kind != RTPCodecTypeVideo {
		return nil
	}
	for i, e := range encodings {
		switch {
		case e.ScaleResolutionDownBy != nil && *e.ScaleResolutionDownBy < 1:
			return &rtcerr.RangeError{Err: fmt.Errorf("encoding %d has ScaleResolutionDownBy %g; 1 or more is needed", i, *e.ScaleResolutionDownBy)}
		case e.MaxFramerate != nil && *e.MaxFramerate < 0:
			return &rtcerr.RangeError{Err: fmt.Errorf("encoding %d has MaxFramerate %g; it cannot be negative", i, *e.MaxFramerate)}
		}
	}
	return nil
}

// isRID checks the grammar of RFC 8851 §10 as RFC 8852 §3 limits it.
func isRID(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// maxEncodings is the number of streams that a sender may have.
//
// webrtc-pc §5.1: "Let maxN be the maximum number of total simultaneous encodings
// the user agent may support for this kind, at minimum 1." What a program encodes
// is not known here; the number of video bounds what descriptions and packets have
// to tell apart.
func maxEncodings(kind RTPCodecType) int {
	if kind == RTPCodecTypeVideo {
		return 16
	}
	return 1
}

// trimmed returns the encodings that a new sender has.
//
// webrtc-pc §5.1: "If the number of encodings stored in sendEncodings exceeds maxN,
// then trim sendEncodings from the tail until its length is maxN."
func trimmed(kind RTPCodecType, encodings []RTPEncodingParameters) []RTPEncodingParameters {
	return encodings[:min(len(encodings), maxEncodings(kind))]
}

// activated returns the encodings with all of them active if the program names them
// and says nothing else of any: W3C's default is true, Go's false. One that has
// limits, or nothing at all, means what it says.
func activated(encodings []RTPEncodingParameters) []RTPEncodingParameters {
	says := func(e RTPEncodingParameters) bool {
		named := e.RTPCodingParameters
		e.RTPCodingParameters = RTPCodingParameters{}
		return e != RTPEncodingParameters{} || named == RTPCodingParameters{}
	}
	if slices.ContainsFunc(encodings, says) {
		return encodings
	}
	encodings = slices.Clone(encodings)
	for i := range encodings {
		encodings[i].Active = true
	}
	return encodings
}

// scaled returns the encodings of a new transceiver with what W3C has
// ScaleResolutionDownBy be if the program leaves it out.
//
// webrtc-pc §5.1: "If kind is "video" and none of the encodings contain a
// scaleResolutionDownBy member, then for each encoding, add a
// scaleResolutionDownBy member with the value 2^(length of sendEncodings - encoding
// index - 1)."
func scaled(kind RTPCodecType, encodings []RTPEncodingParameters) []RTPEncodingParameters {
	given := func(e RTPEncodingParameters) bool { return e.ScaleResolutionDownBy != nil }
	if kind != RTPCodecTypeVideo || slices.ContainsFunc(encodings, given) {
		return encodings
	}
	encodings = slices.Clone(encodings)
	for i := range encodings {
		encodings[i].ScaleResolutionDownBy = new(math.Pow(2, float64(len(encodings)-i-1)))
	}
	return encodings
}

// completed returns a copy of encodings, of which a program may keep the pointers,
// with the defaults of W3C.
//
// webrtc-pc §5.1: "If kind is "audio", remove the scaleResolutionDownBy and
// maxFramerate members from all encodings that contain any of them." "If any encoding
// contains a scaleResolutionDownBy member, then for each encoding without one, add a
// scaleResolutionDownBy member with the value 1.0." webrtc-priority has low as the
// default of priority.
func completed(kind RTPCodecType, encodings []RTPEncodingParameters) []RTPEncodingParameters {
	encodings = cloneEncodings(encodings)
	for i := range encodings {
		e := &encodings[i]
		switch {
		case kind == RTPCodecTypeAudio:
			e.MaxFramerate, e.ScaleResolutionDownBy, e.ScaleResolutionDownTo = nil, nil, nil
		case e.ScaleResolutionDownBy == nil:
			e.ScaleResolutionDownBy = new(1.0)
		}
		if e.Priority == PriorityTypeUnknown {
			e.Priority = PriorityTypeLow
		}
	}
	return encodings
}

// cloneEncodings returns a copy in which nothing is shared that a program may
// change.
func cloneEncodings(encodings []RTPEncodingParameters) []RTPEncodingParameters {
	encodings = slices.Clone(encodings)
	for i := range encodings {
		e := &encodings[i]
		e.MaxFramerate, e.ScaleResolutionDownBy = copied(e.MaxFramerate), copied(e.ScaleResolutionDownBy)
		e.ScaleResolutionDownTo = copied(e.ScaleResolutionDownTo)
		if e.Codec = copied(e.Codec); e.Codec != nil {
			e.Codec.RTCPFeedback = slices.Clone(e.Codec.RTCPFeedback)
		}
	}
	return encodings
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}
