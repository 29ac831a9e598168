package dtlstransport

import (
	"fmt"
	"net"
	"os"
	"time"
)

// Conn returns the transport's application data in the shape that SCTP engines
// want. Closing it ends its Read and Write, as they do when an association
// ends, and leaves the transport as it is; another Conn may be taken then. Of
// several that are open at once, each record goes to one. Read deadlines are
// kept; a write never waits, so that its deadlines have no effect.
func (t *Transport) Conn() net.Conn { return &dataConn{t: t} }

type dataConn struct {
	t *Transport

	// What follows is guarded by the lock of t.data.
	closed   bool
	deadline time.Time
	timer    *time.Timer
}

// stopped is called with the lock of t.data held.
func (c *dataConn) stopped() error {
	if c.closed {
		return fmt.Errorf("dtlstransport: read: %w", net.ErrClosed)
	}
	if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (c *dataConn) Read(p []byte) (int, error) { return c.t.data.popUntil(p, c.stopped) }

func (c *dataConn) Write(p []byte) (int, error) {
	closed := false
	c.t.data.look(func() { closed = c.closed })
	if closed {
		return 0, fmt.Errorf("dtlstransport: write: %w", net.ErrClosed)
	}
	return c.t.Write(p)
}

func (c *dataConn) Close() error {
	c.t.data.wake(func() {
		c.closed = true
		if c.timer != nil {
			c.timer.Stop()
		}
	})
	return nil
}

func (c *dataConn) SetReadDeadline(at time.Time) error {
	c.t.data.wake(func() {
		c.deadline = at
		if c.timer != nil {
			c.timer.Stop()
			c.timer = nil
		}
		if wait := time.Until(at); !c.closed && !at.IsZero() && wait > 0 {
			c.timer = time.AfterFunc(wait, func() { c.t.data.wake(func() {}) })
		}
	})
	return nil
}

func (c *dataConn) SetDeadline(at time.Time) error   { return c.SetReadDeadline(at) }
func (c *dataConn) SetWriteDeadline(time.Time) error { return nil }
func (c *dataConn) LocalAddr() net.Addr              { return peerAddr{} }
func (c *dataConn) RemoteAddr() net.Addr             { return peerAddr{} }
