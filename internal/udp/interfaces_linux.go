//go:build linux && !udpplain

package udp

import (
	"errors"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// interfaceList is the system's.
var interfaceList listed

// listed is a list of interfaces as it was read last, and what tells that it has
// changed since: a netlink socket, one for the process, that the kernel tells of
// changes. To ask it is one system call that finds nothing; to list takes dozens, and
// a twentieth of what it takes to set up a connection.
type listed struct {
	mu         sync.Mutex // guards all
	tried      bool       // to open the socket
	watched    bool       // it is open, as fd
	fd         int
	current    bool // interfaces is what there is unless fd has something
	interfaces []Interface
}

func interfaces() ([]Interface, error) { return interfaceList.get() }

// get returns the interfaces that there are. Where the kernel does not tell of
// changes it lists them each time.
func (l *listed) get() ([]Interface, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.tried {
		l.tried = true
		l.fd, l.watched = watchInterfaces()
	}
	if !l.watched {
		return listInterfaces()
	}
	// What changes from here on is told of the next time.
	if interfacesChanged(l.fd) || !l.current {
		all, err := listInterfaces()
		if l.interfaces, l.current = all, err == nil; err != nil {
			return nil, err
		}
	}
	out := slices.Clone(l.interfaces)
	for i := range out {
		out[i].Addrs = slices.Clone(out[i].Addrs)
	}
	return out, nil
}

// watchInterfaces opens a socket that gets a message for each change of an interface
// or its addresses (rtnetlink(7)).
func watchInterfaces() (fd int, ok bool) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return 0, false
	}
	groups := uint32(unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = unix.Close(fd)
		return 0, false
	}
	return fd, true
}

// interfacesChanged empties the socket and reports whether there was anything. What
// the messages say does not matter, so the rest of a long one may get lost; and if the
// socket's buffer has overflowed (ENOBUFS) something has changed.
func interfacesChanged(fd int) (changed bool) {
	var message [64]byte
	for {
		_, _, err := unix.Recvfrom(fd, message[:], unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return changed
		case errors.Is(err, unix.EINTR):
		case err != nil && !errors.Is(err, unix.ENOBUFS):
			return true // what is wrong is not known: the list is read anew
		default:
			changed = true
		}
	}
}
