package simnet

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A Network is a virtual internet: hosts, NATs between them, and the paths that
// packets take. Its methods and those of everything made from it may be called
// from any goroutine.
type Network struct {
	seed  uint64
	start time.Time

	mu sync.Mutex
	// Everything below is guarded by mu, and so are the fields of hosts,
	// interfaces, NATs, LANs, links and sockets.

	closed   bool
	internet *realm
	any      *anyNode
	nodes    map[string]Node
	names    map[string][]netip.Addr // DNS
	dnsDelay time.Duration
	streams  map[netip.AddrPort]*listener

	defaultPath Path
	links       map[[2]Node]*link // set by Link, one for each direction
	defaults    map[[2]Node]*link // instances of the default and LAN paths
	cuts        map[[2]Node]bool

	events  eventQueue
	lastSeq uint64
	timer   *time.Timer
	armed   bool
	armedAt time.Duration

	stats   Stats
	taps    []*tap
	filter  func(Packet) bool
	traced  []Packet // what happened since the taps were last called
	tracing bool     // a goroutine is calling the taps
}

// realm is an address space: the internet, or what is inside a NAT.
type realm struct {
	owners  map[netip.Addr]endpoint
	gateway *NAT // where packets for other realms go; nil for the internet
}

// claim gives the address to o. It panics if another node has it.
func (r *realm) claim(a netip.Addr, o endpoint) {
	if other := r.owners[a]; other != nil {
		panic(fmt.Sprintf("simnet: %v is taken by %s", a, other.Name()))
	}
	r.owners[a] = o
	if g := r.gateway; g != nil && g.routes(a) {
		g.outside.claim(a, g)
	}
}

// release undoes claim.
func (r *realm) release(a netip.Addr, o endpoint) {
	if r.owners[a] != o {
		return
	}
	delete(r.owners, a)
	if g := r.gateway; g != nil && g.routes(a) {
		g.outside.release(a, g)
	}
}

// endpoint is what can own an address: an *Interface or a *NAT.
type endpoint interface{ Node }

// A Node is what Link, Cut and Heal take: a *Host, one *Interface of it, or a
// *NAT, which stands for all that is behind it.
type Node interface {
	// Name returns the name the node was made with.
	Name() string
}

// anyNode is the last node of every chain.
type anyNode struct{}

func (*anyNode) Name() string { return "any" }

// Any returns a node that stands for every other one: Link(a, n.Any(), p) is the
// line that connects a to the rest, and Cut(a, n.Any()) severs it.
func (n *Network) Any() Node { return n.any }

// New returns an empty network. What happens by chance in it follows from seed
// and the names of the nodes alone. Inside a testing/synctest bubble it must be
// made there, and closed there.
func New(seed uint64) *Network {
	n := &Network{
		seed:     seed,
		start:    time.Now(),
		internet: newRealm(nil),
		any:      &anyNode{},
		nodes:    map[string]Node{},
		names:    map[string][]netip.Addr{},
		streams:  map[netip.AddrPort]*listener{},
		links:    map[[2]Node]*link{},
		defaults: map[[2]Node]*link{},
		cuts:     map[[2]Node]bool{},
	}
	n.timer = time.AfterFunc(time.Hour, n.tick)
	n.timer.Stop()
	return n
}

func newRealm(gateway *NAT) *realm {
	return &realm{owners: map[netip.Addr]endpoint{}, gateway: gateway}
}

// Close closes every socket and forgets the packets on their way. No timer and
// no goroutine of the network is left.
func (n *Network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil
	}
	n.closed = true
	n.timer.Stop()
	n.events = nil
	for _, node := range n.nodes {
		if h, ok := node.(*Host); ok {
			for _, c := range slices.Clone(h.conns) {
				c.closeLocked()
			}
		}
	}
	for _, l := range n.streams {
		l.closeLocked()
	}
	return nil
}

// now is the time that has passed since New.
func (n *Network) now() time.Duration { return time.Since(n.start) }

// register takes a name, each of which may be used once.
func (n *Network) register(name string, node Node) {
	if _, ok := n.nodes[name]; ok || name == "" {
		panic("simnet: the name " + name + " is taken or empty")
	}
	n.nodes[name] = node
}

// random returns the source of chance for name: the same one for the same seed,
// whatever else goes on in the network.
func (n *Network) random(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(n.seed, h.Sum64()))
}
