package sctptransport

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// conn stands between the engine and the connection below, and sees every
// packet: receive.go has what it does with those that come in, send.go with those
// that go out.
type conn struct {
	net.Conn
	a       *Association
	out     out
	closed  atomic.Bool
	unacked atomic.Int32 // packets of data since the last acknowledgement was written
	// acked is 1<<32 more than the TSN up to which the last acknowledgement that was
	// written acknowledges all; 0 before.
	acked atomic.Uint64

	// streams is the smaller number of streams that the peer offered in its
	// INIT or INIT ACK, 0 before.
	streams atomic.Uint32
	// window is what the peer's last acknowledgement said it could take beyond
	// what it had.
	window atomic.Uint32

	// Touched by the goroutine that reads packets.
	touched   []*Stream // that the packet before was for
	resetting []*Stream // that the peer is about to reset
	read      uint      // packets
	agreed    bool      // the packet before may have brought the association up

	mu    sync.Mutex
	cause error // why reading ended; guarded by mu
}

func newConn(a *Association, c Config) *conn {
	b, ok := c.Conn.(burst)
	if !ok {
		b = singly{c.Conn}
	}
	return &conn{Conn: c.Conn, a: a, out: out{below: b, tasks: &a.tasks, mtu: int(c.MTU)}}
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

// Close closes the connection below, once. The engine calls it whenever the
// association ends by other means than a failure to read, with its locks held.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	err := c.Conn.Close()
	c.a.ending.lose()
	return err
}

// SetReadDeadline ends reading: the engine calls it for nothing else.
func (c *conn) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		return nil
	}
	return c.Close()
}

// SetWriteDeadline does nothing: writing to a datagram connection does not block.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
