package netwatch

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// settle is how long further changes are waited for after one: an interface that
// comes up tells of itself, its link and each address.
const settle = 20 * time.Millisecond

// Open returns a netlink socket that gets a message for each change of an interface or
// its addresses (rtnetlink(7)). It does not block, and is the caller's to close.
func Open() (fd int, err error) {
	fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return 0, err
	}
	groups := uint32(unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

// A waiter has such a socket; without one, where the kernel grants none, it polls.
type waiter struct {
	socket *os.File
	raw    syscall.RawConn
	poller
}

func newWaiter() waiter {
	fd, err := Open()
	if err != nil {
		return waiter{poller: newPoller()}
	}
	socket := os.NewFile(uintptr(fd), "netlink")
	raw, err := socket.SyscallConn()
	if err != nil {
		_ = socket.Close()
		return waiter{poller: newPoller()}
	}
	return waiter{socket: socket, raw: raw}
}

// wait returns true after a change and false after end.
func (w *waiter) wait(quit <-chan struct{}) bool {
	if w.socket == nil {
		return w.poller.wait(quit)
	}
	if w.raw.Read(Drain) != nil {
		return false
	}
	timer := time.NewTimer(settle)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-quit:
		return false
	}
	return w.raw.Control(func(fd uintptr) { Drain(fd) }) == nil
}

// end ends a wait.
func (w *waiter) end() {
	if w.socket != nil {
		_ = w.socket.Close()
	}
}

// Drain empties the socket of Open and reports whether there was anything. What the messages
// say does not matter, so the rest of a long one may get lost; and if the socket's
// buffer has overflowed (ENOBUFS) something has changed.
func Drain(fd uintptr) (changed bool) {
	var message [64]byte
	for {
		_, _, err := unix.Recvfrom(int(fd), message[:], unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return changed
		case errors.Is(err, unix.EINTR):
		case err != nil && !errors.Is(err, unix.ENOBUFS):
			return true // what is wrong is not known: the list is to be read anew
		default:
			changed = true
		}
	}
}
