package webrtc

import "encoding/json"

// SDPSemantics says how a description with several tracks of a kind is laid
// out. RFC 9429 knows one layout, a section for each track, which its
// predecessors called Unified Plan.
type SDPSemantics int

const (
	// SDPSemanticsUnifiedPlan is a section for each track. It is the zero value.
	SDPSemanticsUnifiedPlan SDPSemantics = iota

	// SDPSemanticsPlanB is one section for all tracks of a kind. Browsers gave
	// it up in 2021; NewPeerConnection refuses it with a
	// *rtcerr.NotSupportedError.
	SDPSemanticsPlanB

	// SDPSemanticsUnifiedPlanWithFallback is the same as SDPSemanticsUnifiedPlan.
	SDPSemanticsUnifiedPlanWithFallback
)

var sdpSemanticsNames = []string{"unified-plan", "plan-b", "unified-plan-with-fallback"}

// String returns the name, such as "unified-plan", or "unknown".
func (s SDPSemantics) String() string { return nameOf(sdpSemanticsNames, s) }

// MarshalJSON writes the name.
func (s SDPSemantics) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads a name; null and "" stand for SDPSemanticsUnifiedPlan.
// Any other text is a *rtcerr.TypeError and leaves s as it was.
func (s *SDPSemantics) UnmarshalJSON(b []byte) error {
	v, err := policyFromJSON[SDPSemantics](sdpSemanticsNames, "SDPSemantics", b)
	if err == nil {
		*s = v
	}
	return err
}
