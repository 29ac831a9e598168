package udp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// ListenShared binds n sockets to one address. The kernel spreads what comes over
// them by the sender's address, so that each flow stays with one of them
// (SO_REUSEPORT). Port 0 picks a port that is free.
func ListenShared(local netip.AddrPort, n int) ([]Conn, error) {
	local = unmap(local)
	if !local.Addr().IsValid() {
		return nil, fmt.Errorf("udp: listen on %v: no address", local)
	}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if cerr := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}); cerr != nil {
			return cerr
		}
		return err
	}}
	conns := make([]Conn, 0, n)
	fail := func(err error) ([]Conn, error) {
		for _, c := range conns {
			c.Close()
		}
		return nil, err
	}
	for range max(n, 1) {
		pc, err := lc.ListenPacket(context.Background(), family(local.Addr()), local.String())
		if err != nil {
			return fail(err)
		}
		c, err := newConn(pc.(*net.UDPConn))
		if err != nil {
			return fail(err)
		}
		conns = append(conns, c)
		local = netip.AddrPortFrom(local.Addr(), c.LocalAddr().Port())
	}
	return conns, nil
}

// v6only says whether a socket takes IPv6 alone.
func v6only(c *net.UDPConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	only := 0
	if err := raw.Control(func(fd uintptr) {
		only, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
	}); err != nil {
		return false
	}
	return only != 0
}
