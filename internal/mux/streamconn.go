package mux

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const (
	// maxStreams bounds the streams of one connection: as many as a peer has
	// addresses, and a few that were given up.
	maxStreams = 16
	// dialTimeout is how long a stream may take to open.
	dialTimeout = 10 * time.Second
)

// errNoStream: there is no stream to the address, and this side opens none.
var errNoStream = errors.New("the peer has no stream open from the address")

// A Dialer opens a stream to remote.
type Dialer func(ctx context.Context, remote netip.AddrPort) (net.Conn, error)

// StreamConn is a connection's streams at one local address: those that peers have
// opened to a Listener's, or those that it opens itself.
type StreamConn struct {
	inbox
	local    netip.AddrPort
	listener *Listener // nil for streams that are opened
	dial     Dialer    // nil for streams that are accepted
	backlog  int
	ctx      context.Context // of dials, done at Close
	cancel   context.CancelFunc
	tasks    sync.WaitGroup

	streamsMu sync.Mutex // guards what follows
	streams   map[netip.AddrPort]*boundStream
	lost      func(remote netip.AddrPort, err error)

	dropped atomic.Uint64
}

type boundStream struct {
	*stream
	since time.Time
	// confirmed: the peer has shown that it knows the credentials.
	confirmed bool
}

var _ Conn = (*StreamConn)(nil)

func newStreamConn(local netip.AddrPort, backlog int) *StreamConn {
	c := &StreamConn{local: local, backlog: backlog, streams: map[netip.AddrPort]*boundStream{}}
	c.done = make(chan struct{})
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Dial returns a Conn that opens a stream to each address that it writes to (active
// candidates, RFC 6544 §5.1). What is written before the stream stands waits for it.
func Dial(local netip.AddrPort, dial Dialer) *StreamConn {
	c := newStreamConn(local, DefaultBacklog)
	c.dial = dial
	return c
}

// OnLost sets a function that is told of streams which have ended, or could not be
// opened. It runs on other goroutines and must not block.
func (c *StreamConn) OnLost(f func(remote netip.AddrPort, err error)) {
	c.streamsMu.Lock()
	defer c.streamsMu.Unlock()
	c.lost = f
}

// Dropped returns how many packets found no room in a queue, or no stream.
func (c *StreamConn) Dropped() uint64 { return c.dropped.Load() }

// ReadBatch implements udp.Conn: it waits for Close.
func (c *StreamConn) ReadBatch([]udp.Datagram) (int, error) {
	<-c.done
	return 0, net.ErrClosed
}

// LocalAddr implements udp.Conn.
func (c *StreamConn) LocalAddr() netip.AddrPort { return c.local }

// WriteBatch implements udp.Conn. It never waits for the peer.
func (c *StreamConn) WriteBatch(batch []udp.Datagram) (int, error) {
	sent := 0
	var first error
	for i := range batch {
		s, err := c.streamTo(plain(batch[i].Addr))
		if err == nil {
			err = s.write(&batch[i])
		}
		switch {
		case err == nil:
			sent++
		case c.isClosed():
			return sent, net.ErrClosed
		case first == nil:
			first = err
		}
	}
	return sent, first
}

// streamTo returns the stream to an address, opening it if this side opens streams.
func (c *StreamConn) streamTo(remote netip.AddrPort) (*stream, error) {
	c.streamsMu.Lock()
	defer c.streamsMu.Unlock()
	if s := c.streams[remote]; s != nil {
		return s.stream, nil
	}
	switch {
	case c.isClosed():
		return nil, net.ErrClosed
	case c.dial == nil:
		c.dropped.Add(1)
		return nil, errNoStream
	}
	s := c.newStream(nil, remote)
	s.opening = true
	c.streams[remote] = &boundStream{stream: s, since: time.Now(), confirmed: true}
	c.tasks.Go(func() { c.open(s) })
	return s, nil
}

func (c *StreamConn) newStream(conn net.Conn, remote netip.AddrPort) *stream {
	return &stream{conn: conn, remote: remote, backlog: c.backlog, tasks: &c.tasks, dropped: &c.dropped}
}

// open opens a stream and then reads it.
func (c *StreamConn) open(s *stream) {
	ctx, cancel := context.WithTimeout(c.ctx, dialTimeout)
	conn, err := c.dial(ctx, s.remote)
	cancel()
	if err != nil {
		c.remove(s, err)
		return
	}
	if !s.opened(conn) {
		_ = conn.Close()
		return
	}
	c.read(s)
}

// read hands over what comes, and returns when the stream has ended.
func (c *StreamConn) read(s *stream) {
	var batch [streamBatch]udp.Datagram
	for {
		n, err := s.next(batch[:], maxFrame)
		if n > 0 {
			c.put(batch[:n])
		}
		if err != nil {
			c.remove(s, err)
			return
		}
	}
}

// remove forgets a stream that has ended.
func (c *StreamConn) remove(s *stream, err error) {
	s.close()
	c.streamsMu.Lock()
	b := c.streams[s.remote]
	ours := b != nil && b.stream == s
	if ours {
		delete(c.streams, s.remote)
	}
	lost := c.lost
	c.streamsMu.Unlock()
	if ours && lost != nil && !c.isClosed() {
		lost(s.remote, err)
	}
}

// adopt takes a stream that was accepted. False if it is not wanted.
func (c *StreamConn) adopt(s *stream) bool {
	c.streamsMu.Lock()
	defer c.streamsMu.Unlock()
	if c.isClosed() || !c.makeRoom() {
		return false
	}
	if old := c.streams[s.remote]; old != nil {
		old.close()
	}
	c.streams[s.remote] = &boundStream{stream: s, since: time.Now()}
	c.tasks.Add(1) // for the goroutine that calls adopted
	return true
}

// adopted reads a stream that adopt took, whose first packet is in batch.
func (c *StreamConn) adopted(s *stream, batch []udp.Datagram) {
	defer c.tasks.Done()
	c.put(batch)
	c.read(s)
}

// makeRoom sees to it that another stream may come: at the cost of the oldest one
// whose peer has not shown that it knows the credentials.
func (c *StreamConn) makeRoom() bool {
	if len(c.streams) < maxStreams {
		return true
	}
	var oldest *boundStream
	for _, s := range c.streams {
		if !s.confirmed && (oldest == nil || s.since.Before(oldest.since)) {
			oldest = s
		}
	}
	if oldest == nil {
		return false
	}
	delete(c.streams, oldest.remote)
	oldest.close()
	return true
}

// AddUfrag implements Conn. Streams that this side opens need no name.
func (c *StreamConn) AddUfrag(ufrag string) error {
	if c.listener == nil {
		return nil
	}
	return c.listener.addUfrag(c, ufrag)
}

// Confirm implements Conn: the stream from remote may stay.
func (c *StreamConn) Confirm(_ time.Time, remote netip.AddrPort, _ bool) {
	c.streamsMu.Lock()
	defer c.streamsMu.Unlock()
	if s := c.streams[plain(remote)]; s != nil && !s.confirmed {
		s.confirmed = true
		_ = s.conn.SetReadDeadline(time.Time{})
	}
}

// Close implements udp.Conn. It does not wait for the streams' goroutines; Wait
// does.
func (c *StreamConn) Close() error {
	if !c.shut() {
		return net.ErrClosed
	}
	c.cancel()
	if c.listener != nil {
		c.listener.remove(c)
	}
	c.streamsMu.Lock()
	defer c.streamsMu.Unlock()
	for _, s := range c.streams {
		s.close()
	}
	c.streams = nil
	return nil
}

// Wait returns when no goroutine is left after Close.
func (c *StreamConn) Wait() { c.tasks.Wait() }
