package webrtc

import "encoding/json"

// BundlePolicy says on how many transports media is offered to a peer that may
// not know BUNDLE (RFC 9143, RFC 9429 §4.1.1; webrtc-pc §4.2.5,
// RTCBundlePolicy). A peer that knows it gets all media on one transport.
type BundlePolicy int

const (
	// BundlePolicyUnknown is the zero value: not given. A constructor takes it
	// for BundlePolicyBalanced, SetConfiguration for no change.
	BundlePolicyUnknown BundlePolicy = iota

	// BundlePolicyBalanced offers a transport for each kind of media: audio,
	// video and data. To a peer without BUNDLE only one section of each kind is
	// usable. It is W3C's default.
	BundlePolicyBalanced

	// BundlePolicyMaxCompat offers a transport for each section.
	BundlePolicyMaxCompat

	// BundlePolicyMaxBundle offers one transport in all. To a peer without
	// BUNDLE only the first section is usable.
	BundlePolicyMaxBundle
)

var bundlePolicyNames = []string{unknownName, "balanced", "max-compat", "max-bundle"}

// String returns W3C's name, such as "max-bundle", or "unknown".
func (t BundlePolicy) String() string { return nameOf(bundlePolicyNames, t) }

// MarshalJSON writes the policy's name.
func (t BundlePolicy) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads a policy's name; null, "" and "unknown" stand for
// BundlePolicyUnknown. Any other text is a *rtcerr.TypeError and leaves t as it
// was.
func (t *BundlePolicy) UnmarshalJSON(b []byte) error {
	v, err := policyFromJSON[BundlePolicy](bundlePolicyNames, "BundlePolicy", b)
	if err == nil {
		*t = v
	}
	return err
}
