package simnet

import (
	"container/heap"
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
	nodes    map[string]Node
	names    map[string][]netip.Addr // DNS
	dnsDelay time.Duration

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

// endpoint is what can own an address: an *Interface or a *NAT.
type endpoint interface{ Node }

// A Node is what Link, Cut and Heal take: a *Host, one *Interface of it, or a
// *NAT, which stands for all that is behind it.
type Node interface {
	// Name returns the name the node was made with.
	Name() string
}

// New returns an empty network. What happens by chance in it follows from seed
// and the names of the nodes alone. Inside a testing/synctest bubble it must be
// made there, and closed there.
func New(seed uint64) *Network {
	n := &Network{
		seed:     seed,
		start:    time.Now(),
		internet: newRealm(nil),
		nodes:    map[string]Node{},
		names:    map[string][]netip.Addr{},
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

// event is a packet that reaches the end of its path at a time.
type event struct {
	at  time.Duration
	seq uint64 // orders events of one time by their making
	p   *packet
}

type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	old := *q
	last := len(old) - 1
	e := old[last]
	old[last] = event{}
	*q = old[:last]
	return e
}

func (n *Network) schedule(at time.Duration, p *packet) {
	n.lastSeq++
	heap.Push(&n.events, event{at, n.lastSeq, p})
}

// runDue lets everything happen whose time has come, in order, and sets the
// timer for what comes next. All packets go through this one queue, because
// timers with equal deadlines would fire in any order.
func (n *Network) runDue(now time.Duration) {
	for len(n.events) > 0 && n.events[0].at <= now {
		n.arrive(now, heap.Pop(&n.events).(event).p)
	}
	if len(n.events) == 0 || n.closed {
		return
	}
	if next := n.events[0].at; !n.armed || next < n.armedAt {
		n.armed, n.armedAt = true, next
		n.timer.Reset(next - now)
	}
}

func (n *Network) tick() {
	n.mu.Lock()
	n.armed = false
	if !n.closed {
		n.runDue(n.now())
	}
	n.unlock()
}

// unlock releases mu and tells the taps what happened under it.
func (n *Network) unlock() {
	if len(n.traced) == 0 || n.tracing {
		n.mu.Unlock()
		return
	}
	n.tracing = true
	for len(n.traced) > 0 {
		traced, taps := n.traced, n.taps
		n.traced = nil
		n.mu.Unlock()
		for _, p := range traced {
			for _, t := range taps {
				t.f(p)
			}
		}
		n.mu.Lock()
	}
	n.tracing = false
	n.mu.Unlock()
}
