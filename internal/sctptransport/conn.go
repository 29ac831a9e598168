package sctptransport

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// conn stands between the engine and the connection below, and sees every
// packet. The engine calls Read again when it has worked off the packet before,
// with none of its locks held: the one moment at which the association learns
// that something may have changed.
type conn struct {
	net.Conn
	idle    func() // called from Read before it blocks
	resets  *resets
	stall   *stall
	backlog *backlog
	parts   [][]byte // of a packet, not yet read; touched by the reader
	closed  atomic.Bool

	// streams is the smaller number of streams that the peer offered in its
	// INIT or INIT ACK, 0 before.
	streams atomic.Uint32
	// window is what the peer's last acknowledgement said it could take beyond
	// what it had.
	window atomic.Uint32

	mu    sync.Mutex
	cause error // why reading ended; guarded by mu
}

func (c *conn) Read(p []byte) (int, error) {
	for {
		c.idle()
		if len(c.parts) > 0 {
			part := c.parts[0]
			c.parts = c.parts[1:]
			_, opens := split(part)
			c.backlog.admit(opens)
			return copy(p, part), nil
		}
		n, err := c.Conn.Read(p)
		if err != nil {
			// io.EOF is how the engine reports the reset of a stream.
			if err == io.EOF {
				err = errTransportClosed
			}
			c.fail(err)
			return 0, err
		}
		if n = c.received(p[:n]); n == 0 {
			continue
		}
		parts, opens := split(p[:n])
		c.backlog.admit(opens)
		if len(parts) > 1 {
			c.parts = parts[1:]
			return copy(p, parts[0]), nil
		}
		return n, nil
	}
}

// received looks at a packet from the peer and returns how much of it is for
// the engine.
func (c *conn) received(p []byte) int {
	repeated := false
	for chunk := range chunks(p) {
		switch chunk.kind() {
		case chunkInit, chunkInitAck:
			c.streams.Store(uint32(chunk.streams()))
			c.window.Store(chunk.credit())
		case chunkSack:
			if window, _, ok := chunk.window(); ok {
				c.window.Store(window)
			}
		case chunkAbort:
			c.fail(chunk.abort())
		case chunkReconfig:
			for param := range chunk.params() {
				c.resets.received(param)
				repeated = repeated || c.resets.repeated(param)
			}
		}
	}
	if !repeated {
		return len(p)
	}
	// The engine would perform the reset once more, on a stream that may be a
	// new one by now. RFC 6525 §5.2.1 has the former answer repeated.
	if answer := c.resets.answer(); answer != nil {
		c.Conn.Write(answer)
	}
	return without(p, chunkReconfig)
}

func (c *conn) Write(p []byte) (int, error) {
	c.resets.pass()
	for chunk := range chunks(p) {
		switch chunk.kind() {
		case chunkReconfig:
			for param := range chunk.params() {
				if c.resets.sending(param, p) {
					return len(p), nil
				}
			}
		case chunkSack:
			if c.stall.sending(chunk) {
				c.fail(errOversized)
				c.Conn.Write(abortPacket(p, errOversized.Error()))
				c.Close()
				return len(p), nil
			}
		}
	}
	return c.Conn.Write(p)
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

// SetWriteDeadline does nothing: writing to a datagram connection does not block.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
