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
// moment. It is guarded by the mutex of the channel's inbox.
type amount struct {
	queued    uint64 // what the program sees
	sent      uint64 // of that, what has been given to the transport
	threshold uint64
	task      uint64 // value of tasks at the last Send
	at        time.Time
}

// add counts a message that has been queued.
func (b *inbox) add(a *amount, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle(a)
	a.queued += uint64(n)
	a.task, a.at = tasks.Load(), time.Now()
}

// settle shows the decrease that may show. mu is held.
func (b *inbox) settle(a *amount) {
	if a.sent == 0 || b.handling {
		return
	}
	if a.task != tasks.Load() || time.Since(a.at) >= sticky {
		a.queued -= a.sent
		a.sent = 0
	}
}

// remove counts n bytes that have been given to the transport or dropped, and
// puts the event in if the amount falls through the threshold.
func (b *inbox) remove(a *amount, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := a.queued - a.sent
	a.sent += uint64(n)
	if before > a.threshold && before-uint64(n) <= a.threshold && b.events.OnBufferedAmountLow != nil {
		b.postLow()
	}
	b.change()
}

// BufferedAmount returns the number of bytes of messages that have been queued
// with Send and not yet been given to the transport. It does not fall to zero
// when the channel closes.
func (c *Channel) BufferedAmount() uint64 {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle(&c.amount)
	return c.amount.queued
}

// BufferedAmountLowThreshold returns the threshold; it is 0 at first.
func (c *Channel) BufferedAmountLowThreshold() uint64 {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	return c.amount.threshold
}

// SetBufferedAmountLowThreshold sets the number of bytes at which the buffered
// amount counts as low.
func (c *Channel) SetBufferedAmountLowThreshold(bytes uint64) {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	c.amount.threshold = bytes
}
