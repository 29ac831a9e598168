package webrtc

import (
	"sync"
	"sync/atomic"
)

// A running counts the handlers that run on goroutines other than the
// dispatcher's, for GracefulClose to wait for. It is touched for each message
// and does not lock unless somebody waits or the last handler returns.
type running struct {
	n atomic.Int64

	mu   sync.Mutex
	idle chan struct{} // non-nil while somebody waits; guarded by mu
}

func (r *running) enter() { r.n.Add(1) }

func (r *running) leave() {
	if r.n.Add(-1) != 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}

// wait returns once no handler is running. None may start any more.
func (r *running) wait() {
	r.mu.Lock()
	if r.n.Load() == 0 {
		r.mu.Unlock()
		return
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.mu.Unlock()
	<-idle
}

// call runs a handler without arguments, if there is one.
func (r *running) call(f func()) {
	if f == nil {
		return
	}
	r.enter()
	defer r.leave()
	f()
}
