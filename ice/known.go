package ice

import "net/netip"

// Knows says whether the remote address belongs to the peer as far as the agent
// can tell: signaling named it, or an authenticated check came from it. Other
// protocols on the same sockets can leave packets from elsewhere alone
// (RFC 8445 §19.2 has such injections in mind).
func (a *Agent) Knows(remote netip.AddrPort) bool {
	for _, l := range a.lists {
		for _, r := range l.remotes {
			if r.addr == remote && !r.suspected {
				return true
			}
		}
		for _, c := range l.early {
			if c.from == remote {
				return true
			}
		}
	}
	return a.selected != nil && a.selected.remote.addr == remote
}
