package webrtc

import "encoding/json"

// RTCPMuxPolicy says whether RTCP may need a path of its own (RFC 5761, RFC
// 9429 §4.1.1; webrtc-pc §4.2.6, RTCRtcpMuxPolicy).
type RTCPMuxPolicy int

const (
	// RTCPMuxPolicyUnknown is the zero value: not given. A constructor takes it
	// for RTCPMuxPolicyRequire, SetConfiguration for no change.
	RTCPMuxPolicyUnknown RTCPMuxPolicy = iota

	// RTCPMuxPolicyNegotiate gathers candidates for RTCP as well, for a peer
	// that does not multiplex.
	RTCPMuxPolicyNegotiate

	// RTCPMuxPolicyRequire gathers none, and refuses sections of a peer that
	// does not multiplex. It is W3C's default.
	RTCPMuxPolicyRequire
)

var rtcpMuxPolicyNames = []string{unknownName, "negotiate", "require"}

// String returns W3C's name, "negotiate" or "require", or "unknown".
func (t RTCPMuxPolicy) String() string { return nameOf(rtcpMuxPolicyNames, t) }

// MarshalJSON writes the policy's name.
func (t RTCPMuxPolicy) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads a policy's name; null, "" and "unknown" stand for
// RTCPMuxPolicyUnknown. Any other text is a *rtcerr.TypeError and leaves t as
// it was.
func (t *RTCPMuxPolicy) UnmarshalJSON(b []byte) error {
	v, err := policyFromJSON[RTCPMuxPolicy](rtcpMuxPolicyNames, "RTCPMuxPolicy", b)
	if err == nil {
		*t = v
	}
	return err
}
