package webrtc

// SCTPTransportState is the state of an SCTP transport (webrtc-pc §6.1.2,
// RTCSctpTransportState).
type SCTPTransportState int

const (
	// SCTPTransportStateUnknown is the zero value; no transport is in it.
	SCTPTransportStateUnknown SCTPTransportState = iota

	// SCTPTransportStateConnecting means that the association is being set up,
	// or waits for the DTLS transport. It is the initial state.
	SCTPTransportStateConnecting

	// SCTPTransportStateConnected means that the association stands.
	SCTPTransportStateConnected

	// SCTPTransportStateClosed means that the association ended: by a shutdown
	// or an abort of either side, by the end of the DTLS transport, or because
	// the data section was rejected.
	SCTPTransportStateClosed
)

var sctpTransportStateNames = []string{unknownName, "connecting", "connected", "closed"}

// String returns W3C's name, such as "connected", or "unknown".
func (s SCTPTransportState) String() string { return nameOf(sctpTransportStateNames, s) }
