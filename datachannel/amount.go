package datachannel

// amount is the buffered amount of a channel: bytes of messages queued with Send
// and not yet given to the transport. It falls at any time: the rule that it must
// not "before the current task yielded back to the event loop" (webrtc-pc §6.2)
// protects programs of one thread, which Go's are not.
type amount struct {
	queued    uint64
	threshold uint64
}

// add counts a message that has been queued.
func (b *inbox) add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.amount.queued += uint64(n)
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
	a := &b.amount
	above := a.queued > a.threshold
	a.queued -= uint64(n)
	if above && a.queued <= a.threshold {
		b.postLow()
	}
	b.change()
}

// BufferedAmount returns the number of bytes of messages that have been queued
// with Send and not yet been given to the transport, which holds about a window's
// worth. It may fall at any time, and does not become zero because the channel closes.
func (c *Channel) BufferedAmount() uint64 {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
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
