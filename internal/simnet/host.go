package simnet

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// A Host is a computer on the network. It implements udp.Network.
type Host struct {
	n    *Network
	name string

	ifaces    []*Interface // the first is the loopback interface
	lastIndex int
	conns     []*conn                  // in the order in which they were opened
	bound     map[netip.AddrPort]*conn // unicast sockets
	lastPort  uint16
	blocked   bool
	rcvbuf    int
	gro       bool
}

var _ udp.Network = (*Host)(nil)

// An Option says how an interface is attached, or how its host behaves.
type Option func(*attachment)

type attachment struct {
	addrs  []netip.Prefix
	nat    *NAT
	lan    *LAN
	mtu    int
	rcvbuf int
	gro    bool
}

// Addrs gives the interface addresses, with a prefix length ("10.0.0.1/16") or
// without (24 for IPv4, 64 for IPv6). It panics if one does not parse.
func Addrs(addrs ...string) Option {
	prefixes := make([]netip.Prefix, len(addrs))
	for i, a := range addrs {
		prefixes[i] = parsePrefix(a)
	}
	return func(at *attachment) { at.addrs = append(at.addrs, prefixes...) }
}

func parsePrefix(s string) netip.Prefix {
	if strings.Contains(s, "/") {
		return netip.MustParsePrefix(s)
	}
	addr := netip.MustParseAddr(s).Unmap()
	bits := 24
	if addr.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(addr, bits)
}

// Behind attaches the interface to the inside of nat, and to the LAN there.
func Behind(nat *NAT) Option { return func(at *attachment) { at.nat = nat } }

// On attaches the interface to a LAN, where multicast reaches its members.
func On(lan *LAN) Option { return func(at *attachment) { at.lan = lan } }

// MTU sets the MTU that the interface reports, 1500 otherwise. What passes is
// a matter of Path.MTU.
func MTU(mtu int) Option { return func(at *attachment) { at.mtu = mtu } }

// ReceiveBuffer sets how many bytes each socket of the host queues for its
// reader, 4 MiB otherwise; further datagrams are dropped.
func ReceiveBuffer(bytes int) Option { return func(at *attachment) { at.rcvbuf = bytes } }

// GRO makes the host's sockets join datagrams of one flow and size where the
// reader's buffer has room for several, as Linux does.
func GRO() Option { return func(at *attachment) { at.gro = true } }

func attach(opts []Option) *attachment {
	at := &attachment{mtu: 1500}
	for _, o := range opts {
		o(at)
	}
	return at
}

// Host adds a host with a loopback interface and, if opts give addresses, an
// interface "eth0" with them. It panics if the name or an address is taken.
func (n *Network) Host(name string, opts ...Option) *Host {
	at := attach(opts)
	h := &Host{
		n:        n,
		name:     name,
		bound:    map[netip.AddrPort]*conn{},
		lastPort: firstPort - 1,
		rcvbuf:   at.rcvbuf,
		gro:      at.gro,
	}
	if h.rcvbuf == 0 {
		h.rcvbuf = 4 << 20
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.register(name, h)
	h.addInterface("lo", &attachment{mtu: 65536, addrs: []netip.Prefix{
		netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128"),
	}})
	if len(at.addrs) > 0 {
		h.addInterface("eth0", at)
	}
	return h
}

// Name returns the name given to Network.Host.
func (h *Host) Name() string { return h.name }

// AddInterface adds an interface that is up. It panics if the name or an
// address is taken.
func (h *Host) AddInterface(name string, opts ...Option) *Interface {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	return h.addInterface(name, attach(opts))
}

func (h *Host) addInterface(name string, at *attachment) *Interface {
	if h.iface(name) != nil {
		panic("simnet: host " + h.name + " has an interface " + name)
	}
	h.lastIndex++
	i := &Interface{h: h, name: name, index: h.lastIndex, mtu: at.mtu, up: true, loopback: name == "lo"}
	i.attach(at)
	h.ifaces = append(h.ifaces, i)
	return i
}

// Interface returns the interface of that name, nil if there is none.
func (h *Host) Interface(name string) *Interface {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	return h.iface(name)
}

func (h *Host) iface(name string) *Interface {
	for _, i := range h.ifaces {
		if i.name == name {
			return i
		}
	}
	return nil
}

// BlockUDP makes a firewall before the host drop every UDP packet in both directions
// without a word, or stops it from doing so.
func (h *Host) BlockUDP(block bool) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	h.blocked = block
}

// Interfaces lists the host's interfaces in the order in which they were
// added, the loopback interface first.
func (h *Host) Interfaces() ([]udp.Interface, error) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	out := make([]udp.Interface, len(h.ifaces))
	for k, i := range h.ifaces {
		out[k] = udp.Interface{Name: i.name, Index: i.index, MTU: i.mtu, Flags: i.flags(), Addrs: slices.Clone(i.addrs)}
	}
	return out, nil
}

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
	a := p.Addr()
	if !a.IsLinkLocalUnicast() || a.Is4() { // IPv6 link-local addresses are the LAN's
		if o := i.realm.owners[a]; o != nil {
			panic(fmt.Sprintf("simnet: %v is taken by %s", a, o.Name()))
		}
		i.realm.owners[a] = i
	}
	i.addrs = append(i.addrs, p)
}

func (i *Interface) removeAddr(a netip.Addr) {
	i.addrs = slices.DeleteFunc(i.addrs, func(p netip.Prefix) bool { return p.Addr() == a })
	if i.realm.owners[a] == i {
		delete(i.realm.owners, a)
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
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	i.up = up
}

// Remove takes the interface away with its addresses. Sockets bound to them
// live on: reads wait, writes give ENETUNREACH.
func (i *Interface) Remove() {
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	i.detach()
	i.up, i.removed = false, true
	i.h.ifaces = slices.DeleteFunc(i.h.ifaces, func(o *Interface) bool { return o == i })
}

// AddAddr gives the interface another address, written as for Addrs.
func (i *Interface) AddAddr(addr string) {
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	i.addAddr(parsePrefix(addr))
}

// RemoveAddr takes an address away. Sockets bound to it live on as after
// Remove, and work again where an interface of the host gets the address again.
func (i *Interface) RemoveAddr(addr string) {
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	i.removeAddr(netip.MustParseAddr(addr))
}

// Move takes all addresses away and attaches the interface anew, as a
// telephone that changes from one wireless network to another.
func (i *Interface) Move(opts ...Option) {
	i.h.n.mu.Lock()
	defer i.h.n.mu.Unlock()
	if i.removed {
		panic("simnet: " + i.Name() + " has been removed")
	}
	i.detach()
	i.attach(attach(opts))
}
