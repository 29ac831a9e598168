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
// GSO where the kernel has them. The runtime's poller does the waiting, by way of a
// doorbell.
type batchConn struct {
	fd    uintptr
	bell  *doorbell
	local netip.AddrPort
	is4   bool
	// gather is how many bytes may be expected to come while nobody reads.
	gather int

	// maxGSO is the largest segment that GSO is tried with. It shrinks when an
	// interface refuses: to 0 if it has no checksum offload, below its MTU if
	// the segment was too large.
	maxGSO atomic.Int32
	// stalled is set while the socket's buffer is full and a write has waited for
	// room in vain.
	stalled atomic.Bool
	// These are the system calls, or a test's stand-ins for them.
	sendmmsg, recvmmsg func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno)

	read func(uintptr) bool // the method recv, bound once
	hush func(uintptr)      // silences the bell

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
	b := &batchConn{local: local, is4: local.Addr().Is4(), sendmmsg: sendmmsg, recvmmsg: recvmmsg}
	b.read = b.recv
	b.hush = func(uintptr) { b.bell.silence(b.fd) }
	ok := false
	if err := raw.Control(func(fd uintptr) {
		b.setOptions(fd)
		if ok = hasBatches(fd); ok {
			b.fd, b.bell, err = takeOver(fd)
		}
	}); err != nil {
		c.Close()
		return nil, err
	}
	if !ok || err != nil {
		return newPlain(c), nil
	}
	c.Close() // the socket lives on
	return b, nil
}

// maxGathered bounds what a reader finds at once after a pause.
const maxGathered = 512 << 10

// gathered returns how many bytes of datagrams may gather in a receive buffer. Half
// of it or more is the kernel's own accounting.
func gathered(buffer int) int { return min(buffer/4, maxGathered) }

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
	if size, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil {
		b.gather = gathered(size)
	}
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

// Close implements Conn. Closing the doorbell ends the reads that wait and waits
// for the calls that use the socket.
func (b *batchConn) Close() error {
	if err := b.bell.file.Close(); err != nil {
		return &net.OpError{Op: "close", Net: "udp", Source: net.UDPAddrFromAddrPort(b.local), Err: net.ErrClosed}
	}
	return os.NewSyscallError("close", unix.Close(int(b.fd)))
}

// control calls f with the socket, which stays open meanwhile. Several goroutines
// may do so at once.
func (b *batchConn) control(op string, f func(uintptr)) error {
	return b.closed(op, b.bell.raw.Control(f))
}

// closed describes the one error that the doorbell gives.
func (b *batchConn) closed(op string, err error) error {
	if err == nil {
		return nil
	}
	return &net.OpError{Op: op, Net: "udp", Source: net.UDPAddrFromAddrPort(b.local), Err: net.ErrClosed}
}

// fail describes the error of a system call as package net does.
func (b *batchConn) fail(op, call string, to netip.AddrPort, errno syscall.Errno) error {
	e := &net.OpError{Op: op, Net: "udp", Source: net.UDPAddrFromAddrPort(b.local), Err: os.NewSyscallError(call, errno)}
	if to.IsValid() {
		e.Addr = net.UDPAddrFromAddrPort(to)
	}
	return e
}
