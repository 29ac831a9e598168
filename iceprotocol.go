package webrtc

import (
	"fmt"
	"strings"
)

// ICEProtocol is the transport protocol of a candidate (webrtc-pc §4.8.1.4,
// RTCIceProtocol).
type ICEProtocol int

const (
	// ICEProtocolUnknown is the zero value.
	ICEProtocolUnknown ICEProtocol = iota

	// ICEProtocolUDP is UDP.
	ICEProtocolUDP

	// ICEProtocolTCP is TCP (RFC 6544).
	ICEProtocolTCP
)

var iceProtocolNames = []string{unknownName, "udp", "tcp"}

// NewICEProtocol returns the protocol with the given name, in either case. For
// any other text it returns ICEProtocolUnknown and an error that matches
// ErrUnknownType.
func NewICEProtocol(raw string) (ICEProtocol, error) {
	t, ok := valueOf[ICEProtocol](iceProtocolNames, strings.ToLower(raw))
	if !ok {
		return ICEProtocolUnknown, fmt.Errorf("%w protocol: %s", ErrUnknownType, raw)
	}
	return t, nil
}

// String returns "udp", "tcp" or "unknown".
func (t ICEProtocol) String() string { return nameOf(iceProtocolNames, t) }
