//go:build linux && !udpplain

package udp

import (
	"slices"
	"sync"

	"github.com/parleyrtc/webrtc/internal/netwatch"
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
		fd, err := netwatch.Open()
		l.fd, l.watched = fd, err == nil
	}
	if !l.watched {
		return listInterfaces()
	}
	// What changes from here on is told of the next time.
	if netwatch.Drain(uintptr(l.fd)) || !l.current {
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
