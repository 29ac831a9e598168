package webrtc

// ICETransportState is the state of one ICE transport (webrtc-pc §5.6.4,
// RTCIceTransportState).
type ICETransportState int

const (
	// ICETransportStateUnknown is the zero value; no transport is in it.
	ICETransportStateUnknown ICETransportState = iota

	// ICETransportStateNew means that candidates are being gathered, or that
	// none of the peer's is known yet; no check was sent.
	ICETransportStateNew

	// ICETransportStateChecking means that candidate pairs are being checked
	// and none has succeeded yet.
	ICETransportStateChecking

	// ICETransportStateConnected means that a pair works, while gathering,
	// checking or the peer's trickling still goes on and may find a better one.
	ICETransportStateConnected

	// ICETransportStateCompleted means that a pair works and the search is over.
	ICETransportStateCompleted

	// ICETransportStateFailed means that the search is over without a working
	// pair, or that consent to the last one expired (RFC 7675 §5.1).
	ICETransportStateFailed

	// ICETransportStateDisconnected means that nothing came from the peer for a
	// while. It may pass by itself.
	ICETransportStateDisconnected

	// ICETransportStateClosed means that the transport was stopped and no
	// longer answers STUN requests.
	ICETransportStateClosed
)

var iceTransportStateNames = []string{
	unknownName, "new", "checking", "connected", "completed", "failed", "disconnected", "closed",
}

// String returns W3C's name, such as "checking", or "unknown".
func (c ICETransportState) String() string { return nameOf(iceTransportStateNames, c) }

// MarshalText returns the state's name.
func (c ICETransportState) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a state's name. Any other text gives
// ICETransportStateUnknown; the error is always nil.
func (c *ICETransportState) UnmarshalText(b []byte) error {
	*c, _ = valueOf[ICETransportState](iceTransportStateNames, string(b))
	return nil
}
