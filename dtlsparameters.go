package webrtc

// DTLSFingerprint is the hash of a certificate, by which a peer is known
// (RFC 8122 §5; webrtc-pc §5.5.2, RTCDtlsFingerprint).
type DTLSFingerprint struct {
	// Algorithm is the hash function's name in the registry of RFC 8122 §8, in
	// lower case, such as "sha-256".
	Algorithm string `json:"algorithm"`

	// Value is the hash as pairs of hexadecimal digits joined by colons. Those
	// that the library makes are in lower case; both are understood.
	Value string `json:"value"`
}

// DTLSParameters are one side's part in a DTLS handshake.
type DTLSParameters struct {
	// Role is the side's role; DTLSRoleAuto leaves it to the other.
	Role DTLSRole `json:"role"`
	// Fingerprints are those of the side's certificates.
	Fingerprints []DTLSFingerprint `json:"fingerprints"`
}
