package simnet

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Sizes of IP packets beyond their payload.
const (
	overheadIPv4 = 20 + 8
	overheadIPv6 = 40 + 8
	maxPayload   = 65535 - overheadIPv4
)

// packet is a datagram on its way. Its data is never written to.
type packet struct {
	src, dst netip.AddrPort // as they are where the packet is now
	realm    *realm         // where that is
	to       *Interface     // of multicast and link-local packets, which are not routed
	fromName string
	from     []Node // who sent it, nil for what never leaves a host or is injected
	toward   []Node // whom it was for when it was sent, as far as was known
	data     []byte
	ecn      uint8
}

func (p *packet) size() int {
	if p.dst.Addr().Is4() {
		return len(p.data) + overheadIPv4
	}
	return len(p.data) + overheadIPv6
}

// send sends a copy of data from c. The error is what a system call would give;
// what goes wrong farther away is silent.
func (n *Network) send(now time.Duration, c *conn, data []byte, to netip.AddrPort, ecn uint8) error {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if len(data) > maxPayload {
		return syscall.EMSGSIZE
	}
	if !to.IsValid() || to.Port() == 0 {
		return syscall.EINVAL
	}
	if to.Addr().Is4() != c.local.Addr().Is4() {
		return syscall.EAFNOSUPPORT
	}
	i, src := c.route(to.Addr())
	if i == nil {
		return syscall.ENETUNREACH
	}
	p := &packet{
		src:      netip.AddrPortFrom(src, c.local.Port()),
		dst:      netip.AddrPortFrom(to.Addr().WithZone(""), to.Port()),
		realm:    i.realm,
		fromName: c.h.name,
		data:     append([]byte(nil), data...),
		ecn:      ecn & 3,
	}
	if local := c.h.ownerOf(to.Addr()); local != nil {
		p.realm = local.realm
		if isLinkLocal(p.dst.Addr()) {
			p.to = local
		}
		n.trace(Sent, p, 0)
		n.schedule(now, p)
		return nil
	}
	p.from = i.nodes
	n.trace(Sent, p, 0)
	switch {
	case c.h.blocked:
		n.drop(p, Blocked)
	case n.filter != nil && !n.filter(n.describe(Sent, p, 0)):
		n.drop(p, Vetoed)
	case p.dst.Addr().IsMulticast():
		n.multicast(now, i, p)
	case isLinkLocal(p.dst.Addr()):
		if p.to = i.neighbour(p.dst.Addr()); p.to == nil {
			n.drop(p, NoRoute)
			return nil
		}
		n.transmit(now, p, p.to)
	default:
		if reason := n.climb(now, p); reason != 0 {
			n.drop(p, reason)
			return nil
		}
		n.transmit(now, p, n.destination(now, p))
	}
	return nil
}

// climb takes p from NAT to NAT until it is where its destination is.
func (n *Network) climb(now time.Duration, p *packet) Reason {
	for p.realm.owners[p.dst.Addr()] == nil {
		nat := p.realm.gateway
		if nat == nil {
			return NoRoute
		}
		if nat.blocked {
			return Blocked
		}
		if nat.owns(p.dst.Addr()) && !nat.cfg.Hairpin {
			return NATHairpin
		}
		src, reason := nat.outbound(now, p.src, p.dst)
		if reason != 0 {
			return reason
		}
		p.src, p.realm = src, nat.outside
	}
	return 0
}

// destination returns the interface that p will reach as the mappings of NATs
// stand, or the NAT where that ends.
func (n *Network) destination(now time.Duration, p *packet) Node {
	at, dst := p.realm, p.dst
	for {
		nat, ok := at.owners[dst.Addr()].(*NAT)
		if !ok {
			return at.owners[dst.Addr()]
		}
		m := nat.live(now, dst)
		if m == nil || nat.inside.owners[m.inside.Addr()] == nil {
			return nat
		}
		at, dst = nat.inside, m.inside
	}
}

// transmit puts p on the link to the node.
func (n *Network) transmit(now time.Duration, p *packet, to Node) {
	var lan *LAN
	switch to := to.(type) {
	case *Interface:
		p.toward = to.nodes
		if from := p.from[0].(*Interface); from.lan != nil && from.lan == to.lan {
			lan = to.lan
		}
	case *NAT:
		p.toward = to.nodes
	}
	if n.isCut(p.from, p.toward) {
		n.drop(p, CutOff)
		return
	}
	v := n.linkBetween(p.from, p.toward, lan).pass(now, p.size())
	if v.copies == 0 {
		n.drop(p, v.drop)
		return
	}
	if v.mark && p.ecn != 0 {
		p.ecn = ecnCE
	}
	for range v.copies - 1 {
		n.stats.Duplicated++
		again := *p
		n.schedule(v.at, &again)
	}
	n.schedule(v.at, p)
}

// ecnCE is the codepoint "congestion experienced" (RFC 3168 §5).
const ecnCE = 3

// arrive takes p from the end of its path through NATs to a host.
func (n *Network) arrive(now time.Duration, p *packet) {
	if p.from != nil && n.isCut(p.from, p.toward) {
		n.drop(p, CutOff)
		return
	}
	if p.to != nil {
		n.deliver(p.to, p)
		return
	}
	for {
		switch o := p.realm.owners[p.dst.Addr()].(type) {
		case *Interface:
			n.deliver(o, p)
			return
		case *NAT:
			if o.blocked {
				n.drop(p, Blocked)
				return
			}
			dst, reason := o.inbound(now, p.src, p.dst)
			if reason != 0 {
				n.drop(p, reason)
				return
			}
			p.dst, p.realm = dst, o.inside
		default:
			n.drop(p, NoRoute)
			return
		}
	}
}

// deliver gives p to the sockets of i's host.
func (n *Network) deliver(i *Interface, p *packet) {
	h := i.h
	switch {
	case !i.up:
		n.drop(p, InterfaceDown)
		return
	case h.blocked && p.from != nil:
		n.drop(p, Blocked)
		return
	}
	if isLinkLocal(p.src.Addr()) {
		p.src = netip.AddrPortFrom(p.src.Addr().WithZone(i.name), p.src.Port())
	}
	if p.dst.Addr().IsMulticast() {
		for _, c := range h.conns {
			if c.joined == i && c.local == p.dst {
				n.enqueue(c, p)
			}
		}
		return
	}
	addr := p.dst.Addr()
	if isLinkLocal(addr) {
		addr = addr.WithZone(i.name)
	}
	c := h.bound[netip.AddrPortFrom(addr, p.dst.Port())]
	if c == nil {
		c = h.bound[netip.AddrPortFrom(unspecified(addr), p.dst.Port())]
	}
	if c == nil {
		n.drop(p, NoListener)
		return
	}
	n.enqueue(c, p)
}

func (n *Network) enqueue(c *conn, p *packet) {
	if c.queued+len(p.data) > c.h.rcvbuf {
		n.drop(p, ReceiveBufferFull)
		return
	}
	n.trace(Delivered, p, 0)
	c.push(received{p.data, p.src, p.ecn})
}

func unspecified(a netip.Addr) netip.Addr {
	if a.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

func isLinkLocal(a netip.Addr) bool { return a.Is6() && a.IsLinkLocalUnicast() }

// ownerOf returns the interface of h that has the address, if it is up.
func (h *Host) ownerOf(a netip.Addr) *Interface {
	for _, i := range h.ifaces {
		if i.up && i.has(a.WithZone("")) && (a.Zone() == "" || a.Zone() == i.name) {
			return i
		}
	}
	return nil
}

// route chooses the interface and the source address for a packet to dst.
func (c *conn) route(dst netip.Addr) (*Interface, netip.Addr) {
	if c.joined != nil {
		if a := c.joined.source(dst); c.joined.up && a.IsValid() {
			return c.joined, a
		}
		return nil, netip.Addr{}
	}
	if a := c.local.Addr(); !a.IsUnspecified() {
		i := c.h.ownerOf(a)
		if i == nil || i.loopback && c.h.ownerOf(dst) == nil {
			return nil, netip.Addr{}
		}
		return i, a.WithZone("")
	}
	if i := c.h.ownerOf(dst); i != nil {
		return i, dst.WithZone("")
	}
	for _, i := range c.h.ifaces {
		if !i.up || i.loopback || dst.Zone() != "" && dst.Zone() != i.name {
			continue
		}
		if a := i.source(dst); a.IsValid() {
			return i, a
		}
	}
	return nil, netip.Addr{}
}

// source returns the address of i that packets to dst carry: one of the same
// family and scope, of the same prefix if there is one (RFC 6724 §5).
func (i *Interface) source(dst netip.Addr) (best netip.Addr) {
	dst = dst.WithZone("")
	for _, p := range i.addrs {
		a := p.Addr()
		if a.Is4() != dst.Is4() || isLinkLocal(a) != (isLinkLocal(dst) || dst.IsLinkLocalMulticast() && dst.Is6()) {
			continue
		}
		if p.Contains(dst) {
			return a
		}
		if !best.IsValid() {
			best = a
		}
	}
	if !best.IsValid() && dst.IsMulticast() {
		for _, p := range i.addrs {
			if p.Addr().Is4() == dst.Is4() {
				return p.Addr()
			}
		}
	}
	return best
}

func writeError(c *conn, to netip.AddrPort, err error) error {
	return &net.OpError{
		Op: "write", Net: "udp",
		Source: net.UDPAddrFromAddrPort(c.local), Addr: net.UDPAddrFromAddrPort(to),
		Err: os.NewSyscallError("sendto", err),
	}
}
