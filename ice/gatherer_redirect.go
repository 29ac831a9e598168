package ice

import (
	"net/netip"
	"slices"
)

// redirect turns t to the server that a 300 response names. RFC 8489 §10: it is
// asked over the same transport and with the same credentials, its address is "of
// the same address family", its certificate is for the domain that the response has,
// or for that of before; and one that was asked already is not asked again: the client
// "MUST ignore the redirection and consider the transaction to have failed". Nor does a
// server lead its clients to networks that are more inward than its own: what they send
// would reach services there that trust their neighbours.
func (t *relayTarget) redirect(e turnEvent) bool {
	if to := e.alternate; !to.IsValid() || to.Addr().Is4() != t.server.Addr().Is4() || to == t.server || slices.Contains(t.visited, to) ||
		inwardness(to.Addr()) > inwardness(t.server.Addr()) {
		return false
	}
	t.visited = append(slices.Clone(t.visited), t.server)
	t.server = e.alternate
	if e.domain != "" {
		t.domain = e.domain
	}
	return true
}

// inwardness orders the reach of addresses: the Internet's, a site's, a link's and
// this host's.
func inwardness(ip netip.Addr) int {
	switch {
	case ip.IsLoopback():
		return 3
	case ip.IsLinkLocalUnicast():
		return 2
	case ip.IsPrivate():
		return 1
	}
	return 0
}
