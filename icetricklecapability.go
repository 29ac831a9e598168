package webrtc

// ICETrickleCapability says whether the peer takes candidates one by one
// (RFC 8838 §3; canTrickleIceCandidates of webrtc-pc §4.4.2).
type ICETrickleCapability int

const (
	// ICETrickleCapabilityUnknown means that there is no remote description
	// yet. It is the zero value.
	ICETrickleCapabilityUnknown ICETrickleCapability = iota

	// ICETrickleCapabilitySupported means that the remote description has the
	// ICE option "trickle".
	ICETrickleCapabilitySupported

	// ICETrickleCapabilityUnsupported means that it has not: the peer is to be
	// sent a description with all candidates.
	ICETrickleCapabilityUnsupported
)

var iceTrickleCapabilityNames = []string{unknownName, "supported", "unsupported"}

// String returns "supported", "unsupported" or "unknown".
func (t ICETrickleCapability) String() string { return nameOf(iceTrickleCapabilityNames, t) }
