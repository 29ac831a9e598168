package dtlstransport

import "fmt"

// Role is the side of the handshake that a Transport takes (RFC 8842 §5).
type Role uint8

const (
	// Active is the DTLS client: it sends the ClientHello ("a=setup:active").
	Active Role = iota + 1
	// Passive is the DTLS server: it waits for one ("a=setup:passive").
	Passive
)

// String returns the value of the setup attribute that names the role
// (RFC 4145 §4).
func (r Role) String() string {
	switch r {
	case Active:
		return "active"
	case Passive:
		return "passive"
	}
	return fmt.Sprintf("Role(%d)", uint8(r))
}

// State is the state of a Transport, as RTCDtlsTransportState has it
// (webrtc-pc §5.5).
type State uint8

const (
	// StateNew means that Start has not been called.
	StateNew State = iota
	// StateConnecting means that the handshake runs.
	StateConnecting
	// StateConnected means that the handshake is done and the peer's certificate
	// bears one of the expected fingerprints.
	StateConnected
	// StateClosed means that Close was called or that the peer sent close_notify.
	StateClosed
	// StateFailed means that the handshake failed or that the peer sent a fatal
	// alert.
	StateFailed
)

// String returns the name that webrtc-pc §5.5 gives the state.
func (s State) String() string {
	switch s {
	case StateNew:
		return "new"
	case StateConnecting:
		return "connecting"
	case StateConnected:
		return "connected"
	case StateClosed:
		return "closed"
	case StateFailed:
		return "failed"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}
