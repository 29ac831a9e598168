package webrtc

import (
	"sync"
	"sync/atomic"
)

// A dispatcher runs a connection's event handlers one at a time, in the order
// in which the events happened. It has no goroutine while there is nothing to
// run: a call that caused events runs them itself before it returns, events
// from the network get a goroutine for as long as the queue lasts.
type dispatcher struct {
	mu      sync.Mutex // guards all below
	queue   []func()
	running bool
	closed  bool
	callers int           // API calls under way, which will drain the queue
	idle    chan struct{} // non-nil while somebody waits for running to end
}

// enqueue adds an event. It runs nothing.
func (d *dispatcher) enqueue(event func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.queue = append(d.queue, event)
	}
}

// enter announces an API call, which must end with leave.
func (d *dispatcher) enter() {
	d.mu.Lock()
	d.callers++
	d.mu.Unlock()
}

// leave runs the queued events on the caller's goroutine, so that those which
// the call caused are delivered before it returns. If a handler is running
// just then, whoever runs it will run them right after, and leave returns at
// once: the caller may be that very handler.
func (d *dispatcher) leave() {
	d.mu.Lock()
	d.callers--
	mine := d.acquire()
	d.mu.Unlock()
	if mine {
		d.run()
	}
}

// kick has the queued events run on a goroutine of their own, which ends when
// the queue is empty, unless somebody runs them or is about to.
func (d *dispatcher) kick() {
	d.mu.Lock()
	mine := d.callers == 0 && d.acquire()
	d.mu.Unlock()
	if mine {
		go d.run()
	}
}

// close drops what is queued; no event starts afterwards.
func (d *dispatcher) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.queue = nil
}

// wait returns once no handler is running.
func (d *dispatcher) wait() {
	d.mu.Lock()
	if !d.running {
		d.mu.Unlock()
		return
	}
	if d.idle == nil {
		d.idle = make(chan struct{})
	}
	idle := d.idle
	d.mu.Unlock()
	<-idle
}

// acquire claims the right to run the queue; d.mu is held.
func (d *dispatcher) acquire() bool {
	if d.running || len(d.queue) == 0 {
		return false
	}
	d.running = true
	return true
}

func (d *dispatcher) run() {
	finished := false
	// A handler that panics on a goroutine that recovers must not leave the
	// dispatcher marked as running for ever.
	defer func() {
		if !finished {
			d.mu.Lock()
			d.setIdle()
			d.mu.Unlock()
		}
	}()
	for {
		event, ok := d.next()
		if !ok {
			finished = true
			return
		}
		event()
	}
}

// next takes the oldest event. Without one it marks the dispatcher idle under
// the same lock, so that no event can slip in between.
func (d *dispatcher) next() (func(), bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) == 0 {
		d.setIdle()
		return nil, false
	}
	event := d.queue[0]
	d.queue[0] = nil
	d.queue = d.queue[1:]
	return event, true
}

// setIdle ends a run; d.mu is held.
func (d *dispatcher) setIdle() {
	d.running = false
	if d.idle != nil {
		close(d.idle)
		d.idle = nil
	}
}

// A handler is a settable event handler. The zero value has none.
type handler[F any] struct{ f atomic.Pointer[F] }

func (h *handler[F]) set(f F) { h.f.Store(&f) }

// get returns the handler set last, or the zero F.
func (h *handler[F]) get() (f F) {
	if p := h.f.Load(); p != nil {
		f = *p
	}
	return f
}
