package webrtc

// The types of RTCP feedback, for RTCPFeedback.Type.
const (
	// TypeRTCPFBTransportCC has a receiver report when each packet of a
	// transport arrived (transport-wide congestion control).
	TypeRTCPFBTransportCC = "transport-cc"

	// TypeRTCPFBGoogREMB has a receiver report the bitrate that it can take.
	TypeRTCPFBGoogREMB = "goog-remb"

	// TypeRTCPFBACK has a receiver acknowledge. With the parameter "ccfb" it
	// reports arrivals and ECN marks (RFC 8888 §6).
	TypeRTCPFBACK = "ack"

	// TypeRTCPFBCCM has a receiver steer the encoder (RFC 5104 §7.1). With the
	// parameter "fir" it asks for key frames.
	TypeRTCPFBCCM = "ccm"

	// TypeRTCPFBNACK has a receiver name what it lacks (RFC 4585 §4.2): packets,
	// or, with the parameter "pli", a picture.
	TypeRTCPFBNACK = "nack"
)

// RTCPFeedback is a kind of RTCP feedback of a codec, as in a=rtcp-fb
// (RFC 4585 §4.2).
type RTCPFeedback struct {
	// Type is one of the TypeRTCPFB constants.
	Type string

	// Parameter says more about it, such as "pli" for nack, or is "".
	Parameter string
}
