package simnet

import (
	"math/rand/v2"
	"time"
)

// A Path is what packets meet on their way, in one direction. The zero Path
// delivers everything at once.
type Path struct {
	// Delay is what every packet takes.
	Delay time.Duration
	// Jitter is the most that is added to Delay, evenly distributed. Packets
	// stay in order.
	Jitter time.Duration
	// Loss is the fraction of packets, 0 to 1, that is lost, each by itself.
	Loss float64
	// Burst loses packets in runs, besides Loss.
	Burst Burst
	// Reorder is the fraction of packets, 0 to 1, that is held back for
	// ReorderDelay (0: 10 ms) while those behind it pass.
	Reorder      float64
	ReorderDelay time.Duration
	// Duplicate is the fraction of packets, 0 to 1, that arrives twice.
	Duplicate float64
	// Rate is the bottleneck in bits per second, IP and UDP headers included; 0
	// is no limit.
	Rate int64
	// Queue is how many bytes may wait for Rate; what comes on top is dropped.
	// 0 stands for what Rate sends in 200 ms, but at least 15000.
	Queue int
	// ECNThreshold is how many bytes must be waiting for an ECN-capable packet to be
	// marked CE (RFC 3168 §5); 0 marks nothing.
	ECNThreshold int
	// MTU is the largest IP packet that passes; larger ones vanish as they do
	// where no ICMP message comes back (RFC 8899 §1). 0 is no limit.
	MTU int
}

// Burst is the loss model of Gilbert and Elliott: a path is good or bad, and a
// bad one loses more.
type Burst struct {
	// Enter and Leave are the probabilities, at each packet, that a good path
	// turns bad and a bad one good. The mean length of a burst is 1/Leave
	// packets. Enter 0 switches bursts off.
	Enter, Leave float64
	// Loss is the fraction lost while the path is bad; 0 stands for all.
	Loss float64
}

// link is one direction of a path with its state.
type link struct {
	path Path
	rng  *rand.Rand
	busy time.Duration // when the bottleneck will have sent all it has
	last time.Duration // when the packet before arrives
	bad  bool          // in a burst
}

// passage is what becomes of a packet on a link.
type passage struct {
	at     time.Duration
	copies int
	mark   bool   // set CE
	drop   Reason // of copies == 0
}

// pass sends an IP packet of size bytes over l.
func (l *link) pass(now time.Duration, size int) passage {
	p := &l.path
	if p.MTU > 0 && size > p.MTU {
		return passage{drop: TooBig}
	}
	v := passage{at: now, copies: 1}
	if p.Rate > 0 {
		l.busy = max(l.busy, now)
		waiting := int((l.busy - now).Seconds() * float64(p.Rate) / 8)
		if waiting > 0 && waiting+size > l.queue() {
			return passage{drop: QueueFull}
		}
		v.mark = p.ECNThreshold > 0 && waiting >= p.ECNThreshold
		l.busy += time.Duration(int64(size) * 8 * int64(time.Second) / p.Rate)
		v.at = l.busy
	}
	if l.chance(p.Loss) {
		return passage{drop: Lost}
	}
	if l.burst() {
		return passage{drop: LostInBurst}
	}
	v.at += p.Delay
	if p.Jitter > 0 {
		v.at += time.Duration(l.rng.Int64N(int64(p.Jitter) + 1))
	}
	v.at = max(v.at, l.last)
	l.last = v.at
	if l.chance(p.Reorder) {
		hold := p.ReorderDelay
		if hold == 0 {
			hold = 10 * time.Millisecond
		}
		v.at += hold
	}
	if l.chance(p.Duplicate) {
		v.copies = 2
	}
	return v
}

func (l *link) queue() int {
	if l.path.Queue > 0 {
		return l.path.Queue
	}
	return max(15000, int(l.path.Rate/8/5))
}

func (l *link) chance(p float64) bool { return p > 0 && l.rng.Float64() < p }

// burst moves between good and bad and says whether the packet is lost.
func (l *link) burst() bool {
	b := &l.path.Burst
	if b.Enter <= 0 {
		l.bad = false
		return false
	}
	if l.bad {
		l.bad = !l.chance(b.Leave)
	} else {
		l.bad = l.chance(b.Enter)
	}
	return l.bad && (b.Loss == 0 || l.chance(b.Loss))
}

// SetDefaultPath sets the path, in each direction, between nodes that neither
// Link nor a LAN says more about. Each pair of hosts has one of its own: they do not
// share its Rate. It is the zero Path at first.
func (n *Network) SetDefaultPath(p Path) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.defaultPath = p
	clear(n.defaults)
}

// Link sets the path between a and b, the same in both directions. Of several
// links that match two hosts the most specific holds, where an interface is more
// specific than its host, a host than the NATs it is behind, and these than Any;
// the sender's side counts first. All traffic that a link matches shares its Rate
// and Queue. Link may be called again, in the
// middle of traffic.
func (n *Network) Link(a, b Node, p Path) {
	n.LinkOneWay(a, b, p)
	n.LinkOneWay(b, a, p)
}

// LinkOneWay sets the path from a to b alone.
func (n *Network) LinkOneWay(a, b Node, p Path) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.links[[2]Node{a, b}]; l != nil {
		l.path, l.last = p, 0
		return
	}
	n.links[[2]Node{a, b}] = n.newLink(a, b, p)
}

func (n *Network) newLink(a, b Node, p Path) *link {
	return &link{path: p, rng: n.random(a.Name() + " to " + b.Name())}
}

// Cut lets no packet pass between a and b any more, those on their way
// included, until Heal is called.
func (n *Network) Cut(a, b Node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cuts[[2]Node{a, b}], n.cuts[[2]Node{b, a}] = true, true
}

// CutOneWay lets no packet pass from a to b, until Heal is called.
func (n *Network) CutOneWay(a, b Node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cuts[[2]Node{a, b}] = true
}

// Heal undoes Cut and CutOneWay.
func (n *Network) Heal(a, b Node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.cuts, [2]Node{a, b})
	delete(n.cuts, [2]Node{b, a})
}

// isCut says whether there is a cut between any of the nodes of two chains.
func (n *Network) isCut(from, to []Node) bool {
	if len(n.cuts) == 0 {
		return false
	}
	for _, a := range from {
		for _, b := range to {
			if n.cuts[[2]Node{a, b}] {
				return true
			}
		}
	}
	return false
}

// linkBetween returns the link that holds between two chains of nodes, each
// listed from the most specific node to the least.
func (n *Network) linkBetween(from, to []Node, lan *LAN) *link {
	if len(n.links) > 0 {
		for _, a := range from {
			for _, b := range to {
				if l := n.links[[2]Node{a, b}]; l != nil {
					return l
				}
			}
		}
	}
	key := [2]Node{from[0], to[0]}
	l := n.defaults[key]
	if l == nil {
		p := n.defaultPath
		if lan != nil {
			p = lan.path
		}
		l = n.newLink(from[0], to[0], p)
		n.defaults[key] = l
	}
	return l
}
