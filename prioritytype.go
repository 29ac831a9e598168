package webrtc

import "encoding/json"

// PriorityType says how important an encoding is beside others
// (webrtc-priority §3, RTCPriorityType).
type PriorityType int

const (
	// PriorityTypeUnknown is the zero value: not given, which means
	// PriorityTypeLow.
	PriorityTypeUnknown PriorityType = iota

	// PriorityTypeVeryLow is below what is usual: half as important as
	// PriorityTypeLow (RFC 8831 §6.4).
	PriorityTypeVeryLow

	// PriorityTypeLow is what is usual, and W3C's default.
	PriorityTypeLow

	// PriorityTypeMedium is twice as important as PriorityTypeLow.
	PriorityTypeMedium

	// PriorityTypeHigh is four times as important as PriorityTypeLow.
	PriorityTypeHigh
)

var priorityTypeNames = []string{unknownName, "very-low", "low", "medium", "high"}

// String returns W3C's name, such as "very-low", or "unknown".
func (t PriorityType) String() string { return nameOf(priorityTypeNames, t) }

// MarshalJSON writes the priority's name.
func (t PriorityType) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads a priority's name; null, "" and "unknown" stand for
// PriorityTypeUnknown. Any other text is a *rtcerr.TypeError and leaves t as it
// was.
func (t *PriorityType) UnmarshalJSON(b []byte) error {
	v, err := policyFromJSON[PriorityType](priorityTypeNames, "PriorityType", b)
	if err == nil {
		*t = v
	}
	return err
}
