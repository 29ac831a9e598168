package webrtc

// DTLSRole is a peer's part in the DTLS handshake (RFC 8842 §5).
type DTLSRole byte

const (
	// DTLSRoleUnknown is the zero value: the role is not decided yet.
	DTLSRoleUnknown DTLSRole = iota

	// DTLSRoleAuto leaves the role to the ICE role: the controlled agent is the
	// client.
	DTLSRoleAuto

	// DTLSRoleClient begins the handshake; in a description a=setup:active.
	DTLSRoleClient

	// DTLSRoleServer awaits it; in a description a=setup:passive.
	DTLSRoleServer
)

var dtlsRoleNames = []string{unknownName, "auto", "client", "server"}

// String returns "auto", "client", "server" or "unknown".
func (r DTLSRole) String() string { return nameOf(dtlsRoleNames, r) }
