package dtlstransport

import (
	"net"
	"time"
)

// Conn returns the transport's application data in the shape that SCTP engines
// want. Closing it ends its Read and Write, as theirs do when an association
// ends, and leaves the transport as it is: DTLS outlives SCTP
// (RFC 8842 §3.1), and a new Conn may be taken afterwards.
func (t *Transport) Conn() net.Conn {
	return &dataConn{t: t, closed: make(chan struct{})}
}

type dataConn struct {
	t      *Transport
	closed chan struct{}
}

func (c *dataConn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}
func (c *dataConn) Read(p []byte) (int, error) { return c.t.data.popUntil(p, c.isClosed) }
func (c *dataConn) Write(p []byte) (int, error) {
	if c.isClosed() {
		return 0, net.ErrClosed
	}
	return c.t.Write(p)
}
func (c *dataConn) Close() error {
	c.t.data.wake(func() {
		if !c.isClosed() {
			close(c.closed)
		}
	})
	return nil
}
func (c *dataConn) LocalAddr() net.Addr              { return peerAddr{} }
func (c *dataConn) RemoteAddr() net.Addr             { return peerAddr{} }
func (c *dataConn) SetDeadline(time.Time) error      { return nil }
func (c *dataConn) SetReadDeadline(time.Time) error  { return nil }
func (c *dataConn) SetWriteDeadline(time.Time) error { return nil }
