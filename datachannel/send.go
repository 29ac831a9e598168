package datachannel

import (
	"context"
	"strings"
	"time"
)

// Send queues a message and returns. data is copied; a string that is not UTF-8
// is mended, as the web API does.
//
// The error is an InvalidStateError if the channel is not open, a TypeError if
// the message is larger than the peer's max-message-size, and an OperationError
// if the session's SendBuffer is full (webrtc-pc §6.2, send). It matches
// net.ErrClosed if the channel is closing or closed.
func (c *Channel) Send(data []byte, isString bool) error {
	return c.send(data, isString)
}

func (c *Channel) send(data []byte, isString bool) error {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	// "If channel.[[ReadyState]] is not 'open', throw an InvalidStateError."
	switch c.State() {
	case Connecting:
		return invalidState(nil)
	case Closing, Closed:
		return invalidState(errChannelClosed)
	}
	// "If the byte size of data exceeds the value of maxMessageSize … throw a
	// TypeError."
	if s.maxMessage != 0 && uint64(len(data)) > s.maxMessage {
		return typeError("the message has %d bytes, the peer takes at most %d", len(data), s.maxMessage)
	}
	// "If queuing data is not possible because not enough buffer space is
	// available, throw an OperationError."
	if s.cfg.SendBuffer > 0 && c.queuedBytes()+len(data) > s.cfg.SendBuffer {
		return operationError("%d bytes are queued and %d more do not fit in %d", c.queuedBytes(), len(data), s.cfg.SendBuffer)
	}
	m := outMessage{ppid: ppidBinary, size: len(data)}
	switch {
	case len(data) == 0:
		// "the sender … MUST send … one byte set to zero" (RFC 8831 §6.6).
		m.ppid, m.data = ppidBinaryEmpty, []byte{0}
		if isString {
			m.ppid = ppidStringEmpty
		}
	case isString:
		m.ppid, m.data = ppidString, []byte(strings.ToValidUTF8(string(data), "\uFFFD"))
	default:
		m.data = append([]byte(nil), data...)
	}
	if t := c.params.MaxPacketLifeTime; t != nil {
		m.expires = time.Now().Add(time.Duration(*t) * time.Millisecond)
	}
	c.inbox.add(&c.amount, m.size)
	c.out.messages = append(c.out.messages, m)
	s.activate(c)
	s.pump()
	return nil
}

func (c *Channel) queuedBytes() int {
	c.inbox.mu.Lock()
	defer c.inbox.mu.Unlock()
	return int(c.amount.queued - c.amount.sent)
}

// WaitWritable waits until the buffered amount is at most the low threshold, or
// the channel is no longer open, or ctx is done.
func (c *Channel) WaitWritable(ctx context.Context) error {
	for {
		b := &c.inbox
		b.mu.Lock()
		ok, changed := c.amount.queued-c.amount.sent <= c.amount.threshold, b.wait()
		b.mu.Unlock()
		switch {
		case c.State() == Connecting:
			return invalidState(nil)
		case c.State() != Open:
			return invalidState(errChannelClosed)
		case ok:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// SendContext is Send after WaitWritable: it waits for its turn instead of
// queueing without end. ctx cancels the wait, never a message that is queued.
func (c *Channel) SendContext(ctx context.Context, data []byte, isString bool) error {
	if err := c.WaitWritable(ctx); err != nil {
		return err
	}
	return c.Send(data, isString)
}
