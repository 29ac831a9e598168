package webrtc

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/parleyrtc/webrtc/internal/demux"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// readBatch is how many entries a socket's goroutine asks the kernel for at
// once, readBuffer the size of each: the most that GRO joins. Few entries keep
// an idle socket small, and under load each is full.
const (
	readBatch  = 2
	readBuffer = 65535
)

// maxReadErrors is how many failing reads in a row end a socket's goroutine: a
// socket whose interface is gone for good must not spin.
const maxReadErrors = 1000

// A socket is one UDP socket of a transport and the goroutine that reads it.
type socket struct {
	id        int
	conn      udp.Conn
	transport *transport
	unknown   atomic.Uint64 // datagrams of no protocol we speak (RFC 7983 §7)
}

// read is the body of the socket's goroutine, which ends when the socket is
// closed. Packets go where RFC 7983 says: STUN to the loop, DTLS to its
// transport.
func (s *socket) read() {
	batch := make([]udp.Datagram, readBatch)
	storage := make([]byte, readBatch*readBuffer)
	for i := range batch {
		batch[i].Buf = storage[i*readBuffer : (i+1)*readBuffer : (i+1)*readBuffer]
	}
	for failures := 0; failures < maxReadErrors; {
		n, err := s.conn.ReadBatch(batch)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			failures++
			continue
		}
		failures = 0
		for i := range batch[:n] {
			d := &batch[i]
			// The socket's own address says which link a peer is on; candidates
			// carry no zone.
			from := netip.AddrPortFrom(d.Addr.Addr().WithZone(""), d.Addr.Port())
			s.split(d.Buf[:d.N], d.SegmentSize, from)
		}
	}
}

// split undoes what GRO joined.
func (s *socket) split(b []byte, segment int, from netip.AddrPort) {
	if segment <= 0 {
		segment = len(b)
	}
	for len(b) > 0 {
		n := min(segment, len(b))
		s.handle(b[:n:n], from)
		b = b[n:]
	}
}

func (s *socket) handle(b []byte, from netip.AddrPort) {
	switch demux.Classify(b) {
	case demux.STUN:
		s.transport.pc.loop.deliver(s.transport, s.id, from, b)
	case demux.DTLS:
		s.transport.handleDTLS(from, b)
	default:
		s.unknown.Add(1)
	}
}

// A path is where a transport's packets go: out of a socket to a remote
// address that a connectivity check has proven.
type path struct {
	conn udp.Conn
	to   netip.AddrPort
}

var datagramPool = sync.Pool{New: func() any { return new([]udp.Datagram) }}

// send puts datagrams on the path in one batch.
func (p *path) send(datagrams [][]byte) error {
	batch := datagramPool.Get().(*[]udp.Datagram)
	defer func() {
		clear(*batch)
		*batch = (*batch)[:0]
		datagramPool.Put(batch)
	}()
	for _, d := range datagrams {
		*batch = append(*batch, udp.Datagram{Buf: d, N: len(d), Addr: p.to})
	}
	_, err := p.conn.WriteBatch(*batch)
	return err
}
