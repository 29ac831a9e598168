package simnet

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// Behavior is how finely a NAT tells remote endpoints apart (RFC 4787 §4.1 for
// mappings, §5 for filters).
type Behavior uint8

const (
	// EndpointIndependent looks at no remote address: one mapping for all, open
	// to all.
	EndpointIndependent Behavior = iota
	// AddressDependent looks at the remote address.
	AddressDependent
	// AddressPortDependent looks at the remote address and port.
	AddressPortDependent
)

// String returns the name of the behavior.
func (b Behavior) String() string {
	return [...]string{"endpoint-independent", "address-dependent", "address-and-port-dependent"}[b]
}

// Ports is how a NAT chooses external ports (RFC 4787 §4.2).
type Ports uint8

const (
	// PreservePorts takes the internal port if it is free, else counts up from
	// the port given out last.
	PreservePorts Ports = iota
	// SequentialPorts counts up from 1024, so that ports can be foretold.
	SequentialPorts
	// RandomPorts draws from 1024 to 65535.
	RandomPorts
)

// firstExternal is the least port that NATs give out: RFC 4787 §4.2.2 keeps the
// well-known ones apart.
const firstExternal = 1024

// NATConfig is how a NAT behaves. The zero value is a full-cone NAT that keeps
// ports and does not hairpin.
type NATConfig struct {
	// Mapping says which packets from one internal endpoint share a mapping.
	Mapping Behavior
	// Filtering says whose packets a mapping lets in.
	Filtering Behavior
	// Hairpin lets internal endpoints reach each other's external addresses;
	// they see each other's external source addresses (RFC 4787 §6).
	Hairpin bool
	// Timeout is how long mappings and filters last after the last outbound
	// packet; 0 stands for two minutes, the least that RFC 4787 §4.3 allows.
	Timeout time.Duration
	// InboundRefresh lets inbound packets prolong them too.
	InboundRefresh bool
	// Ports is how external ports are chosen.
	Ports Ports
	// RouteIPv6 lets IPv6 packets pass untranslated, as home routers do: the
	// addresses inside are addresses of the outside, behind a firewall that
	// follows Filtering and Timeout (RFC 6092 §3.2).
	RouteIPv6 bool
}

// A NAT translates between the internet, or the inside of another NAT, and its
// inside, which is an address space and a LAN of its own.
type NAT struct {
	n       *Network
	name    string
	cfg     NATConfig
	public  []netip.Addr // at most one of each family
	outside *realm
	inside  *realm
	lan     *LAN
	nodes   []Node // the NAT and those that it is behind
	blocked bool

	byKey      map[mappingKey]*mapping
	byExternal map[netip.AddrPort]*mapping
	lastPort   uint16
	retired    map[uint16]bool // ports that Rebind took away
	rng        *rand.Rand
}

// mappingKey is what a mapping is for; dst is as much of the remote endpoint as
// the mapping behavior looks at.
type mappingKey struct{ inside, dst netip.AddrPort }

type mapping struct {
	key              mappingKey
	inside, external netip.AddrPort
	last             time.Duration                    // when it was last refreshed
	open             map[netip.AddrPort]time.Duration // remote endpoints, as far as filters look at them, and when they were last refreshed
}

// NAT adds a NAT with the given public address; with Behind it stands inside another
// one (carrier-grade NAT), and Addrs gives it an address of the other family
// too. Packets of a family without an address do not pass, unless RouteIPv6 is set. It panics if the
// name or an address is taken.
func (n *Network) NAT(name, public string, cfg NATConfig, opts ...Option) *NAT {
	if cfg.Timeout == 0 {
		cfg.Timeout = 2 * time.Minute
	}
	at := attach(append(slices.Clip(opts), Addrs(public)))
	n.mu.Lock()
	defer n.mu.Unlock()
	t := &NAT{n: n, name: name, cfg: cfg, outside: n.internet, rng: n.random("ports of " + name), lastPort: firstExternal - 1}
	t.forget()
	t.retired = map[uint16]bool{}
	t.nodes = []Node{t, n.any}
	if at.nat != nil {
		t.outside = at.nat.inside
		t.nodes = append([]Node{t}, at.nat.nodes...)
	}
	t.inside = newRealm(t)
	t.lan = &LAN{n: n, name: name}
	n.register(name, t)
	for _, p := range at.addrs {
		t.take(p.Addr())
	}
	return t
}

// Name returns the name given to Network.NAT.
func (t *NAT) Name() string { return t.name }

// LAN returns the local network on the inside.
func (t *NAT) LAN() *LAN { return t.lan }

func (t *NAT) take(a netip.Addr) {
	t.outside.claim(a, t)
	t.public = append(t.public, a)
}

// routes says whether the address is the same inside and outside.
func (t *NAT) routes(a netip.Addr) bool { return t.cfg.RouteIPv6 && a.Is6() }

func (t *NAT) owns(a netip.Addr) bool { return slices.Contains(t.public, a) }

// Rebind forgets all mappings, as a NAT that is restarted or whose table
// overflows. New ones get ports that none of the old had.
func (t *NAT) Rebind() {
	t.n.mu.Lock()
	defer t.n.mu.Unlock()
	for external := range t.byExternal {
		t.retired[external.Port()] = true
	}
	t.forget()
}

// Renumber gives the NAT another public address in place of the one of the
// same family, and forgets all mappings.
func (t *NAT) Renumber(public string) {
	a := netip.MustParseAddr(public)
	t.n.mu.Lock()
	defer t.n.mu.Unlock()
	t.public = slices.DeleteFunc(t.public, func(old netip.Addr) bool {
		if old.Is4() == a.Is4() {
			t.outside.release(old, t)
			return true
		}
		return false
	})
	t.take(a)
	t.forget()
}

func (t *NAT) forget() {
	t.byKey, t.byExternal = map[mappingKey]*mapping{}, map[netip.AddrPort]*mapping{}
}

// BlockUDP makes the NAT drop every UDP packet between its inside and its
// outside without a word, or stops it from doing so.
func (t *NAT) BlockUDP(block bool) {
	t.n.mu.Lock()
	defer t.n.mu.Unlock()
	t.blocked = block
}

// Mappings returns how many mappings are alive.
func (t *NAT) Mappings() int {
	t.n.mu.Lock()
	defer t.n.mu.Unlock()
	now, count := t.n.now(), 0
	for _, m := range t.byExternal {
		if !t.expired(now, m.last) {
			count++
		}
	}
	return count
}

// seenBy returns as much of a remote endpoint as b looks at.
func (b Behavior) seenBy(remote netip.AddrPort) netip.AddrPort {
	switch b {
	case EndpointIndependent:
		return netip.AddrPort{}
	case AddressDependent:
		return netip.AddrPortFrom(remote.Addr(), 0)
	}
	return remote
}

func (t *NAT) expired(now, last time.Duration) bool { return now-last >= t.cfg.Timeout }

// live returns the mapping with that external endpoint, nil if there is none.
func (t *NAT) live(now time.Duration, external netip.AddrPort) *mapping {
	m := t.byExternal[external]
	if m != nil && t.expired(now, m.last) {
		delete(t.byExternal, external)
		delete(t.byKey, m.key)
		return nil
	}
	return m
}

// outbound returns the external source of a packet from src on the inside to
// dst, makes a mapping for it if there is none, and opens the filter.
func (t *NAT) outbound(now time.Duration, src, dst netip.AddrPort) (netip.AddrPort, Reason) {
	key := mappingKey{src, t.cfg.Mapping.seenBy(dst)}
	m := t.byKey[key]
	if m != nil {
		m = t.live(now, m.external)
	}
	if m == nil {
		external, reason := t.allocate(now, src)
		if reason != 0 {
			return external, reason
		}
		m = &mapping{key: key, inside: src, external: external, open: map[netip.AddrPort]time.Duration{}}
		t.byKey[key], t.byExternal[external] = m, m
	}
	// RFC 4787 §4.3: the outbound refresh behavior must be "true".
	m.last = now
	m.open[t.cfg.Filtering.seenBy(dst)] = now
	return m.external, 0
}

// inbound returns where a packet from src to the external endpoint dst goes on
// the inside.
func (t *NAT) inbound(now time.Duration, src, dst netip.AddrPort) (netip.AddrPort, Reason) {
	m := t.live(now, dst)
	if m == nil {
		return netip.AddrPort{}, NATNoMapping
	}
	seen := t.cfg.Filtering.seenBy(src)
	last, ok := m.open[seen]
	if !ok || t.expired(now, last) {
		return netip.AddrPort{}, NATFiltered
	}
	if t.cfg.InboundRefresh {
		m.last, m.open[seen] = now, now
	}
	return m.inside, 0
}

// allocate picks a free external endpoint for a new mapping of src.
func (t *NAT) allocate(now time.Duration, src netip.AddrPort) (netip.AddrPort, Reason) {
	if t.routes(src.Addr()) {
		return src, 0
	}
	k := slices.IndexFunc(t.public, func(a netip.Addr) bool { return a.Is4() == src.Addr().Is4() })
	if k < 0 {
		return netip.AddrPort{}, NoRoute
	}
	free := func(port uint16) (netip.AddrPort, bool) {
		external := netip.AddrPortFrom(t.public[k], port)
		return external, port >= firstExternal && !t.retired[port] && t.live(now, external) == nil
	}
	if t.cfg.Ports == PreservePorts {
		if external, ok := free(src.Port()); ok {
			t.lastPort = src.Port()
			return external, 0
		}
	}
	port := t.lastPort + 1
	if t.cfg.Ports == RandomPorts {
		port = uint16(firstExternal + t.rng.IntN(1<<16-firstExternal))
	}
	for range 1 << 16 {
		port = max(port, firstExternal) // past 65535 it goes on from the first
		if external, ok := free(port); ok {
			t.lastPort = port
			return external, 0
		}
		port++
	}
	return netip.AddrPort{}, NATPortsExhausted
}
