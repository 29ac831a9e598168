package webrtc

// ICEGatheringState sums up how far a connection's ICE transports have come
// with gathering their candidates (webrtc-pc §4.3.2, RTCIceGatheringState).
type ICEGatheringState int

const (
	// ICEGatheringStateUnknown is the zero value; no connection is in it.
	ICEGatheringStateUnknown ICEGatheringState = iota

	// ICEGatheringStateNew means that there is no transport, or that one has
	// not begun to gather and none is gathering.
	ICEGatheringStateNew

	// ICEGatheringStateGathering means that a transport is gathering.
	ICEGatheringStateGathering

	// ICEGatheringStateComplete means that every transport has gathered all its
	// candidates, and that there is one.
	ICEGatheringStateComplete
)

var iceGatheringStateNames = []string{unknownName, "new", "gathering", "complete"}

// NewICEGatheringState returns the state with the given name, and
// ICEGatheringStateUnknown for any other text.
func NewICEGatheringState(raw string) ICEGatheringState {
	t, _ := valueOf[ICEGatheringState](iceGatheringStateNames, raw)
	return t
}

// String returns W3C's name, such as "gathering", or "unknown".
func (t ICEGatheringState) String() string { return nameOf(iceGatheringStateNames, t) }
