package datachannel

import (
	"sync/atomic"
	"time"
)

// sticky is how long a decrease of the buffered amount stays invisible after a
// Send, unless a handler has run since.
const sticky = time.Millisecond

// tasks counts the handlers that have been called in this process: the nearest
// that a Go program has to the turns of an event loop.
var tasks atomic.Uint64

// amount is the buffered amount of a channel: bytes of messages queued with Send
// and not yet given to the transport. "The returned value MUST NOT be decreased
// before the current task yielded back to the event loop" (webrtc-pc §6.2), so a
// decrease shows only when a handler has run since the last Send, or after a
// moment.
type amount struct {
	queued    uint64 // what the program sees
	sent      uint64 // of that, what has been given to the transport
	threshold uint64
	task      uint64 // value of tasks at the last Send
	at        time.Time
}

// add counts a message that has been queued.
func (b *inbox) add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle()
	b.amount.queued += uint64(n)
	b.amount.task, b.amount.at = tasks.Load(), time.Now()
}

// settle is called by everything that looks at the amount, and before a handler
// is called: it shows the decrease that may show. mu is held.
func (b *inbox) settle() {
	a := &b.amount
	if a.sent == 0 || b.handling && time.Since(b.handlingFrom) < longRunning {
		return
	}
	if a.task != tasks.Load() || time.Since(a.at) >= sticky {
		a.queued, a.sent = a.queued-a.sent, 0
	}
}

// remove counts n bytes that have been given to the transport or dropped, and
// puts an event in if the amount falls through the threshold: "when the
// bufferedAmount decreases from above this threshold to equal or below it"
// (webrtc-pc §6.2, bufferedAmountLowThreshold).
func (b *inbox) remove(n int) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.amount.sent += uint64(n)
	if t := b.amount.threshold; b.amount.queued > t && b.left() <= t {
		b.postLow()
	}
	b.change()
}

// left returns what is queued in truth. mu is held.
func (b *inbox) left() uint64 { return b.amount.queued - b.amount.sent }

// BufferedAmount returns the number of bytes of messages that have been queued
// with Send and not yet been given to the transport, which holds about a window's
// worth. What does not fit it does not fall to zero when the channel closes.
func (c *Channel) BufferedAmount() uint64 {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle()
	return b.amount.queued
}

// BufferedAmountLowThreshold returns the threshold in bytes; it is 0 at first.
func (c *Channel) BufferedAmountLowThreshold() uint64 {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.amount.threshold
}

// SetBufferedAmountLowThreshold sets the number of bytes at which the buffered
// amount counts as low. Setting it causes no event.
func (c *Channel) SetBufferedAmountLowThreshold(bytes uint64) {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.amount.threshold = bytes
	b.change()
}
