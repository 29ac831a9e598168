package webrtc

import "encoding/json"

// RTPHeaderEncryptionPolicy says whether the header extensions and contributing
// sources of media are encrypted (RFC 9335, cryptex; webrtc-extensions,
// RTCRtpHeaderEncryptionPolicy).
type RTPHeaderEncryptionPolicy int

const (
	// RTPHeaderEncryptionPolicyUnknown is the zero value: not given. A constructor
	// takes it for RTPHeaderEncryptionPolicyNegotiate, SetConfiguration for no
	// change.
	RTPHeaderEncryptionPolicyUnknown RTPHeaderEncryptionPolicy = iota

	// RTPHeaderEncryptionPolicyDisable does not offer it.
	RTPHeaderEncryptionPolicyDisable

	// RTPHeaderEncryptionPolicyNegotiate has it with peers that have it.
	RTPHeaderEncryptionPolicyNegotiate

	// RTPHeaderEncryptionPolicyRequire refuses the descriptions of other peers, and
	// packets that are not encrypted so.
	RTPHeaderEncryptionPolicyRequire
)

var rtpHeaderEncryptionPolicyNames = []string{unknownName, "disable", "negotiate", "require"}

// String returns the policy's name, such as "negotiate", or "unknown".
func (t RTPHeaderEncryptionPolicy) String() string { return nameOf(rtpHeaderEncryptionPolicyNames, t) }

// MarshalJSON writes the policy's name.
func (t RTPHeaderEncryptionPolicy) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads a policy's name; null, "" and "unknown" stand for
// RTPHeaderEncryptionPolicyUnknown. Any other text is a *rtcerr.TypeError and
// leaves t as it was.
func (t *RTPHeaderEncryptionPolicy) UnmarshalJSON(b []byte) error {
	v, err := policyFromJSON[RTPHeaderEncryptionPolicy](rtpHeaderEncryptionPolicyNames, "RTPHeaderEncryptionPolicy", b)
	if err == nil {
		*t = v
	}
	return err
}

// RTPHeaderEncryptionNegotiated tells whether the peer and this side have agreed
// that header extensions of the transceiver's media are encrypted (RFC 9335); false
// before the first exchange of descriptions.
func (t *RTPTransceiver) RTPHeaderEncryptionNegotiated() bool {
	plan := t.Sender().plan.Load()
	return plan.media != nil && plan.media.Cryptex
}
