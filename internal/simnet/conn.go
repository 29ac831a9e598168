package simnet

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// firstPort is the first of the ephemeral ports (RFC 6335 §6).
const firstPort = 49152

// conn is a socket. Its fields are guarded by the network's mu.
type conn struct {
	h      *Host
	local  netip.AddrPort
	joined *Interface // of a multicast socket, whose local is the group

	ready    sync.Cond
	queue    []received
	head     int // of queue
	queued   int // bytes
	closed   bool
	deadline time.Time // of ReadFrom
	timer    *time.Timer
}

type received struct {
	data []byte
	from netip.AddrPort
	ecn  uint8
}

// ListenUDP binds a socket to an address of one of the host's interfaces, or to
// the unspecified address; port 0 picks the next of the ephemeral ports that is
// free. Each socket is for one address family.
func (h *Host) ListenUDP(local netip.AddrPort) (udp.Conn, error) {
	c, err := h.listen(local)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (h *Host) listen(local netip.AddrPort) (*conn, error) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	addr := local.Addr().Unmap()
	local = netip.AddrPortFrom(addr, local.Port())
	if h.n.closed {
		return nil, listenError(local, net.ErrClosed)
	}
	if !addr.IsUnspecified() && !h.has(addr) {
		return nil, listenError(local, os.NewSyscallError("bind", syscall.EADDRNOTAVAIL))
	}
	if local.Port() == 0 {
		if local = h.freePort(addr); local.Port() == 0 {
			return nil, listenError(local, os.NewSyscallError("bind", syscall.EADDRINUSE))
		}
	}
	if h.taken(local) {
		return nil, listenError(local, os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	c := h.newConn(local, nil)
	h.bound[local] = c
	h.ports[anyAddr(local)]++
	return c, nil
}

// ListenMulticastUDP binds a socket to the group on the interface ifi.
func (h *Host) ListenMulticastUDP(ifi udp.Interface, group netip.AddrPort) (udp.Conn, error) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	group = netip.AddrPortFrom(group.Addr().Unmap().WithZone(""), group.Port())
	i := h.iface(ifi.Name)
	switch {
	case h.n.closed:
		return nil, listenError(group, net.ErrClosed)
	case !group.Addr().IsMulticast() || group.Port() == 0:
		return nil, listenError(group, os.NewSyscallError("setsockopt", syscall.EINVAL))
	case i == nil || !i.source(group.Addr()).IsValid():
		return nil, listenError(group, os.NewSyscallError("setsockopt", syscall.ENODEV))
	}
	return h.newConn(group, i), nil
}

func (h *Host) newConn(local netip.AddrPort, joined *Interface) *conn {
	c := &conn{h: h, local: local, joined: joined}
	c.ready.L = &h.n.mu
	h.conns = append(h.conns, c)
	return c
}

// has says whether a socket may be bound to the address.
func (h *Host) has(a netip.Addr) bool {
	for _, i := range h.ifaces {
		// A link-local address means nothing without its zone.
		if i.has(a.WithZone("")) && (a.Zone() == i.name || a.Zone() == "" && !isLinkLocal(a)) {
			return true
		}
	}
	return false
}

// taken says whether a socket is bound to the port at the same address, or one
// of the two is unspecified.
func (h *Host) taken(local netip.AddrPort) bool {
	if local.Addr().IsUnspecified() {
		return h.ports[local] > 0
	}
	return h.bound[local] != nil || h.bound[anyAddr(local)] != nil
}

// anyAddr returns the unspecified address of local's family with its port.
func anyAddr(local netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(unspecified(local.Addr()), local.Port())
}

// freePort returns a with the next ephemeral port that no socket of the host has,
// with port 0 if there is none.
func (h *Host) freePort(a netip.Addr) netip.AddrPort {
	for range 1<<16 - firstPort {
		h.lastPort = max(h.lastPort+1, firstPort)
		ap := netip.AddrPortFrom(a, h.lastPort)
		if !h.taken(ap) {
			return ap
		}
	}
	return netip.AddrPortFrom(a, 0)
}

func listenError(local netip.AddrPort, err error) error {
	return &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(local), Err: err}
}

func (c *conn) closedError(op string) error {
	return &net.OpError{Op: op, Net: "udp", Source: net.UDPAddrFromAddrPort(c.local), Err: net.ErrClosed}
}

// push gives c a datagram and wakes a reader.
func (c *conn) push(r received) {
	c.queue = append(c.queue, r)
	c.queued += len(r.data)
	c.ready.Signal()
}

// pop takes the oldest datagram, of which there is one.
func (c *conn) pop() received {
	r := c.queue[c.head]
	c.queue[c.head] = received{}
	c.queued -= len(r.data)
	if c.head++; c.head == len(c.queue) {
		c.queue, c.head = c.queue[:0], 0
	}
	return r
}

func (c *conn) empty() bool { return c.head == len(c.queue) }

// ReadBatch implements udp.Conn. A datagram longer than its buffer is cut
// short.
func (c *conn) ReadBatch(batch []udp.Datagram) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	n := c.h.n
	n.mu.Lock()
	defer n.mu.Unlock()
	for c.empty() && !c.closed {
		c.ready.Wait()
	}
	if c.closed {
		return 0, c.closedError("read")
	}
	udp.Lend(batch)
	filled := 0
	for ; filled < len(batch) && batch[filled].Buf != nil && !c.empty(); filled++ {
		c.fill(&batch[filled])
	}
	if !c.empty() {
		c.ready.Signal() // for another reader
	}
	return filled, nil
}

// fill reads a datagram into d, and joins those behind it that GRO would.
func (c *conn) fill(d *udp.Datagram) {
	r := c.pop()
	d.N, d.SegmentSize, d.Addr, d.ECN, d.Age = copy(d.Buf, r.data), 0, r.from, r.ecn, 0
	if !c.h.gro {
		return
	}
	size := len(r.data)
	for last := size; last == size && size > 0 && !c.empty(); {
		next := c.queue[c.head]
		if next.from != r.from || next.ecn != r.ecn || len(next.data) > size || len(next.data) == 0 || d.N+len(next.data) > len(d.Buf) {
			return
		}
		d.SegmentSize = size
		d.N += copy(d.Buf[d.N:], c.pop().data)
		last = len(next.data)
	}
}

// WriteBatch implements udp.Conn.
func (c *conn) WriteBatch(batch []udp.Datagram) (int, error) {
	n := c.h.n
	n.mu.Lock()
	defer n.unlock()
	if c.closed {
		return 0, c.closedError("write")
	}
	now := n.now()
	sent := 0
	var first error
	for k := range batch {
		if err := c.writeSegments(now, &batch[k]); err == nil {
			sent++
		} else if first == nil {
			first = writeError(c, batch[k].Addr, err)
		}
	}
	n.runDue(now)
	return sent, first
}

func (c *conn) writeSegments(now time.Duration, d *udp.Datagram) error {
	for b := d.Buf[:d.N]; ; {
		size := len(b)
		if d.SegmentSize > 0 {
			size = min(size, d.SegmentSize)
		}
		if err := c.h.n.send(now, c, b[:size], d.Addr, d.ECN); err != nil {
			return err
		}
		if b = b[size:]; len(b) == 0 {
			return nil
		}
	}
}

// LocalAddr implements udp.Conn.
func (c *conn) LocalAddr() netip.AddrPort { return c.local }

// Close implements udp.Conn.
func (c *conn) Close() error {
	c.h.n.mu.Lock()
	defer c.h.n.mu.Unlock()
	if c.closed {
		return c.closedError("close")
	}
	c.closeLocked()
	return nil
}

func (c *conn) closeLocked() {
	c.closed = true
	c.queue, c.head, c.queued = nil, 0, 0
	if c.timer != nil {
		c.timer.Stop()
	}
	c.h.conns = slices.DeleteFunc(c.h.conns, func(o *conn) bool { return o == c })
	if c.h.bound[c.local] == c {
		delete(c.h.bound, c.local)
		if port := anyAddr(c.local); c.h.ports[port] == 1 {
			delete(c.h.ports, port)
		} else {
			c.h.ports[port]--
		}
	}
	c.ready.Broadcast()
}
