package webrtc

// ICEConnectionState sums up the states of a connection's ICE transports
// (webrtc-pc §4.3.4, RTCIceConnectionState).
type ICEConnectionState int

const (
	// ICEConnectionStateUnknown is the zero value; no connection is in it.
	ICEConnectionStateUnknown ICEConnectionState = iota

	// ICEConnectionStateNew means that there is no transport, that all are
	// closed, or that one is new and none checking, disconnected or failed.
	ICEConnectionStateNew

	// ICEConnectionStateChecking means that a transport checks its candidate
	// pairs and none is disconnected or failed.
	ICEConnectionStateChecking

	// ICEConnectionStateConnected means that every transport is connected,
	// completed or closed, and one at least connected.
	ICEConnectionStateConnected

	// ICEConnectionStateCompleted means that every transport is completed or
	// closed, and one at least completed.
	ICEConnectionStateCompleted

	// ICEConnectionStateDisconnected means that a transport has lost its peer,
	// perhaps for a while only, and none has failed.
	ICEConnectionStateDisconnected

	// ICEConnectionStateFailed means that a transport has found no path, or
	// lost it for good. An ICE restart may find another.
	ICEConnectionStateFailed

	// ICEConnectionStateClosed means that the connection was closed.
	ICEConnectionStateClosed
)

var iceConnectionStateNames = []string{
	unknownName, "new", "checking", "connected", "completed", "disconnected", "failed", "closed",
}

// NewICEConnectionState returns the state with the given name, and
// ICEConnectionStateUnknown for any other text.
func NewICEConnectionState(raw string) ICEConnectionState {
	c, _ := valueOf[ICEConnectionState](iceConnectionStateNames, raw)
	return c
}

// String returns W3C's name, such as "checking", or "unknown".
func (c ICEConnectionState) String() string { return nameOf(iceConnectionStateNames, c) }
