package ice

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// NetworkType is a transport protocol over one version of IP.
type NetworkType int

const (
	// NetworkTypeUDP4 is UDP over IPv4.
	NetworkTypeUDP4 NetworkType = iota + 1
	// NetworkTypeUDP6 is UDP over IPv6.
	NetworkTypeUDP6
	// NetworkTypeTCP4 is TCP over IPv4 (RFC 6544).
	NetworkTypeTCP4
	// NetworkTypeTCP6 is TCP over IPv6 (RFC 6544).
	NetworkTypeTCP6
)

// NewNetworkType reads the form that String writes: udp4, udp6, tcp4 or tcp6,
// in any case of letters. Its error is a *rtcerr.SyntaxError.
func NewNetworkType(raw string) (NetworkType, error) {
	for t := NetworkTypeUDP4; t <= NetworkTypeTCP6; t++ {
		if equalFold(raw, t.String()) {
			return t, nil
		}
	}
	return 0, &rtcerr.SyntaxError{Err: fmt.Errorf("network type %.40q is not one of udp4, udp6, tcp4 and tcp6", raw)}
}

// String returns udp4, udp6, tcp4 or tcp6.
func (t NetworkType) String() string {
	switch t {
	case NetworkTypeUDP4:
		return "udp4"
	case NetworkTypeUDP6:
		return "udp6"
	case NetworkTypeTCP4:
		return "tcp4"
	case NetworkTypeTCP6:
		return "tcp6"
	}
	return fmt.Sprintf("unknown network type %d", int(t))
}

// Protocol returns the transport as it stands in a candidate line: "udp" or
// "tcp" (RFC 8839 §5.1, RFC 6544 §4.5); "" for a value that is no constant.
func (t NetworkType) Protocol() string {
	switch {
	case t.IsUDP():
		return "udp"
	case t.IsTCP():
		return "tcp"
	}
	return ""
}

// NetworkShort is Protocol under the name that pion/ice gives it.
func (t NetworkType) NetworkShort() string { return t.Protocol() }

// IsUDP reports whether t is UDP over either version of IP.
func (t NetworkType) IsUDP() bool { return t == NetworkTypeUDP4 || t == NetworkTypeUDP6 }

// IsTCP reports whether t is TCP over either version of IP.
func (t NetworkType) IsTCP() bool { return t == NetworkTypeTCP4 || t == NetworkTypeTCP6 }

// IsReliable reports whether the transport retransmits by itself: TCP does.
func (t NetworkType) IsReliable() bool { return t.IsTCP() }

// IsIPv4 reports whether t runs over IPv4.
func (t NetworkType) IsIPv4() bool { return t == NetworkTypeUDP4 || t == NetworkTypeTCP4 }

// IsIPv6 reports whether t runs over IPv6.
func (t NetworkType) IsIPv6() bool { return t == NetworkTypeUDP6 || t == NetworkTypeTCP6 }

// networkTypeOf returns the type for a protocol, "udp" or "tcp" in any case of
// letters, and the IP version of addr. An invalid addr (a name not resolved yet)
// counts as IPv4. A digit behind the protocol, as in "udp4", is what programs
// write in configurations; the address decides.
func networkTypeOf(protocol string, addr netip.Addr) (NetworkType, bool) {
	v6 := addr.Is6() && !addr.Is4In6()
	switch strings.ToLower(protocol) {
	case "udp", "udp4", "udp6":
		if v6 {
			return NetworkTypeUDP6, true
		}
		return NetworkTypeUDP4, true
	case "tcp", "tcp4", "tcp6":
		if v6 {
			return NetworkTypeTCP6, true
		}
		return NetworkTypeTCP4, true
	}
	return 0, false
}
