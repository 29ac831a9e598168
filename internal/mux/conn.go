package mux

import (
	"net/netip"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// A Conn is one connection's part of a shared socket. Its ReadBatch gives no
// datagrams: they go to Deliver's function.
type Conn interface {
	udp.Conn
	// Deliver sets the function that takes the datagrams, which must not block
	// and keeps nothing of the batch. It may run on several goroutines at once,
	// never after Close has returned. What comes before Deliver is dropped.
	Deliver(take func(batch []udp.Datagram))
	// AddUfrag has the checks that name a local username fragment delivered, too.
	// The oldest beyond maxUfrags is forgotten. Its error is a *UfragError if
	// another connection has the fragment, and matches net.ErrClosed after Close.
	AddUfrag(ufrag string) error
	// Confirm says that remote belongs to the peer: a check from there, or an
	// answer if proven, had the right integrity.
	Confirm(now time.Time, remote netip.AddrPort, proven bool)
}

// A UfragError says that a username fragment is taken: with two connections of the
// same name on one port, checks could not be told apart.
type UfragError struct{ Ufrag string }

func (e *UfragError) Error() string {
	return "another connection on the port has the username fragment " + e.Ufrag
}

// maxUfrags is how many generations of credentials a connection can have at once.
// An agent answers checks of the current one and of a few that were replaced.
const maxUfrags = 8

// An inbox hands datagrams to a connection.
type inbox struct {
	mu   sync.RWMutex // held for reading while take runs
	take func(batch []udp.Datagram)
	// done is closed with the inbox.
	done chan struct{}
	once sync.Once
}

// Deliver implements Conn.
func (i *inbox) Deliver(take func(batch []udp.Datagram)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.isClosed() {
		i.take = take
	}
}

func (i *inbox) put(batch []udp.Datagram) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if i.take != nil {
		i.take(batch)
	}
}

// shut ends delivery and waits for one that is under way. It reports whether the
// inbox was open.
func (i *inbox) shut() (first bool) {
	i.once.Do(func() {
		close(i.done)
		first = true
	})
	i.mu.Lock()
	defer i.mu.Unlock()
	i.take = nil
	return first
}

func (i *inbox) isClosed() bool {
	select {
	case <-i.done:
		return true
	default:
		return false
	}
}
