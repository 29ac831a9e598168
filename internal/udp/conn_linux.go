//go:build linux && !udpplain

package udp

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// batchConn reads and writes through recvmmsg and sendmmsg, with UDP GRO and
// GSO where the kernel has them. The runtime's poller does the waiting.
type batchConn struct {
	c     *net.UDPConn
	raw   syscall.RawConn
	local netip.AddrPort
	is4   bool

	// maxGSO is the largest segment that GSO is tried with. It shrinks when an
	// interface refuses: to 0 if it has no checksum offload, below its MTU if
	// the segment was too large.
	maxGSO atomic.Int32
	// sendmmsg is the system call, or a test's stand-in for it.
	sendmmsg func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno)

	read func(fd uintptr) bool // the method recv, bound once

	rmu sync.Mutex // held by the one goroutine that reads; guards what follows
	gro bool       // it has been asked for
	// batch is what recv is to fill, got and errno what came of it.
	batch []Datagram
	got   int
	errno syscall.Errno
}

func newConn(c *net.UDPConn) (Conn, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		c.Close()
		return nil, err
	}
	local := unmap(c.LocalAddr().(*net.UDPAddr).AddrPort())
	b := &batchConn{c: c, raw: raw, local: local, is4: local.Addr().Is4(), sendmmsg: sendmmsg}
	b.read = b.recv
	ok := false
	if err := raw.Control(func(fd uintptr) {
		b.setOptions(fd)
		ok = hasBatches(fd)
	}); err != nil {
		c.Close()
		return nil, err
	}
	if !ok {
		return newPlain(c), nil
	}
	return b, nil
}

// hasBatches asks for nothing to be sent and received, which fails where a
// sandbox forbids the calls. Tests have other answers.
var hasBatches = func(fd uintptr) bool {
	_, serr := sendmmsg(fd, nil)
	_, rerr := recvmmsg(fd, nil)
	return serr == 0 && (rerr == 0 || rerr == unix.EAGAIN)
}

// setOptions asks for what makes the socket better. All of it may fail: in
// containers, under seccomp, on old kernels.
func (b *batchConn) setOptions(ufd uintptr) {
	fd := int(ufd)
	raise(fd, unix.SO_RCVBUFFORCE, unix.SO_RCVBUF)
	raise(fd, unix.SO_SNDBUFFORCE, unix.SO_SNDBUF)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	if b.is4 {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
	} else {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
	}
	if _, err := unix.GetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT); err == nil {
		b.maxGSO.Store(MaxJoined)
	}
}

// raise sets a buffer to socketBuffer past the system's limit if the process
// may do that, else up to the limit. The kernel reports twice the size set.
func raise(fd, force, polite int) {
	if size, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, polite); err == nil && size >= 2*socketBuffer {
		return
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, socketBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, polite, socketBuffer)
	}
}

func (b *batchConn) LocalAddr() netip.AddrPort { return b.local }

func (b *batchConn) Close() error { return b.c.Close() }

// fail describes the error of a system call as package net does.
func (b *batchConn) fail(op, call string, to netip.AddrPort, errno syscall.Errno) error {
	e := &net.OpError{Op: op, Net: "udp", Source: net.UDPAddrFromAddrPort(b.local), Err: os.NewSyscallError(call, errno)}
	if to.IsValid() {
		e.Addr = net.UDPAddrFromAddrPort(to)
	}
	return e
}
