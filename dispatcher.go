package webrtc

import (
	"math"
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
	taken   uint64 // events that were taken out of the queue, ever
	running bool
	limit   uint64 // how far whoever is running goes, counted as taken
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

// mark names the last event queued so far, for leave.
func (d *dispatcher) mark() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.taken + uint64(len(d.queue))
}

// leave runs the events up to mark on the caller's goroutine, so that those
// which the call caused are delivered before it returns; what the network has
// caused since is left to a goroutine, so that it comes after what the caller
// does next as a rule. If a handler is running just then, whoever runs it will
// run the events right after, and leave returns at once: the caller may be that
// very handler.
func (d *dispatcher) leave(mark uint64) {
	d.mu.Lock()
	d.callers--
	d.limit = max(d.limit, mark)
	mine := d.acquire()
	d.mu.Unlock()
	if mine && d.run() {
		d.mu.Lock()
		d.limit = math.MaxUint64
		d.mu.Unlock()
		go d.run()
	}
}

// kick has the queued events run on a goroutine of their own, which ends when
// the queue is empty, unless somebody runs them or is about to.
func (d *dispatcher) kick() {
	d.mu.Lock()
	mine := d.callers == 0 && d.acquire()
	if mine {
		d.limit = math.MaxUint64
	}
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
	d.taken += uint64(len(d.queue))
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

// run runs events up to the limit and reports whether there are more, in which case
// the right to run them is still the caller's.
func (d *dispatcher) run() (more bool) {
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
		event, more := d.next()
		if event == nil {
			finished = true
			return more
		}
		event()
	}
}

// next takes the oldest event unless it lies beyond the limit. Without any it marks
// the dispatcher idle under the same lock, so that none can slip in between.
func (d *dispatcher) next() (event func(), more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) == 0 {
		d.setIdle()
		return nil, false
	}
	if d.taken >= d.limit {
		return nil, true
	}
	event = d.queue[0]
	d.queue[0] = nil
	d.queue = d.queue[1:]
	d.taken++
	return event, false
}

// setIdle ends a run; d.mu is held.
func (d *dispatcher) setIdle() {
	d.running, d.limit = false, 0
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
