package webrtc

// ICEComponent says what an ICE transport carries (webrtc-pc §5.6.6,
// RTCIceComponent). The values are the component ids of RFC 8839 §5.1.
type ICEComponent int

const (
	// ICEComponentUnknown is the zero value.
	ICEComponentUnknown ICEComponent = iota

	// ICEComponentRTP carries RTP and whatever is multiplexed with it: RTCP
	// (RFC 5761), DTLS and so data channels. Its component id is 1.
	ICEComponentRTP

	// ICEComponentRTCP carries RTCP that is not multiplexed. Its component id
	// is 2.
	ICEComponentRTCP
)

var iceComponentNames = []string{unknownName, "rtp", "rtcp"}

// String returns W3C's name, "rtp" or "rtcp", or "unknown".
func (t ICEComponent) String() string { return nameOf(iceComponentNames, t) }
