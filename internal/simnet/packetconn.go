package simnet

import (
	"net"
	"net/netip"
	"os"
	"time"
)

// ListenPacket binds a socket as net.ListenPacket does, for servers that are
// written for one. network is "udp", "udp4" or "udp6"; address is a literal
// address and port, of which either may be missing (":3478"); without an
// address the socket is for IPv4, or IPv6 if network is "udp6".
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "0.0.0.0"
		if network == "udp6" {
			host = "::"
		}
	}
	if port == "" {
		port = "0"
	}
	local, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	switch is4 := local.Addr().Unmap().Is4(); {
	case network != "udp" && network != "udp4" && network != "udp6":
		return nil, net.UnknownNetworkError(network)
	case network == "udp4" && !is4, network == "udp6" && is4:
		return nil, &net.AddrError{Err: "wrong address family for " + network, Addr: address}
	}
	c, err := h.listen(local)
	if err != nil {
		return nil, err
	}
	return packetConn{c}, nil
}

// packetConn is a conn as a net.PacketConn.
type packetConn struct{ c *conn }

func (p packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c := p.c
	c.h.n.mu.Lock()
	defer c.h.n.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, nil, c.closedError("read")
		case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
			return 0, nil, &net.OpError{Op: "read", Net: "udp", Source: p.LocalAddr(), Err: os.ErrDeadlineExceeded}
		case !c.empty():
			r := c.pop()
			return copy(b, r.data), net.UDPAddrFromAddrPort(r.from), nil
		}
		c.ready.Wait()
	}
}

func (p packetConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, &net.OpError{Op: "write", Net: "udp", Source: p.LocalAddr(), Addr: addr, Err: net.InvalidAddrError("not a *net.UDPAddr")}
	}
	c, n := p.c, p.c.h.n
	n.mu.Lock()
	defer n.unlock()
	if c.closed {
		return 0, c.closedError("write")
	}
	now := n.now()
	if err := n.send(now, c, b, to.AddrPort(), 0); err != nil {
		return 0, writeError(c, to.AddrPort(), err)
	}
	n.runDue(now)
	return len(b), nil
}

func (p packetConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(p.c.local) }

func (p packetConn) Close() error { return p.c.Close() }

func (p packetConn) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// SetReadDeadline bounds reads that wait, now and later; the zero time does not.
func (p packetConn) SetReadDeadline(t time.Time) error {
	c := p.c
	c.h.n.mu.Lock()
	defer c.h.n.mu.Unlock()
	if c.closed {
		return c.closedError("set")
	}
	c.deadline = t
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if !t.IsZero() {
		c.timer = time.AfterFunc(time.Until(t), func() {
			c.h.n.mu.Lock()
			defer c.h.n.mu.Unlock()
			c.ready.Broadcast()
		})
	}
	c.ready.Broadcast()
	return nil
}

// SetWriteDeadline does nothing: writes never wait.
func (p packetConn) SetWriteDeadline(time.Time) error { return nil }
