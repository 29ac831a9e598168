package sctptransport

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// conn stands between the engine and the connection below. The engine calls
// Read again when it has worked off the packet before, with none of its locks
// held: the one moment at which the association learns that something may have
// changed.
type conn struct {
	net.Conn
	onIdle func() // called from Read before it blocks
	closed atomic.Bool

	mu    sync.Mutex
	cause error // why reading ended; guarded by mu
}

func (c *conn) Read(p []byte) (int, error) {
	c.onIdle()
	n, err := c.Conn.Read(p)
	if err != nil {
		// io.EOF is how the engine reports the reset of a stream.
		if err == io.EOF {
			err = errTransportClosed
		}
		c.fail(err)
		return 0, err
	}
	return n, nil
}

// fail keeps the first reason for the end.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.cause = err
	}
}

func (c *conn) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// Close closes the connection below, once.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	return c.Conn.Close()
}

// SetReadDeadline ends reading: the engine calls it for nothing else.
func (c *conn) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		return nil
	}
	return c.Close()
}

// SetWriteDeadline is ignored: writing to a datagram connection does not block.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
