package dtlstransport

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of the inbound queues: before Start; of protected records that wait for
// the end of the handshake; during the handshake, and of data while there is no Conn;
// and where a verified peer may send a whole window of SCTP's at once. A queue that holds
// less than the window of 4 MiB, in packets of 1200 bytes, loses packets which
// the peer has been told there is room for, and then waits a second for SCTP's
// timer.
const (
	earlyPackets, earlyBytes     = 32, 32 << 10
	heldPackets, heldBytes       = 128, 128 << 10
	inboundPackets, inboundBytes = 1024, 1 << 20
	windowPackets, windowBytes   = 6144, 6 << 20
)

// path is the net.PacketConn that the engine runs on. It stands between the
// engine and ICE: what comes in is filtered and queued, what goes out is
// looked at and passed on. Closing it leaves ICE alone. It is there for the
// handshake; where the records stay the engine's, to the end.
type path struct {
	in *packetQueue
	// held are protected records other than handshake messages, which the engine
	// is not shown: it would lose them.
	held *packetQueue
	send func([][]byte) error
	// established is set once the handshake is done, if the records stay the
	// engine's.
	established atomic.Bool
	// lastFlightGap is the least time between two repetitions of the last flight.
	// Set before the engine starts.
	lastFlightGap time.Duration
	count         *counters
	group         groupWatch
	// out is the argument of send. The engine writes one datagram at a time.
	out [1][]byte

	mu sync.Mutex // guards what follows
	// sentAlert and receivedAlert are the last alerts that crossed in the clear.
	sentAlert, receivedAlert *uint32
	// sentNotify is set when a protected alert has gone out since the engine
	// last asked for a datagram. If it asks no more, it was the answer to the
	// peer's close_notify.
	sentNotify bool
	// lastFlight is when the last flight was repeated.
	lastFlight time.Time
	closed     bool
	// detached is set once the records are no longer the engine's: nothing of
	// what it writes gets out, since it would repeat nonces.
	detached bool
	// next is one above the highest sequence number of epoch 1 that has left.
	next uint64
	// changeCipherSpec and finished are the records of our last flight, copies.
	changeCipherSpec, finished []byte
}

func newPath(send func([][]byte) error) *path {
	return &path{
		in:    newPacketQueue(earlyPackets, earlyBytes),
		held:  newPacketQueue(heldPackets, heldBytes),
		send:  send,
		count: new(counters),
	}
}

// deliver filters a datagram that arrived and queues what may pass.
func (p *path) deliver(datagram []byte) {
	if p.in.over() {
		p.count.drop(dropClosed)
		return
	}
	if len(datagram) > maxDatagram {
		p.count.drop(dropOversized)
		return
	}
	established := p.established.Load()
	// Most datagrams hold one record; those of a handshake a few.
	var few [16][]byte
	parts := few[:0]
	for rest := datagram; len(rest) > 0; {
		r, tail, ok := nextRecord(rest)
		if !ok {
			// The records before it are good: "invalid" concerns one record.
			p.count.drop(dropMalformed)
			break
		}
		rest = tail
		if why := r.check(established); why != keep {
			p.count.drop(why)
			continue
		}
		if d, ok := r.plaintextAlert(); ok && r.epoch == 0 {
			p.noteReceivedAlert(d)
		}
		p.group.look(r)
		if r.epoch == 1 && r.typ != typeHandshake && !established {
			if !p.held.push(r.raw) {
				p.count.queueFull.Add(1)
			}
			continue
		}
		if len(parts) == cap(few) {
			// No implementation writes so many; an attacker pays for each.
			p.count.drop(dropOversized)
			break
		}
		parts = append(parts, r.raw)
	}
	if len(parts) > 0 && !p.in.push(parts...) {
		p.count.queueFull.Add(1)
	}
}

func (p *path) noteReceivedAlert(description uint8) {
	d := uint32(description)
	p.mu.Lock()
	p.receivedAlert = &d
	p.mu.Unlock()
}

// alerts returns the alerts that crossed in the clear, nil if there was none.
func (p *path) alerts() (sent, received *uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sentAlert, p.receivedAlert
}

// notified returns true if the engine's last deed was to send close_notify.
func (p *path) notified() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sentNotify
}

// ReadFrom returns the next datagram for the engine.
func (p *path) ReadFrom(b []byte) (int, net.Addr, error) {
	p.mu.Lock()
	p.sentNotify = false
	p.mu.Unlock()
	n, err := p.in.pop(b)
	if err != nil {
		return 0, nil, err
	}
	return n, peerAddr{}, nil
}

// WriteTo passes a datagram of the engine's on. It reports no failure, which
// would end the session: a lost datagram is for the timers.
func (p *path) WriteTo(b []byte, _ net.Addr) (int, error) {
	if !p.admit(b) {
		return len(b), nil
	}
	p.out[0] = b
	p.count.deliver(p.send, p.out[:])
	p.out[0] = nil
	return len(b), nil
}

// admit takes note of what leaves. It returns false for a repetition of the
// last flight that follows too soon upon another: the engine answers every
// handshake record of the peer with one, so that a peer could make it send
// without end.
func (p *path) admit(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, b, ok := nextRecord(b)
	if !ok || r.typ == typeApplicationData {
		return !p.detached
	}
	if p.closed || p.detached {
		return false
	}
	if r.typ == typeAlert {
		if d, ok := r.plaintextAlert(); ok {
			n := uint32(d)
			p.sentAlert = &n
		} else {
			p.sentNotify = true
		}
		return true
	}
	if !p.established.Load() {
		for ok {
			p.group.look(r)
			p.noteSent(r)
			r, b, ok = nextRecord(b)
		}
		return true
	}
	now := time.Now()
	if !p.lastFlight.IsZero() && now.Sub(p.lastFlight) < p.lastFlightGap {
		p.count.rateLimited.Add(1)
		return false
	}
	p.lastFlight = now
	return true
}

// noteSent keeps what the record layer must know of a record of the
// handshake's. mu is held.
func (p *path) noteSent(r record) {
	switch {
	case r.epoch == 0 && r.typ == typeChangeCipherSpec:
		p.changeCipherSpec = append(p.changeCipherSpec[:0], r.raw...)
	case r.epoch == 1 && r.typ == typeHandshake:
		p.finished = append(p.finished[:0], r.raw...)
	}
	if r.epoch == 1 {
		p.next = max(p.next, r.sequence()+1)
	}
}

// detach lets nothing of the engine's out any more.
func (p *path) detach() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.detached = true
}

// release gives the records that were held to the engine, whose they stay.
// Nothing is delivered meanwhile.
func (p *path) release() {
	p.established.Store(true)
	p.in.limit(windowPackets, windowBytes)
	for q := p.held.next(); q != nil; q = p.held.next() {
		if !p.in.push(q.content()) {
			p.count.queueFull.Add(1)
		}
		q.free()
	}
}

// Close ends reading. The engine calls it on its own end and on ours.
func (p *path) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.in.close(net.ErrClosed)
	p.in.discard()
	p.held.discard()
	return nil
}

// LocalAddr returns a placeholder: the path may change at any time.
func (p *path) LocalAddr() net.Addr { return peerAddr{} }

// SetDeadline is not supported: the engine sets the two apart.
func (p *path) SetDeadline(time.Time) error { return errors.ErrUnsupported }

// SetReadDeadline with a passed time interrupts ReadFrom, with the zero time
// allows it again. The engine uses no other.
func (p *path) SetReadDeadline(t time.Time) error {
	p.in.interrupt(!t.IsZero())
	return nil
}

// SetWriteDeadline does nothing: writes do not block.
func (p *path) SetWriteDeadline(time.Time) error { return nil }

// peerAddr is the address of the one peer, whichever path leads there.
type peerAddr struct{}

func (peerAddr) Network() string { return "ice" }
func (peerAddr) String() string  { return "selected pair" }
