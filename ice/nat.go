package ice

import (
	"fmt"
	"net/netip"
)

// NATDependence is how finely a NAT tells remote endpoints apart (RFC 4787 §4.1 for
// mappings, §5 for filters).
type NATDependence uint8

const (
	// NATUnknown: it could not be found out.
	NATUnknown NATDependence = iota
	// NATEndpointIndependent: all remote endpoints are alike. Without a NAT mappings
	// are so.
	NATEndpointIndependent
	// NATAddressDependent: remote addresses are told apart.
	NATAddressDependent
	// NATAddressPortDependent: remote addresses and ports are told apart. A NAT that
	// maps so is often called symmetric.
	NATAddressPortDependent
)

// String returns the words of RFC 4787.
func (d NATDependence) String() string {
	switch d {
	case NATUnknown:
		return "unknown"
	case NATEndpointIndependent:
		return "endpoint-independent"
	case NATAddressDependent:
		return "address-dependent"
	case NATAddressPortDependent:
		return "address and port-dependent"
	}
	return fmt.Sprintf("unknown dependence %d", byte(d))
}

// NATBehavior is how the network between a host and STUN servers treats UDP.
type NATBehavior struct {
	// Local is the address of the host's socket, unspecified where the host chose it
	// for each packet, and Mapped what the first server to answer saw of it.
	Local, Mapped netip.AddrPort
	// Translated says that there is a NAT: Mapped is no address of the host.
	Translated bool
	// Mapping is how addresses and ports are mapped, and Filtering who may send to
	// a mapping. If two servers were compared that have no second address, Mapping
	// is either endpoint-independent or address and port-dependent, and Filtering unknown.
	Mapping, Filtering NATDependence
	// Hairpins says that a host behind the NAT can be reached by its mapped address
	// from behind the same NAT (RFC 4787 §6). It is true without a NAT.
	Hairpins bool
	// PortPreserved says that the mapped port is that of the socket.
	PortPreserved bool
	// Servers is how many have answered.
	Servers int
}

// Reaches reports whether ICE finds a path without a relay between a host of this
// behavior and one of another, neither of which blocks UDP: a NAT that maps by
// destination shows each peer another port than servers see, and a peer whose
// filter looks at ports does not let that in. What is unknown is taken for the
// worst.
func (b NATBehavior) Reaches(other NATBehavior) bool {
	one, two := b.Mapping == NATEndpointIndependent, other.Mapping == NATEndpointIndependent
	switch {
	case one && two:
		return true
	case one:
		return b.letsPorts()
	case two:
		return other.letsPorts()
	}
	// A check to the mapping that servers were shown passes the one filter that
	// looks at no address.
	return b.Filtering == NATEndpointIndependent || other.Filtering == NATEndpointIndependent
}

// letsPorts reports whether the filter lets in who is known by its address, but comes
// from a port that is not.
func (b NATBehavior) letsPorts() bool {
	return b.Filtering == NATEndpointIndependent || b.Filtering == NATAddressDependent
}
