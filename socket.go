package webrtc

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/demux"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// readBatch is how many entries a socket's goroutine asks the kernel for at
// once; each may hold many datagrams that GRO has joined.
const readBatch = udp.MaxLent

// maxModeration is for how long a socket's goroutine lets media gather where it
// comes fast: little beside what jitter buffers hold.
const maxModeration = 2 * time.Millisecond

func (e *SettingEngine) moderation() time.Duration {
	if e.unmoderated {
		return 0
	}
	return maxModeration
}

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
// association, media to the RTP session.
func (s *socket) read() {
	batch := make([]udp.Datagram, readBatch) // whose buffers are lent to it
	moderator := udp.Moderator{Limit: s.transport.pc.api.settings.moderation()}
	var y receipts
	for failures := 0; failures < maxReadErrors; {
		n, err := s.conn.ReadBatch(batch)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if failures++; failures == maxReadErrors {
				s.transport.log.Warn("socket given up", "address", s.conn.LocalAddr(), "reason", err)
			}
			continue
		}
		failures = 0
		now := time.Now()
		media := s.handleBatch(now, batch[:n], &y)
		udp.Release(batch)
		if media {
			moderator.Hold(s.conn, now, batch, n)
		}
	}
}

// handleBatch handles datagrams that were read at now; y is the calling
// goroutine's. It reports whether media was among them.
func (s *socket) handleBatch(now time.Time, batch []udp.Datagram, y *receipts) (media bool) {
	for i := range batch {
		d := &batch[i]
		// The socket's own address says which link a peer is on; candidates
		// carry no zone.
		from := netip.AddrPortFrom(d.Addr.Addr().WithZone(""), d.Addr.Port())
		a := arrival{from: from, at: now.Add(-d.Age), ecn: d.ECN}
		media = s.split(d.Buf[:d.N], d.SegmentSize, a, y) || media
		y.count(s, a)
	}
	if media {
		// What a burst asks for is sent once, not for each packet.
		s.transport.media.Load().Flush(now)
	}
	s.transport.dtls.Load().EndBatch()
	return media
}

// An arrival is where from, when and how marked datagrams came.
type arrival struct {
	from netip.AddrPort
	at   time.Time
	ecn  uint8
}

// split undoes what GRO joined. It reports whether media was in it.
func (s *socket) split(b []byte, segment int, a arrival, y *receipts) (media bool) {
	if segment <= 0 {
		segment = len(b)
	}
	for len(b) > 0 {
		n := min(segment, len(b))
		media = s.handle(b[:n:n], a, y) || media
		b = b[n:]
	}
	return media
}

// handle hands a datagram to the protocol that it is of. It reports whether it
// was media.
func (s *socket) handle(b []byte, a arrival, y *receipts) (media bool) {
	switch demux.Classify(b) {
	case demux.STUN:
		s.transport.pc.loop.deliver(s.transport, s.id, a.from, b)
		return false
	case demux.DTLS:
		y.note(b)
		s.transport.handleDTLS(a.from, b)
		return false
	case demux.RTP:
		y.note(b)
		media = s.transport.handleRTP(a.at, b, a.ecn)
	case demux.RTCP:
		y.note(b)
		media = s.transport.handleRTCP(a.at, b, a.ecn)
	}
	if !media {
		s.unknown.Add(1)
	}
	return media
}

// A path is where a transport's packets go: out of a socket to a remote
// address that a connectivity check has proven.
type path struct {
	conn udp.Conn
	to   netip.AddrPort
	// traffic counts what is sent, nil for connectivity checks.
	traffic *traffic
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
	n, err := p.conn.WriteBatch(*batch)
	if p.traffic != nil {
		p.traffic.sent(datagrams, n)
	}
	return err
}
