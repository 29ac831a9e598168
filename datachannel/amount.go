package datachannel

import "time"

// amount is the buffered amount of a channel: bytes of messages queued with Send
// and not yet given to the transport, and a little that Send has just given it.
//
// "When the underlying data transport sends data from its queue, the user agent MUST
// queue a task that reduces [[BufferedAmount]]" (webrtc-pc §6.2): what a message adds
// stays until the program has had time to look, and the messages that it sends in one
// go are followed by one event. That is for messages whose sum fits a packet. Larger
// ones stop counting at once, so that nobody waits who sends at the pace of the path.
type amount struct {
	queued    uint64
	held      uint64 // given to the transport by Send, and still counted
	heldAt    time.Time
	settler   *time.Timer // stops counting it
	settling  bool        // the timer runs
	threshold uint64
}

const (
	// maxHeldAmount bounds what is counted beyond what is queued.
	maxHeldAmount = 1200
	// heldFor is how long that lasts if nobody looks, and quiet how long after the last
	// message it lasts for who does: less than a message takes to the peer.
	heldFor = time.Millisecond
	quiet   = 80 * time.Microsecond
)

func (a *amount) total() uint64 { return a.queued + a.held }

// add counts a message that has been queued.
func (b *inbox) add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.amount.queued += uint64(n)
}

// remove counts n bytes that have been given to the transport or dropped.
func (b *inbox) remove(n int) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.amount.queued -= uint64(n)
	b.lower(uint64(n) + b.amount.held)
}

// lower lets the amount fall by n, of which what is held is a part, and puts an event
// in if it falls through the threshold: "when the bufferedAmount decreases from above
// this threshold to equal or below it" (webrtc-pc §6.2, bufferedAmountLowThreshold).
// mu is held.
func (b *inbox) lower(n uint64) {
	a := &b.amount
	a.held = 0
	if now := a.total(); now+n > a.threshold && now <= a.threshold {
		b.postLow()
	}
	b.change()
}

// sent counts n bytes that Send has given to the transport without queueing them.
func (c *Channel) sent(n int) {
	b := &c.inbox
	a := &b.amount
	b.mu.Lock()
	if n == 0 || a.held+uint64(n) > maxHeldAmount {
		b.mu.Unlock()
		b.remove(n)
		return
	}
	defer b.mu.Unlock()
	a.queued -= uint64(n)
	a.held += uint64(n)
	a.heldAt = time.Now()
	if !a.settling {
		a.settling = true
		if a.settler == nil {
			a.settler = time.AfterFunc(heldFor, c.settle)
		} else {
			a.settler.Reset(heldFor)
		}
	}
	b.change()
}

// settle stops counting what is held, unless the channel has closed: bufferedAmount
// "does not reset to zero once the channel closes" (webrtc-pc §6.2).
func (c *Channel) settle() {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.amount.settling = false
	if b.amount.held > 0 && c.State() != Closed {
		b.lower(b.amount.held)
	}
}

// BufferedAmount returns the number of bytes of messages that have been queued
// with Send and not yet been given to the transport, which holds about a window's
// worth. Right after Send it counts the message in any case. It may fall at any time,
// and does not become zero because the channel closes.
func (c *Channel) BufferedAmount() uint64 {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := &b.amount; a.held > 0 && c.State() == Open && time.Since(a.heldAt) >= quiet {
		b.lower(a.held)
	}
	return b.amount.total()
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
