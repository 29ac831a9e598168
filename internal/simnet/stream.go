package simnet

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
)

// ListenTCP waits for streams to an address of the internet that the host has.
func (h *Host) ListenTCP(local netip.AddrPort) (net.Listener, error) {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	failed := func(err error) (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(local), Err: err}
	}
	switch {
	case h.n.closed:
		return failed(net.ErrClosed)
	case !h.has(local.Addr()):
		return failed(os.NewSyscallError("bind", syscall.EADDRNOTAVAIL))
	case h.n.streams[local] != nil:
		return failed(os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	l := &listener{n: h.n, local: local, accepted: make(chan net.Conn), closed: make(chan struct{})}
	h.n.streams[local] = l
	return l, nil
}

// DialTCP opens a stream to what listens at remote.
func (h *Host) DialTCP(ctx context.Context, local netip.Addr, remote netip.AddrPort) (net.Conn, error) {
	failed := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(remote), Err: err}
	}
	h.n.mu.Lock()
	l, up := h.n.streams[remote], h.has(local)
	h.lastPort = max(h.lastPort+1, firstPort)
	from, seen := netip.AddrPortFrom(local, h.lastPort), local
	for _, i := range h.ifaces {
		if i.has(local) {
			for g := i.realm.gateway; g != nil; g = g.outside.gateway {
				for _, a := range g.public {
					if a.Is4() == local.Is4() {
						seen = a
					}
				}
			}
		}
	}
	h.n.mu.Unlock()
	if !up {
		return failed(os.NewSyscallError("bind", syscall.EADDRNOTAVAIL))
	}
	if l == nil {
		return failed(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	near, far := net.Pipe()
	select {
	case l.accepted <- streamConn{far, remote, netip.AddrPortFrom(seen, from.Port())}:
		return streamConn{near, from, remote}, nil
	case <-l.closed:
		return failed(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	case <-ctx.Done():
		return failed(ctx.Err())
	}
}

// listener is a host's listening socket for streams.
type listener struct {
	n        *Network
	local    netip.AddrPort
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	}
}

func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.local) }

func (l *listener) Close() error {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	l.closeLocked()
	return nil
}

func (l *listener) closeLocked() {
	l.once.Do(func() {
		close(l.closed)
		if l.n.streams[l.local] == l {
			delete(l.n.streams, l.local)
		}
	})
}

// streamConn is one end of a stream.
type streamConn struct {
	net.Conn
	local, remote netip.AddrPort
}

func (c streamConn) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(c.local) }
func (c streamConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }
