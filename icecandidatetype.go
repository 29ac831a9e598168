package webrtc

import "fmt"

// ICECandidateType is the kind of a candidate (RFC 8445 §4, webrtc-pc
// §4.8.1.6, RTCIceCandidateType).
type ICECandidateType int

const (
	// ICECandidateTypeUnknown is the zero value.
	ICECandidateTypeUnknown ICECandidateType = iota

	// ICECandidateTypeHost is an address of one of the agent's own interfaces
	// (RFC 8445 §5.1.1.1).
	ICECandidateTypeHost

	// ICECandidateTypeSrflx is a server-reflexive candidate: the address that a
	// NAT gave to the agent's socket, as a STUN server saw it (RFC 8445
	// §5.1.1.2).
	ICECandidateTypeSrflx

	// ICECandidateTypePrflx is a peer-reflexive candidate: the address of the
	// agent's socket as the peer saw it in a check (RFC 8445 §7.2.5.3.1).
	ICECandidateTypePrflx

	// ICECandidateTypeRelay is an address that a TURN server lends (RFC 8445
	// §5.1.1.2).
	ICECandidateTypeRelay
)

var iceCandidateTypeNames = []string{unknownName, "host", "srflx", "prflx", "relay"}

// NewICECandidateType returns the type with the given name. For any other text
// it returns ICECandidateTypeUnknown and an error that matches ErrUnknownType.
func NewICECandidateType(raw string) (ICECandidateType, error) {
	t, ok := valueOf[ICECandidateType](iceCandidateTypeNames, raw)
	if !ok {
		return ICECandidateTypeUnknown, fmt.Errorf("%w candidate type: %s", ErrUnknownType, raw)
	}
	return t, nil
}

// String returns W3C's name, such as "srflx", or "unknown".
func (t ICECandidateType) String() string { return nameOf(iceCandidateTypeNames, t) }

// MarshalText returns the type's name.
func (t ICECandidateType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a type's name. Any other text is an error that matches
// ErrUnknownType and sets t to ICECandidateTypeUnknown.
func (t *ICECandidateType) UnmarshalText(b []byte) (err error) {
	*t, err = NewICECandidateType(string(b))
	return err
}
