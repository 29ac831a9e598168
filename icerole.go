package webrtc

// ICERole is an agent's role in the choice of the path (RFC 8445 §6.1.1,
// webrtc-pc §5.6.5, RTCIceRole).
type ICERole int

const (
	// ICERoleUnknown is the zero value: the role is not decided yet.
	ICERoleUnknown ICERole = iota

	// ICERoleControlling is the role of the agent that nominates the pair.
	ICERoleControlling

	// ICERoleControlled is the role of the agent that follows.
	ICERoleControlled
)

var iceRoleNames = []string{unknownName, "controlling", "controlled"}

// String returns W3C's name, "controlling" or "controlled", or "unknown".
func (t ICERole) String() string { return nameOf(iceRoleNames, t) }

// MarshalText returns the role's name.
func (t ICERole) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a role's name. Any other text gives ICERoleUnknown; the
// error is always nil.
func (t *ICERole) UnmarshalText(b []byte) error {
	*t, _ = valueOf[ICERole](iceRoleNames, string(b))
	return nil
}
