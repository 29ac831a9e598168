package peer

import (
	"sync"

	"github.com/parleyrtc/webrtc/examples/internal/signal"
)

// An outbox keeps candidates back that become known while their description is
// being made: the other side can do nothing with them before it has that.
type outbox struct {
	send func(signal.Message) error

	mu      sync.Mutex // guards all below
	held    bool
	waiting []signal.Message
}

// candidate sends a candidate, now or after what holds it back.
func (o *outbox) candidate(m signal.Message) error {
	o.mu.Lock()
	if o.held {
		o.waiting = append(o.waiting, m)
		o.mu.Unlock()
		return nil
	}
	o.mu.Unlock()
	return o.send(m)
}

// hold keeps candidates back until release.
func (o *outbox) hold() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held = true
}

// release sends what waits, and what comes meanwhile, in order.
func (o *outbox) release() error {
	for {
		o.mu.Lock()
		if len(o.waiting) == 0 {
			o.held = false
			o.mu.Unlock()
			return nil
		}
		m := o.waiting[0]
		o.waiting = o.waiting[1:]
		o.mu.Unlock()
		if err := o.send(m); err != nil {
			return err
		}
	}
}
