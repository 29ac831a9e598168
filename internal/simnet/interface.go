package simnet

import (
	"net"
	"net/netip"
	"slices"
)

// An Interface is a network interface of a host.
type Interface struct {
	h        *Host
	name     string
	index    int
	mtu      int
	loopback bool

	up, removed bool
	addrs       []netip.Prefix
	realm       *realm
	lan         *LAN // nil if there is none
	nodes       []Node
}

// Name returns "host/interface".
func (i *Interface) Name() string { return i.h.name + "/" + i.name }

// Host returns the host that the interface belongs to.
func (i *Interface) Host() *Host { return i.h }

// attach connects i as at says.
func (i *Interface) attach(at *attachment) {
	i.realm, i.lan = i.h.n.internet, at.lan
	i.nodes = []Node{i, i.h}
	if i.loopback {
		i.realm = newRealm(nil)
	}
	if at.nat != nil {
		i.realm, i.lan = at.nat.inside, at.nat.lan
		i.nodes = append(i.nodes, at.nat.nodes...)
	} else {
		i.nodes = append(i.nodes, i.h.n.any)
	}
	for _, p := range at.addrs {
		i.addAddr(p)
	}
	if i.lan != nil {
		i.lan.members = append(i.lan.members, i)
	}
}

func (i *Interface) detach() {
	for len(i.addrs) > 0 {
		i.removeAddr(i.addrs[0].Addr())
	}
	if i.lan != nil {
		i.lan.members = slices.DeleteFunc(i.lan.members, func(m *Interface) bool { return m == i })
	}
}

func (i *Interface) addAddr(p netip.Prefix) {
	if a := p.Addr(); !isLinkLocal(a) { // those are the LAN's
		i.realm.claim(a, i)
	}
	i.addrs = append(i.addrs, p)
}

func (i *Interface) removeAddr(a netip.Addr) {
	i.addrs = slices.DeleteFunc(i.addrs, func(p netip.Prefix) bool { return p.Addr() == a })
	if !isLinkLocal(a) {
		i.realm.release(a, i)
	}
}

func (i *Interface) has(a netip.Addr) bool {
	for _, p := range i.addrs {
		if p.Addr() == a {
			return true
		}
	}
	return false
}

func (i *Interface) flags() net.Flags {
	f := net.FlagBroadcast | net.FlagMulticast
	if i.loopback {
		f = net.FlagLoopback
	}
	if i.up {
		f |= net.FlagUp | net.FlagRunning
	}
	return f
}

// Down takes the interface down; it keeps its addresses. Writes from sockets
// bound to them give ENETUNREACH, and nothing arrives.
func (i *Interface) Down() { i.setUp(false) }

// Up undoes Down.
func (i *Interface) Up() { i.setUp(true) }

func (i *Interface) setUp(up bool) {
	defer i.h.tellWatchers()
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	i.up = up
}

// Remove takes the interface away with its addresses. Sockets bound to them
// live on: reads wait, writes give ENETUNREACH.
func (i *Interface) Remove() {
	defer i.h.tellWatchers()
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	i.detach()
	i.up, i.removed = false, true
	i.h.ifaces = slices.DeleteFunc(i.h.ifaces, func(o *Interface) bool { return o == i })
}

// AddAddr gives the interface another address, written as for Addrs.
func (i *Interface) AddAddr(addr string) {
	defer i.h.tellWatchers()
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	i.addAddr(parsePrefix(addr))
}

// RemoveAddr takes an address away. Sockets bound to it live on as after
// Remove, and work again where an interface of the host gets the address again.
func (i *Interface) RemoveAddr(addr string) {
	defer i.h.tellWatchers()
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	i.removeAddr(netip.MustParseAddr(addr))
}

// Move takes all addresses away and attaches the interface anew, as a
// telephone that changes from one wireless network to another.
func (i *Interface) Move(opts ...Option) {
	defer i.h.tellWatchers()
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	if i.removed {
		panic("simnet: " + i.Name() + " has been removed")
	}
	i.detach()
	i.attach(attach(opts))
}
