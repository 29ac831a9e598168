package simnet

import (
	"net/netip"
	"time"
)

// A LAN is a local network: its members reach each other's IPv6 link-local
// addresses and hear each other's multicast. The inside of every NAT is one.
type LAN struct {
	n       *Network
	name    string
	path    Path
	members []*Interface
}

// LAN adds a local network whose members have addresses of the internet.
func (n *Network) LAN(name string) *LAN {
	return &LAN{n: n, name: name}
}

// SetPath sets the path, in each direction, between any two members that no
// Link names. It is the zero Path at first: a LAN does not follow
// Network.SetDefaultPath.
func (l *LAN) SetPath(p Path) {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	l.path = p
	clear(l.n.defaults)
}

// neighbour returns the interface on i's LAN with the link-local address.
func (i *Interface) neighbour(a netip.Addr) *Interface {
	if i.lan == nil {
		return nil
	}
	for _, m := range i.lan.members {
		if m.has(a) {
			return m
		}
	}
	return nil
}

// multicast sends p to every interface of i's LAN where its group has a member,
// i itself included.
func (n *Network) multicast(now time.Duration, i *Interface, p *packet) {
	members := []*Interface{i}
	if i.lan != nil {
		members = i.lan.members
	}
	sent := false
	for _, m := range members {
		if !m.h.listens(m, p.dst) {
			continue
		}
		sent = true
		one := *p
		one.to = m
		if m == i {
			one.from = nil
			n.schedule(now, &one)
			continue
		}
		n.transmit(now, &one, m)
	}
	if !sent {
		n.drop(p, NoListener)
	}
}

// listens says whether a socket of h has joined the group on i.
func (h *Host) listens(i *Interface, group netip.AddrPort) bool {
	for _, c := range h.conns {
		if c.joined == i && c.local == group {
			return true
		}
	}
	return false
}
