package mux

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const (
	// maxFrame is the longest packet that is taken from a stream. What WebRTC sends
	// fits a datagram of the path's MTU; the largest records of DTLS are 16 KiB.
	maxFrame = 16<<10 + 512
	// maxFirstFrame is the longest connectivity check.
	maxFirstFrame = 2048
	// minRead and maxRead bound the buffer of a reading stream, which grows while
	// it is filled at once.
	minRead, maxRead = 4 << 10, 64 << 10
	// streamBatch is how many packets are handed over at once.
	streamBatch = 16
	// DefaultBacklog is how many bytes wait for a peer that does not read, unless
	// the program says otherwise. Packets on top are dropped, as a full socket drops
	// them.
	DefaultBacklog = 256 << 10
	// writeTimeout is how long a peer may take nothing before its stream is closed:
	// consent has expired by then (RFC 7675 §5.1).
	writeTimeout = 30 * time.Second
	// farewell is how long the end of a stream waits for what is still to be sent.
	farewell = 200 * time.Millisecond
)

// A stream is one TCP connection that carries packets (RFC 4571).
type stream struct {
	conn    net.Conn
	remote  netip.AddrPort
	backlog int
	tasks   *sync.WaitGroup // of the owner
	dropped *atomic.Uint64

	mu      sync.Mutex // guards what follows
	pending []byte
	writing bool
	opening bool // not connected yet: conn is nil
	closed  bool

	// What follows belongs to the reader: buf[start:end] has come and was not
	// handed out.
	buf        []byte
	start, end int
}

// write queues the packets of a batch that are for the stream.
func (s *stream) write(d *udp.Datagram) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	size := d.SegmentSize
	if size <= 0 {
		size = max(d.N, 1)
	}
	for b := d.Buf[:d.N]; len(b) > 0; {
		n := min(size, len(b))
		if n > 1<<16-1 {
			return fmt.Errorf("a packet of %d bytes is too long for a stream", n)
		}
		limit := s.backlog
		if looksLikeSTUN(b[:n]) {
			limit += limit / 8 // a slow peer is still to hear our consent checks
		}
		if len(s.pending)+frameHeader+n > limit {
			s.dropped.Add(1)
		} else {
			s.pending = appendFrame(s.pending, b[:n])
		}
		b = b[n:]
	}
	if !s.writing && !s.opening && len(s.pending) > 0 {
		s.writing = true
		s.tasks.Go(s.flush)
	}
	return nil
}

// flush is the body of the writing goroutine, which ends when nothing waits.
func (s *stream) flush() {
	var buf []byte
	for {
		s.mu.Lock()
		buf, s.pending = s.pending, buf[:0]
		if len(buf) == 0 {
			s.writing, s.pending = false, nil
			closed := s.closed
			s.mu.Unlock()
			if closed {
				_ = s.conn.Close()
			}
			return
		}
		if !s.closed {
			_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		s.mu.Unlock()
		if _, err := s.conn.Write(buf); err != nil {
			s.mu.Lock()
			s.closed, s.writing, s.pending = true, false, nil
			s.mu.Unlock()
			_ = s.conn.Close() // the reader learns it
			return
		}
	}
}

// opened gives a stream that was being opened its connection. False if it was
// closed meanwhile.
func (s *stream) opened(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conn, s.opening = conn, false
	if len(s.pending) > 0 {
		s.writing = true
		s.tasks.Go(s.flush)
	}
	return true
}

// close ends the stream. What was written before still goes out, within farewell.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	switch {
	case s.conn == nil:
	case s.writing:
		_ = s.conn.SetWriteDeadline(time.Now().Add(farewell))
		_ = s.conn.SetReadDeadline(time.Now())
	default:
		_ = s.conn.Close()
	}
}

// next waits until at least one packet has come, and fills batch with those that
// are there. They are valid until the next call.
func (s *stream) next(batch []udp.Datagram, limit int) (int, error) {
	for {
		n := 0
		for n < len(batch) {
			packet, size, err := nextFrame(s.buf[s.start:s.end], limit)
			if err != nil {
				return n, err
			}
			if size == 0 {
				break
			}
			s.start += size
			if len(packet) > 0 {
				batch[n] = udp.Datagram{Buf: packet, N: len(packet), Addr: s.remote}
				n++
			}
		}
		if n > 0 {
			return n, nil
		}
		if err := s.fill(limit); err != nil {
			return 0, err
		}
	}
}

// fill reads more. The buffer grows to hold a frame that has begun, and while the
// peer fills it.
func (s *stream) fill(limit int) error {
	s.end = copy(s.buf, s.buf[s.start:s.end])
	s.start = 0
	size := max(len(s.buf), min(minRead, frameHeader+limit))
	if s.end == len(s.buf) {
		size = min(2*size, max(maxRead, frameHeader+limit))
	}
	if size > len(s.buf) {
		s.buf = append(make([]byte, 0, size), s.buf[:s.end]...)[:size]
	}
	n, err := s.conn.Read(s.buf[s.end:])
	s.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		return errors.New("the stream gave nothing")
	}
	return err
}
