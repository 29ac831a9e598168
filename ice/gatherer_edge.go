package ice

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// A gatherEdge owns what a gatherer has outside its owner's loop: the sockets
// and the goroutines that wait for the network. Its methods may be called from
// any goroutine.
type gatherEdge struct {
	owner  func(func(now time.Time))
	ctx    context.Context // done at close
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu     sync.Mutex // guards what follows
	closed bool
	conns  map[udp.Conn]struct{}
	names  []io.Closer // those that are registered
	// unwatch ends the watch over the interfaces; nil if there is none.
	unwatch func()
}

func newGatherEdge(owner func(func(now time.Time))) *gatherEdge {
	e := &gatherEdge{owner: owner, conns: map[udp.Conn]struct{}{}}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return e
}

// post has the owner run f, unless the gatherer is closed by then.
func (e *gatherEdge) post(f func(now time.Time)) {
	e.owner(func(now time.Time) {
		if !e.isClosed() {
			f(now)
		}
	})
}

// start runs task on a goroutine of its own, which close waits for. After close
// it does nothing.
func (e *gatherEdge) start(task func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.tasks.Add(1)
	go func() {
		defer e.tasks.Done()
		task()
	}()
}

// adopt takes a new socket into care. After close it closes the socket and
// reports false.
func (e *gatherEdge) adopt(c udp.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		c.Close()
		return false
	}
	e.conns[c] = struct{}{}
	return true
}

// keep has a name withdrawn at close. After close it withdraws it and reports
// false.
func (e *gatherEdge) keep(name io.Closer) bool {
	e.mu.Lock()
	if !e.closed {
		e.names = append(e.names, name)
		e.mu.Unlock()
		return true
	}
	e.mu.Unlock()
	name.Close()
	return false
}

// withdraw withdraws a name that keep took.
func (e *gatherEdge) withdraw(name io.Closer) {
	e.mu.Lock()
	i := slices.Index(e.names, name)
	if i >= 0 {
		e.names = slices.Delete(e.names, i, i+1)
	}
	e.mu.Unlock()
	if i >= 0 {
		e.start(func() { name.Close() })
	}
}

// release closes a socket that adopt took.
func (e *gatherEdge) release(c udp.Conn) {
	e.mu.Lock()
	delete(e.conns, c)
	e.mu.Unlock()
	c.Close()
	if w, ok := c.(interface{ Wait() }); ok {
		e.start(w.Wait)
	}
}

func (e *gatherEdge) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

// close closes every socket and returns when no goroutine is left.
func (e *gatherEdge) close() {
	e.mu.Lock()
	e.closed = true
	conns, names, unwatch := e.conns, e.names, e.unwatch
	e.conns, e.names, e.unwatch = nil, nil, nil
	e.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
	e.cancel()
	for _, n := range names {
		n.Close()
	}
	for c := range conns {
		c.Close()
	}
	for c := range conns {
		if w, ok := c.(interface{ Wait() }); ok {
			w.Wait() // streams end with goroutines of their own
		}
	}
	e.tasks.Wait()
}
