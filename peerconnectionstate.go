package webrtc

// PeerConnectionState sums up the states of a connection's ICE and DTLS
// transports (webrtc-pc §4.3.3, RTCPeerConnectionState).
type PeerConnectionState int

const (
	// PeerConnectionStateUnknown is the zero value; no connection is in it.
	PeerConnectionStateUnknown PeerConnectionState = iota

	// PeerConnectionStateNew means that there is no transport, or that every
	// transport is new or closed.
	PeerConnectionStateNew

	// PeerConnectionStateConnecting means that a transport is being set up.
	PeerConnectionStateConnecting

	// PeerConnectionStateConnected means that every transport has a path that
	// is secured, or is closed.
	PeerConnectionStateConnected

	// PeerConnectionStateDisconnected means that an ICE transport has lost its
	// peer, perhaps for a while only.
	PeerConnectionStateDisconnected

	// PeerConnectionStateFailed means that an ICE or a DTLS transport failed.
	PeerConnectionStateFailed

	// PeerConnectionStateClosed means that the connection was closed.
	PeerConnectionStateClosed
)

var peerConnectionStateNames = []string{
	unknownName, "new", "connecting", "connected", "disconnected", "failed", "closed",
}

// String returns W3C's name, such as "connecting", or "unknown".
func (t PeerConnectionState) String() string { return nameOf(peerConnectionStateNames, t) }
