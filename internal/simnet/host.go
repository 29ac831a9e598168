package simnet

import (
	"maps"
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
	ports     map[netip.AddrPort]int   // how many of them have a port, by anyAddr
	lastPort  uint16
	blocked   bool
	rcvbuf    int
	gro       bool
	watchers  map[*func()]struct{}
}

var (
	_ udp.Network = (*Host)(nil)
	_ udp.Watcher = (*Host)(nil)
)

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
		ports:    map[netip.AddrPort]int{},
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
	defer h.tellWatchers()
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

// WatchInterfaces has changed called, on the goroutine that makes the change, after
// each change of the host's interfaces and their addresses, until stop is called.
func (h *Host) WatchInterfaces(changed func()) (stop func()) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	if h.watchers == nil {
		h.watchers = map[*func()]struct{}{}
	}
	h.watchers[&changed] = struct{}{}
	return func() {
		h.n.mu.Lock()
		defer h.n.mu.Unlock()
		delete(h.watchers, &changed)
	}
}

func (h *Host) tellWatchers() {
	h.n.mu.Lock()
	all := slices.Collect(maps.Keys(h.watchers))
	h.n.mu.Unlock()
	for _, changed := range all {
		(*changed)()
	}
}
