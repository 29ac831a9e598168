package webrtc

// DTLSTransportState is the state of a DTLS transport (webrtc-pc §5.5.1,
// RTCDtlsTransportState).
type DTLSTransportState int

const (
	// DTLSTransportStateUnknown is the zero value; no transport is in it.
	DTLSTransportStateUnknown DTLSTransportState = iota

	// DTLSTransportStateNew means that the handshake has not begun.
	DTLSTransportStateNew

	// DTLSTransportStateConnecting means that the handshake is under way and
	// the peer's fingerprint being checked.
	DTLSTransportStateConnecting

	// DTLSTransportStateConnected means that the peer is the one whose
	// fingerprint was signalled and the path is secured.
	DTLSTransportStateConnected

	// DTLSTransportStateClosed means that one of the peers closed the
	// transport, or the connection as a whole.
	DTLSTransportStateClosed

	// DTLSTransportStateFailed means that the handshake failed or an alert
	// arrived, or that the peer showed another certificate.
	DTLSTransportStateFailed
)

var dtlsTransportStateNames = []string{unknownName, "new", "connecting", "connected", "closed", "failed"}

// String returns W3C's name, such as "connecting", or "unknown".
func (t DTLSTransportState) String() string { return nameOf(dtlsTransportStateNames, t) }

// MarshalText returns the state's name.
func (t DTLSTransportState) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a state's name. Any other text gives
// DTLSTransportStateUnknown; the error is always nil.
func (t *DTLSTransportState) UnmarshalText(b []byte) error {
	*t, _ = valueOf[DTLSTransportState](dtlsTransportStateNames, string(b))
	return nil
}
