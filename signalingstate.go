package webrtc

import "sync/atomic"

// SignalingState says how far an exchange of offer and answer has come
// (webrtc-pc §4.3.1, RTCSignalingState).
type SignalingState int32

const (
	// SignalingStateUnknown is the zero value; no connection is in it.
	SignalingStateUnknown SignalingState = iota

	// SignalingStateStable means that no exchange is under way. It is the
	// initial state.
	SignalingStateStable

	// SignalingStateHaveLocalOffer means that a local offer was applied and
	// awaits the peer's answer.
	SignalingStateHaveLocalOffer

	// SignalingStateHaveRemoteOffer means that the peer's offer was applied and
	// awaits a local answer.
	SignalingStateHaveRemoteOffer

	// SignalingStateHaveLocalPranswer means that the peer's offer was answered
	// provisionally.
	SignalingStateHaveLocalPranswer

	// SignalingStateHaveRemotePranswer means that the peer answered the local
	// offer provisionally.
	SignalingStateHaveRemotePranswer

	// SignalingStateClosed means that the connection was closed.
	SignalingStateClosed
)

var signalingStateNames = []string{
	unknownName, "stable", "have-local-offer", "have-remote-offer", "have-local-pranswer", "have-remote-pranswer", "closed",
}

// String returns W3C's name, such as "have-local-offer", or "unknown".
func (t SignalingState) String() string { return nameOf(signalingStateNames, t) }

// Get reads the state atomically.
func (t *SignalingState) Get() SignalingState {
	return SignalingState(atomic.LoadInt32((*int32)(t)))
}

// Set writes the state atomically.
func (t *SignalingState) Set(state SignalingState) {
	atomic.StoreInt32((*int32)(t), int32(state))
}
