package datachannel

import (
	"context"
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// Send queues a message and returns. data is copied; a string that is not UTF-8
// is mended, since the web API knows only strings that are.
//
// The error is an InvalidStateError if the channel is not open, which matches
// net.ErrClosed if it is closing or closed; a TypeError if the message is larger
// than the peer's max-message-size; an OperationError if the session's
// SendBuffer is full (webrtc-pc §6.2, send).
func (c *Channel) Send(data []byte, isString bool) error {
	ppid, expires := ppidBinary, time.Time{}
	if isString {
		ppid, data = ppidString, decodeText(data)
	}
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.maySend(c, len(data)); err != nil {
		return err
	}
	if t := c.params.MaxPacketLifeTime; t != nil {
		expires = time.Now().Add(time.Duration(*t) * time.Millisecond)
	}
	size := len(data)
	if size == 0 {
		// "the sender … MUST use … one byte" (RFC 8831 §6.6: SCTP has no empty
		// messages).
		data, ppid = emptyMessage, emptyPPID(ppid)
	}
	c.inbox.add(size)
	// What the transport takes at once need not be copied twice.
	if s.ring.first == nil && !c.out.eos && s.room() > 0 {
		s.give(c, ppid, data, size, expires)
		c.sent(size)
		return nil
	}
	buf := getBuffer(len(data))
	copy(buf, data)
	c.out.push(outMessage{ppid: ppid, data: buf, size: size, expires: expires})
	if !expires.IsZero() {
		s.watch(c, expires)
	}
	s.activate(c)
	s.pump()
	return nil
}

var emptyMessage = []byte{0}

func emptyPPID(ppid sctptransport.PPID) sctptransport.PPID {
	if ppid == ppidString {
		return ppidStringEmpty
	}
	return ppidBinaryEmpty
}

// maySend checks a message of n bytes in the order of webrtc-pc §6.2, send.
// mu is held.
func (s *Session) maySend(c *Channel, n int) error {
	// "If channel.[[ReadyState]] is not 'open', throw an InvalidStateError."
	if err := c.notOpen(); err != nil {
		return err
	}
	// "If the byte size of data exceeds the value of maxMessageSize on channel's
	// associated RTCSctpTransport, throw a TypeError."
	if s.maxMessage != 0 && uint64(n) > s.maxMessage {
		return typeError("the message has %d bytes, the peer takes at most %d", n, s.maxMessage)
	}
	// "If queuing data is not possible because not enough buffer space is
	// available, throw an OperationError."
	if limit := s.cfg.SendBuffer; limit > 0 {
		if left := c.left(); left+n > limit {
			return operationError("%d bytes are queued, %d more do not fit in %d", left, n, limit)
		}
	}
	return nil
}

func (c *Channel) notOpen() error {
	switch c.State() {
	case Open:
		return nil
	case Connecting:
		return invalidState(nil)
	}
	return invalidState(errChannelClosed)
}

// left returns how many bytes are queued.
func (c *Channel) left() int {
	c.inbox.mu.Lock()
	defer c.inbox.mu.Unlock()
	return int(c.inbox.amount.queued)
}

// writableAmount is what WaitWritable lets be queued unless a low threshold is
// set: to wait for an empty queue after each message would send in lock-step.
const writableAmount = 256 << 10

// WaitWritable waits until the buffered amount is at most the low threshold, or
// 256 KiB while none is set. The error is that of Send if the channel is not open,
// or the context's.
func (c *Channel) WaitWritable(ctx context.Context) error {
	b := &c.inbox
	return b.await(ctx, func() (bool, time.Time, error) {
		limit := b.amount.threshold
		if limit == 0 {
			limit = writableAmount
		}
		return b.amount.queued <= limit, time.Time{}, c.notOpen()
	})
}

// SendContext is Send once WaitWritable has returned: it waits instead of
// queueing without end. The context cancels the wait, never a message that is
// queued.
func (c *Channel) SendContext(ctx context.Context, data []byte, isString bool) error {
	if err := c.WaitWritable(ctx); err != nil {
		return err
	}
	return c.Send(data, isString)
}
