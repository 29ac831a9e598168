package simnet

import (
	"net/netip"
	"slices"
	"time"
)

// Event is what happened to a packet.
type Event uint8

const (
	// Sent: a socket sent it. Addresses are as the sender sees them.
	Sent Event = iota + 1
	// Delivered: a socket's queue took it. Addresses are as the receiver sees
	// them.
	Delivered
	// Dropped: it is gone, for the Reason given.
	Dropped
)

// Packet is what taps and filters are told.
type Packet struct {
	// Event, and the Reason if it is Dropped.
	Event  Event
	Reason Reason
	// Time is when it happened.
	Time time.Time
	// Host is the name of the host that sent the packet, "" if it was injected.
	Host string
	// From and To are the addresses on the packet where it happened.
	From, To netip.AddrPort
	// Data is the payload, to be read only.
	Data []byte
	// ECN is the ECN field (RFC 3168 §5).
	ECN uint8
}

type tap struct{ f func(Packet) }

// Tap calls f for everything that happens from now on, in order and never twice
// at a time, until stop is called. f may use the network. It runs on the
// goroutine that made it happen, after it did.
func (n *Network) Tap(f func(Packet)) (stop func()) {
	t := &tap{f}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.taps = append(slices.Clip(n.taps), t)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.taps = slices.DeleteFunc(slices.Clone(n.taps), func(o *tap) bool { return o == t })
	}
}

// SetFilter makes f decide about every packet as it leaves its host: those for
// which it returns false are dropped. f must not use the network. nil takes the
// filter away.
func (n *Network) SetFilter(f func(Packet) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.filter = f
}

// Inject makes a copy of data appear on the internet, at the end of its path to
// the address to, as if it came from the address from. NATs treat it like any
// other.
func (n *Network) Inject(from, to netip.AddrPort, data []byte) {
	n.mu.Lock()
	defer n.unlock()
	n.inject(n.internet, from, to, data)
}

// Inject makes a copy of data appear on the host's wire, past all NATs, as if it
// came from the address from; to is an address of the host.
func (h *Host) Inject(from, to netip.AddrPort, data []byte) {
	h.n.mu.Lock()
	defer h.n.unlock()
	if i := h.ownerOf(to.Addr()); i != nil {
		h.n.inject(i.realm, from, to, data)
	}
}

func (n *Network) inject(r *realm, from, to netip.AddrPort, data []byte) {
	if n.closed {
		return
	}
	p := &packet{src: from, dst: to, realm: r, data: slices.Clone(data)}
	now := n.now()
	n.trace(Sent, p, 0)
	n.schedule(now, p)
	n.runDue(now)
}

func (n *Network) drop(p *packet, r Reason) {
	n.stats.drops[r]++
	n.trace(Dropped, p, r)
}

func (n *Network) trace(e Event, p *packet, r Reason) {
	switch e {
	case Sent:
		n.stats.Sent++
	case Delivered:
		n.stats.Delivered++
		n.stats.Bytes += uint64(len(p.data))
	}
	if len(n.taps) > 0 {
		n.traced = append(n.traced, n.describe(e, p, r))
	}
}

func (n *Network) describe(e Event, p *packet, r Reason) Packet {
	return Packet{Event: e, Reason: r, Time: time.Now(), Host: p.fromName, From: p.src, To: p.dst, Data: p.data, ECN: p.ecn}
}
