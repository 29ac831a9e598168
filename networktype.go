package webrtc

import "fmt"

// NetworkType is a transport protocol together with an IP version.
type NetworkType int

const (
	// NetworkTypeUnknown is the zero value.
	NetworkTypeUnknown NetworkType = iota

	// NetworkTypeUDP4 is UDP over IPv4.
	NetworkTypeUDP4

	// NetworkTypeUDP6 is UDP over IPv6.
	NetworkTypeUDP6

	// NetworkTypeTCP4 is TCP over IPv4.
	NetworkTypeTCP4

	// NetworkTypeTCP6 is TCP over IPv6.
	NetworkTypeTCP6
)

var networkTypeNames = []string{unknownName, "udp4", "udp6", "tcp4", "tcp6"}

// NewNetworkType returns the type with the given name, such as "udp4". For any
// other text it returns NetworkTypeUnknown and an error that matches
// ErrUnknownType.
func NewNetworkType(raw string) (NetworkType, error) {
	t, ok := valueOf[NetworkType](networkTypeNames, raw)
	if !ok {
		return NetworkTypeUnknown, fmt.Errorf("%w network type: %s", ErrUnknownType, raw)
	}
	return t, nil
}

// String returns the type's name, such as "udp4", or "unknown".
func (t NetworkType) String() string { return nameOf(networkTypeNames, t) }

// Protocol returns "udp", "tcp" or "unknown".
func (t NetworkType) Protocol() string {
	switch t {
	case NetworkTypeUDP4, NetworkTypeUDP6:
		return "udp"
	case NetworkTypeTCP4, NetworkTypeTCP6:
		return "tcp"
	default:
		return unknownName
	}
}
