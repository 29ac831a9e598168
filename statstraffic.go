package webrtc

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/ice"
)

// A traffic counts what goes over one candidate pair, connectivity checks not
// included (webrtc-stats). Any goroutine may count and read.
type traffic struct {
	packetsSent, bytesSent           atomic.Uint64
	packetsReceived, bytesReceived   atomic.Uint64
	packetsDiscarded, bytesDiscarded atomic.Uint64 // which the socket did not take
	lastSent, lastReceived           atomic.Int64  // in nanoseconds since 1970; 0 for never
}

// A pairKey is what a datagram shows of the candidate pair that it takes: there is
// one pair for each socket and address of the peer.
type pairKey struct {
	base int
	to   netip.AddrPort
}

// sent counts datagrams of which the socket has taken n.
func (c *traffic) sent(datagrams [][]byte, n int) {
	bytes := uint64(0)
	for _, d := range datagrams {
		bytes += uint64(len(d))
	}
	if lost := uint64(len(datagrams) - n); lost > 0 {
		// The socket says how many it has refused, not which.
		part := bytes * lost / uint64(len(datagrams))
		c.packetsDiscarded.Add(lost)
		c.bytesDiscarded.Add(part)
		bytes -= part
	}
	c.packetsSent.Add(uint64(n))
	c.bytesSent.Add(bytes)
}

// trafficOf returns the counters of a pair, which it makes if there are none.
func (t *transport) trafficOf(k pairKey) *traffic {
	t.trafficMu.Lock()
	defer t.trafficMu.Unlock()
	c := t.traffic[k]
	if c == nil {
		c = &traffic{}
		t.traffic[k] = c
	}
	return c
}

// trafficFrom is trafficOf for what has come from an address. What comes from one
// that is not known to be the peer's is counted for the transport alone, since
// anybody could make up any number of those.
func (t *transport) trafficFrom(base int, from netip.AddrPort) (c *traffic, known bool) {
	if _, known = (*t.known.Load())[from]; !known {
		return &t.strays, false
	}
	return t.trafficOf(pairKey{base, from}), true
}

// receipts are what a socket's goroutine has received and not yet counted.
type receipts struct {
	packets, bytes uint64
	// last is the address that traffic belongs to, the zero value for none.
	last    netip.AddrPort
	traffic *traffic
}

// note takes a datagram that is no connectivity check into account.
func (y *receipts) note(b []byte) {
	y.packets++
	y.bytes += uint64(len(b))
}

// count gives what was noted to the counters of the pair that it came over.
func (y *receipts) count(s *socket, a arrival) {
	if y.packets == 0 {
		return
	}
	if a.from != y.last || y.traffic == nil {
		c, known := s.transport.trafficFrom(s.id, a.from)
		if !known {
			s.transport.strangerSeen(a.at, s.id, a.from, int(y.bytes))
		}
		if y.traffic, y.last = c, a.from; !known {
			y.last = netip.AddrPort{} // it may be soon
		}
	}
	y.traffic.packetsReceived.Add(y.packets)
	y.traffic.bytesReceived.Add(y.bytes)
	y.traffic.lastReceived.Store(a.at.UnixNano())
	y.packets, y.bytes = 0, 0
}

// sendRecords is send for DTLS, which notes when it sends nowhere else. Media has
// its own times (see lastSent).
func (t *transport) sendRecords(datagrams [][]byte) error {
	p := t.path.Load()
	if p == nil && t.pc.api.settings.flightsInChecks {
		t.postFlights(datagrams)
		return nil
	}
	if p != nil && p.traffic != nil {
		p.traffic.lastSent.Store(time.Now().UnixNano())
	}
	return t.send(datagrams)
}

// noteMediaSent brings the time of the last packet of the selected pair up to date.
// The loop calls it before the pair changes, and for statistics.
func (t *transport) noteMediaSent() {
	p, s := t.path.Load(), t.media.Load()
	if p == nil || p.traffic == nil || s == nil {
		return
	}
	if at := s.LastSent(); !at.IsZero() && at.UnixNano() > p.traffic.lastSent.Load() {
		p.traffic.lastSent.Store(at.UnixNano())
	}
}

// pairTraffic returns the counters of a pair for reading, nil if nothing was
// counted.
func (t *transport) pairTraffic(p ice.Pair) *traffic {
	t.trafficMu.Lock()
	defer t.trafficMu.Unlock()
	return t.traffic[pairKey{p.Base, p.To}]
}

// totalTraffic adds up what has gone over all pairs of the transport so far.
func (t *transport) totalTraffic(s *TransportStats) {
	t.trafficMu.Lock()
	defer t.trafficMu.Unlock()
	add := func(c *traffic) {
		s.PacketsSent += uint32(c.packetsSent.Load())
		s.PacketsReceived += uint32(c.packetsReceived.Load())
		s.BytesSent += c.bytesSent.Load()
		s.BytesReceived += c.bytesReceived.Load()
	}
	add(&t.strays)
	for _, c := range t.traffic {
		add(c)
	}
}
