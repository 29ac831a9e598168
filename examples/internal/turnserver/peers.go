package turnserver

import "net/netip"

// A PeerRule tells whether the server relays to an address. Its own relays are
// always reached, since both peers may use them.
type PeerRule func(netip.Addr) bool

// PublicPeers are addresses of the Internet: a server with it lets nobody into the
// network that it stands in.
func PublicPeers(a netip.Addr) bool { return PrivatePeers(a) && !a.IsPrivate() && !shared.Contains(a) }

// PrivatePeers are those and the addresses of private networks (RFC 1918, RFC 4193,
// RFC 6598), for a server inside one.
func PrivatePeers(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !thisNetwork.Contains(a) && !reserved.Contains(a)
}

// AnyPeers are all addresses, this machine's loopback included, for tests and demos.
func AnyPeers(netip.Addr) bool { return true }

var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")     // RFC 791 §3.2
	reserved    = netip.MustParsePrefix("240.0.0.0/4")   // RFC 1112 §4
	shared      = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598 §7
)
