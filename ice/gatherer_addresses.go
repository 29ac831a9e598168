package ice

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// addressRules says which local addresses candidates are made of.
type addressRules struct {
	networkTypes    []NetworkType // nil: all UDP
	interfaceFilter func(name string) bool
	ipFilter        func(netip.Addr) bool
	loopback        bool
	protocol        string // "udp" or "tcp"; "" is udp
}

// A localAddress is an address to open a socket on.
type localAddress struct {
	ip   netip.Addr // link-local IPv6 with its zone
	name string     // of the interface
	// costly: the interface is likely to be slower, or to cost more, than others.
	costly bool
}

// costlyRank is what puts addresses of such interfaces behind all others, also those
// that come later.
const costlyRank = 1 << 10

// rank is the rank among candidates of one type of the address at this place.
func (a localAddress) rank(order int) int {
	if a.costly {
		order += costlyRank
	}
	return order
}

// costly says whether an interface is a mobile network's, by the names that Linux
// and Android give those, or a tunnel.
func costly(ifi udp.Interface) bool {
	return ifi.Flags&net.FlagPointToPoint != 0 || slices.ContainsFunc([]string{"wwan", "wwp", "rmnet", "ccmni"}, func(prefix string) bool {
		return strings.HasPrefix(ifi.Name, prefix)
	})
}

// selectAddresses picks the addresses to gather from, the most preferred first
// (RFC 8445 §5.1.1.1 for which, RFC 8421 §4 for their order).
func (r addressRules) selectAddresses(interfaces []udp.Interface) []localAddress {
	// A point-to-point interface is mostly a VPN or a mobile link: it comes
	// after the others, which else keep the system's order (RFC 8421 §3).
	interfaces = slices.Clone(interfaces)
	slices.SortStableFunc(interfaces, func(a, b udp.Interface) int {
		switch {
		case costly(a) == costly(b):
			return 0
		case costly(a):
			return 1
		}
		return -1
	})
	var v4, v6 []localAddress
	seen := map[netip.Addr]bool{}
	for _, ifi := range interfaces {
		if !r.takesInterface(ifi) {
			continue
		}
		for _, ip := range r.addressesOf(ifi) {
			if seen[ip] {
				continue
			}
			seen[ip] = true
			if ip.Is4() {
				v4 = append(v4, localAddress{ip, ifi.Name, costly(ifi)})
			} else {
				v6 = append(v6, localAddress{ip, ifi.Name, costly(ifi)})
			}
		}
	}
	return interleave(v6, v4)
}

func (r addressRules) takesInterface(ifi udp.Interface) bool {
	if ifi.Flags&net.FlagUp == 0 {
		return false
	}
	// "Addresses from a loopback interface MUST NOT be included" (RFC 8445
	// §5.1.1.1), unless the program asks for it.
	if ifi.Flags&net.FlagLoopback != 0 && !r.loopback {
		return false
	}
	return r.interfaceFilter == nil || r.interfaceFilter(ifi.Name)
}

// addressesOf returns the addresses of one interface that may be gathered.
func (r addressRules) addressesOf(ifi udp.Interface) []netip.Addr {
	var out []netip.Addr
	for _, prefix := range ifi.Addrs {
		ip := prefix.Addr()
		if !r.takesAddress(ip) || tracksLocation(ip) && hasPrivateSibling(ifi, prefix) {
			continue
		}
		// Link-local addresses, of IPv4 too, are for links without any other
		// (RFC 3927 §1.9; RFC 8445 §5.1.1.1 for IPv6).
		if ip.IsLinkLocalUnicast() && r.hasRoutable(ifi) {
			continue
		}
		if ip.Is6() && ip.IsLinkLocalUnicast() && ip.Zone() == "" {
			ip = ip.WithZone(ifi.Name)
		}
		if r.ipFilter == nil || r.ipFilter(ip.WithZone("")) {
			out = append(out, ip)
		}
	}
	return out
}

func (r addressRules) hasRoutable(ifi udp.Interface) bool {
	return slices.ContainsFunc(ifi.Addrs, func(p netip.Prefix) bool {
		return r.takesAddress(p.Addr()) && !p.Addr().IsLinkLocalUnicast()
	})
}

// takesAddress applies the rules of RFC 8445 §5.1.1.1 that look at the address
// alone.
func (r addressRules) takesAddress(ip netip.Addr) bool {
	switch {
	case !ip.IsValid(), ip.IsUnspecified(), ip.IsMulticast(), ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case ip.Is4In6():
		// "IPv4-mapped IPv6 addresses SHOULD NOT be included."
		return false
	case ip.IsLoopback():
		return r.loopback && r.takesVersion(ip)
	case ip.Is6() && isDeprecatedIPv6(ip):
		// "Deprecated IPv4-compatible IPv6 addresses and IPv6 site-local unicast
		// addresses MUST NOT be included."
		return false
	}
	return r.takesVersion(ip)
}

func (r addressRules) takesVersion(ip netip.Addr) bool {
	protocol := r.protocol
	if protocol == "" {
		protocol = "udp"
	}
	want, _ := networkTypeOf(protocol, ip)
	return r.networkTypes == nil && want.IsUDP() || slices.Contains(r.networkTypes, want)
}

// isDeprecatedIPv6: ::/96 (RFC 4291 §2.5.5.1) and fec0::/10 (RFC 3879).
func isDeprecatedIPv6(ip netip.Addr) bool {
	b := ip.As16()
	compatible := slices.IndexFunc(b[:12], func(x byte) bool { return x != 0 }) < 0
	return compatible || b[0] == 0xfe && b[1]&0xc0 == 0xc0
}

// tracksLocation reports whether an IPv6 address carries the interface's
// hardware address, with which the host can be followed from network to network
// (RFC 4291 appendix A, RFC 7721 §3).
func tracksLocation(ip netip.Addr) bool {
	b := ip.As16()
	return ip.Is6() && b[11] == 0xff && b[12] == 0xfe
}

// hasPrivateSibling reports whether the interface has an address in the same
// network that does not track: where it has, those that do "MUST NOT be
// gathered" (RFC 8445 §5.1.1.1).
func hasPrivateSibling(ifi udp.Interface, of netip.Prefix) bool {
	return slices.ContainsFunc(ifi.Addrs, func(p netip.Prefix) bool {
		return p.Addr().Is6() && !tracksLocation(p.Addr()) && p.Masked() == of.Masked()
	})
}

// interleave mixes the IP versions so that a version that does not work holds
// the other up as little as can be: IPv6 first, then one IPv4 address after
// each Hi = (N4 + N6) / N4 addresses of IPv6 (RFC 8421 §4).
func interleave(v6, v4 []localAddress) []localAddress {
	if len(v4) == 0 || len(v6) == 0 {
		return append(v6, v4...)
	}
	out := make([]localAddress, 0, len(v6)+len(v4))
	headStart := (len(v4) + len(v6)) / len(v4)
	for len(v6) > 0 && len(v4) > 0 {
		n := min(headStart, len(v6))
		out = append(out, v6[:n]...)
		out = append(out, v4[0])
		v6, v4 = v6[n:], v4[1:]
	}
	return append(append(out, v6...), v4...)
}
