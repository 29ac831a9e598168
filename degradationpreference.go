package webrtc

import "encoding/json"

// DegradationPreference says what an encoder of video gives up first when the
// network or the machine does not carry all (RTCDegradationPreference of
// mst-content-hint).
type DegradationPreference int

const (
	// DegradationPreferenceUnknown is the zero value: not given.
	DegradationPreferenceUnknown DegradationPreference = iota

	// DegradationPreferenceMaintainFramerate gives up resolution.
	DegradationPreferenceMaintainFramerate

	// DegradationPreferenceMaintainResolution gives up frames.
	DegradationPreferenceMaintainResolution

	// DegradationPreferenceBalanced gives up some of both.
	DegradationPreferenceBalanced

	// DegradationPreferenceMaintainFramerateAndResolution gives up neither.
	DegradationPreferenceMaintainFramerateAndResolution
)

var degradationPreferenceNames = []string{
	unknownName, "maintain-framerate", "maintain-resolution", "balanced", "maintain-framerate-and-resolution",
}

// String returns W3C's name, such as "balanced", or "unknown".
func (t DegradationPreference) String() string { return nameOf(degradationPreferenceNames, t) }

// MarshalJSON writes the preference's name.
func (t DegradationPreference) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads a preference's name; null, "" and "unknown" stand for
// DegradationPreferenceUnknown. Any other text is a *rtcerr.TypeError and leaves t
// as it was.
func (t *DegradationPreference) UnmarshalJSON(b []byte) error {
	v, err := policyFromJSON[DegradationPreference](degradationPreferenceNames, "DegradationPreference", b)
	if err == nil {
		*t = v
	}
	return err
}
