package webrtc

import "encoding/json"

// ICETransportPolicy limits the candidates that a connection may use
// (webrtc-pc §4.2.4, RTCIceTransportPolicy).
type ICETransportPolicy int

const (
	// ICETransportPolicyAll allows every candidate. It is the zero value.
	ICETransportPolicyAll ICETransportPolicy = iota

	// ICETransportPolicyRelay allows relayed candidates only, so that the peer
	// learns none of the program's addresses. Without TURN, which is to come,
	// there are none.
	ICETransportPolicyRelay

	// ICETransportPolicyNoHost allows all but host candidates. W3C has no such
	// policy; NewPeerConnection refuses it with a *rtcerr.NotSupportedError.
	ICETransportPolicyNoHost
)

// ICEGatherPolicy is ORTC's name for ICETransportPolicy.
type ICEGatherPolicy = ICETransportPolicy

var iceTransportPolicyNames = []string{"all", "relay", "nohost"}

// NewICETransportPolicy returns the policy with the given name, and
// ICETransportPolicyAll for any other text.
func NewICETransportPolicy(raw string) ICETransportPolicy {
	t, _ := valueOf[ICETransportPolicy](iceTransportPolicyNames, raw)
	return t
}

// String returns W3C's name, "all" or "relay", or "nohost", or "unknown".
func (t ICETransportPolicy) String() string { return nameOf(iceTransportPolicyNames, t) }

// MarshalJSON writes the policy's name.
func (t ICETransportPolicy) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads a policy's name; null and "" stand for
// ICETransportPolicyAll. Any other text is a *rtcerr.TypeError and leaves t as
// it was.
func (t *ICETransportPolicy) UnmarshalJSON(b []byte) error {
	v, err := policyFromJSON[ICETransportPolicy](iceTransportPolicyNames, "ICETransportPolicy", b)
	if err == nil {
		*t = v
	}
	return err
}
