package dtlstransport

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// Conn returns the transport's application data in the shape that SCTP engines
// want. Closing it ends its Read and Write, as they do when an association
// ends, and leaves the transport as it is; another Conn may be taken then. Of
// several that are open at once, each record goes to one. Read deadlines are
// kept; a write never waits, so that its deadlines have no effect.
func (t *Transport) Conn() *Conn {
	t.data.wake(func() {
		t.conns++
		t.data.maxPackets, t.data.maxBytes = windowPackets, windowBytes
	})
	return &Conn{t: t}
}

// Conn is a net.Conn that carries a Transport's application data, one record
// for each Write and each Read. Append and Flush send a burst.
type Conn struct {
	t      *Transport
	closed atomic.Bool

	// What follows is guarded by the lock of t.data.
	deadline time.Time
	timer    *time.Timer
}

// stopped is called with the lock of t.data held.
func (c *Conn) stopped() error {
	if c.closed.Load() {
		return fmt.Errorf("dtlstransport: read: %w", net.ErrClosed)
	}
	if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// Read waits for a record, as Transport.Read does, until the deadline.
func (c *Conn) Read(p []byte) (int, error) { return c.t.data.popUntil(p, c.stopped) }

// Write sends p as one record: Append, then Flush.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.Append(p); err != nil {
		return 0, err
	}
	return len(p), c.Flush()
}

// Append is Transport.Append, until Close.
func (c *Conn) Append(p []byte) error {
	if c.closed.Load() {
		return fmt.Errorf("dtlstransport: write: %w", net.ErrClosed)
	}
	return c.t.Append(p)
}

// Flush hands the records that wait to Config.Send, in one call. Without any it
// does nothing. It reports no loss: a path that is dead or not there loses the
// records, as a network would.
func (c *Conn) Flush() error {
	c.t.Flush()
	return nil
}

// Close ends Read and Write, and leaves the transport as it is.
func (c *Conn) Close() error {
	t := c.t
	t.data.wake(func() {
		if c.closed.Swap(true) {
			return
		}
		if c.timer != nil {
			c.timer.Stop()
		}
		if t.conns--; t.conns == 0 {
			t.data.maxPackets, t.data.maxBytes = inboundPackets, inboundBytes
			t.data.trim()
		}
	})
	return nil
}

// SetReadDeadline sets the time at which Read gives up with
// os.ErrDeadlineExceeded; the zero time means never.
func (c *Conn) SetReadDeadline(at time.Time) error {
	c.t.data.wake(func() {
		c.deadline = at
		if c.timer != nil {
			c.timer.Stop()
			c.timer = nil
		}
		if wait := time.Until(at); !c.closed.Load() && !at.IsZero() && wait > 0 {
			c.timer = time.AfterFunc(wait, func() { c.t.data.wake(func() {}) })
		}
	})
	return nil
}

// SetDeadline is SetReadDeadline.
func (c *Conn) SetDeadline(at time.Time) error { return c.SetReadDeadline(at) }

// SetWriteDeadline has no effect: a write never waits.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr returns a placeholder: the path may change at any time.
func (c *Conn) LocalAddr() net.Addr { return peerAddr{} }

// RemoteAddr returns a placeholder, too.
func (c *Conn) RemoteAddr() net.Addr { return peerAddr{} }
