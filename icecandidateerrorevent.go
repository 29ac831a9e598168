package webrtc

// ICECandidateErrorEvent says why a STUN or TURN server yielded no candidate
// (webrtc-pc §4.8.3, RTCPeerConnectionIceErrorEvent).
type ICECandidateErrorEvent struct {
	// Address is the local address that the server was asked from, without a
	// port, or "" where that must stay hidden or is not known.
	Address string
	// Port is the local port; nil where Address is "".
	Port *uint16
	// URL is the server's, as it stands in the configuration.
	URL string
	// ErrorCode is the server's STUN error code, 300 to 699 (RFC 8489 §14.8), or
	// 701 if the server could not be reached.
	ErrorCode uint16
	// ErrorText is the reason phrase that came with the code, or what was
	// wrong with the connection.
	ErrorText string
}
