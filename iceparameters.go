package webrtc

// ICEParameters are the credentials of one side of an ICE transport (webrtc-pc
// §5.6.2, RTCIceParameters).
type ICEParameters struct {
	// UsernameFragment is 4 to 256 characters long (RFC 8839 §5.4).
	UsernameFragment string `json:"usernameFragment"`
	// Password is 22 to 256 characters long.
	Password string `json:"password"`
	// ICELite says that this side only answers checks (RFC 8445 §2.5).
	ICELite bool `json:"iceLite"`
}
