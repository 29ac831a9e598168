package datachannel

import (
	"context"
	"io"
	"time"
)

// Detach hands the messages of the channel to blocking reads: the message
// handlers are not called any more, the other handlers are. The first blocking
// read does so too; Detach makes the channel wait for it when messages come
// faster.
func (c *Channel) Detach() {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.detach()
}

func (b *inbox) detach() {
	if !b.detached {
		b.detached = true
		b.change()
		b.kick()
	}
}

// Receive waits for the next message, which is the caller's to keep. The error is
// io.EOF when the peer has closed the channel and all messages are read; it
// matches net.ErrClosed when this side has; it is an *rtcerr.RTCError when the
// channel has failed.
func (c *Channel) Receive(ctx context.Context) (data []byte, isString bool, err error) {
	b := &c.inbox
	err = b.await(ctx, func() (bool, time.Time, error) {
		b.detach()
		if b.messages.len() == 0 {
			return false, time.Time{}, b.end
		}
		m := b.next()
		data, isString = m.data, m.isString
		return true, time.Time{}, nil
	})
	return data, isString, err
}

// ReadDataChannel waits for the next message, copies it to p and returns its
// length and whether it is a string. If p is too short, the error is
// io.ErrShortBuffer and the message stays. Otherwise the errors are those of
// Receive, and one that matches os.ErrDeadlineExceeded after the read deadline.
func (c *Channel) ReadDataChannel(p []byte) (n int, isString bool, err error) {
	b := &c.inbox
	err = b.await(context.Background(), func() (bool, time.Time, error) {
		b.detach()
		if b.messages.len() == 0 {
			return false, b.readDeadline, b.end
		}
		if d := b.readDeadline; !d.IsZero() && !time.Now().Before(d) {
			return false, d, nil
		}
		if len(b.messages.first().data) > len(p) {
			return false, time.Time{}, io.ErrShortBuffer
		}
		m := b.next()
		n, isString = copy(p, m.data), m.isString
		if m.pooled {
			putBuffer(m.data)
		}
		return true, time.Time{}, nil
	})
	return n, isString, err
}

// Read is ReadDataChannel for who does not ask what kind the message is.
func (c *Channel) Read(p []byte) (int, error) {
	n, _, err := c.ReadDataChannel(p)
	return n, err
}

// WriteDataChannel sends a message as Send does, but waits first while the
// session's WriteBuffer is full. The error matches os.ErrDeadlineExceeded after
// the write deadline; then nothing has been sent.
func (c *Channel) WriteDataChannel(p []byte, isString bool) (int, error) {
	b := &c.inbox
	limit := uint64(c.session.cfg.WriteBuffer)
	err := b.await(context.Background(), func() (bool, time.Time, error) {
		if err := c.notOpen(); err != nil {
			return false, time.Time{}, err
		}
		if d := b.writeDeadline; !d.IsZero() && !time.Now().Before(d) {
			return false, d, nil
		}
		return b.amount.queued < limit, b.writeDeadline, nil
	})
	if err == nil {
		err = c.Send(p, isString)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Write sends a binary message as WriteDataChannel does.
func (c *Channel) Write(p []byte) (int, error) { return c.WriteDataChannel(p, false) }

// SetReadDeadline bounds the present and future reads; the zero time lifts the
// bound.
func (c *Channel) SetReadDeadline(t time.Time) error {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readDeadline = t
	b.change()
	return nil
}

// SetWriteDeadline bounds the present and future writes; the zero time lifts the
// bound.
func (c *Channel) SetWriteDeadline(t time.Time) error {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writeDeadline = t
	b.change()
	return nil
}
