package webrtc

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// packetQueue bounds the connectivity-check packets that wait for the loop. A
// flood beyond it is dropped and counted; ICE retransmits what mattered.
const packetQueue = 256

// maxSTUNSize bounds the STUN packets that are looked at. A check is about a
// hundred bytes long and RFC 8489 §6.1 keeps messages below the path's MTU.
const maxSTUNSize = 1500

// A loop is the one goroutine that owns the control state of a connection.
// API calls, engine events and timers reach it as closures, inbound STUN as
// packets; nothing else touches what it owns.
type loop struct {
	// handlePacket, handleTimeout and settle belong to the owner. settle runs
	// after each batch of work and returns when to call handleTimeout next;
	// the zero time stands for never.
	handlePacket  func(now time.Time, p *packet)
	handleTimeout func(now time.Time)
	settle        func(now time.Time) time.Time

	dropped atomic.Uint64
	wake    chan struct{}
	ended   chan struct{}

	mu      sync.Mutex // guards all below
	packets []*packet
	work    []func(now time.Time)
	stopped bool
}

// A packet is an inbound STUN message on its way to the loop.
type packet struct {
	transport *transport
	socket    int
	from      netip.AddrPort
	n         int
	buf       [maxSTUNSize]byte
}

var packetPool = sync.Pool{New: func() any { return new(packet) }}

func newLoop() *loop {
	return &loop{
		wake:  make(chan struct{}, 1),
		ended: make(chan struct{}),
	}
}

// post hands fn to the loop and does not wait. It reports whether the loop
// will run it: a loop that was stopped runs nothing more.
func (l *loop) post(fn func(now time.Time)) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	l.work = append(l.work, fn)
	l.poke()
	return true
}

// poke has the loop ask again when it has something to do next. It never blocks.
func (l *loop) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// call runs fn on the loop, waits for it, and returns net.ErrClosed if the loop
// was stopped before. It must not be called from the loop.
func (l *loop) call(fn func(now time.Time)) error {
	done := make(chan struct{})
	if !l.post(func(now time.Time) {
		fn(now)
		close(done)
	}) {
		return net.ErrClosed
	}
	<-done // what was posted is run, also by a loop that ends
	return nil
}

// deliver hands a STUN packet to the loop; it never blocks. b is copied.
func (l *loop) deliver(t *transport, socket int, from netip.AddrPort, b []byte) {
	if len(b) > maxSTUNSize {
		l.dropped.Add(1)
		return
	}
	p := packetPool.Get().(*packet)
	p.transport, p.socket, p.from = t, socket, from
	p.n = copy(p.buf[:], b)
	if !l.enqueue(p) {
		p.transport = nil
		packetPool.Put(p)
		l.dropped.Add(1)
	}
}

// enqueue has a packet wait for the loop unless as many do as may.
func (l *loop) enqueue(p *packet) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.packets) >= packetQueue {
		return false
	}
	l.packets = append(l.packets, p)
	l.poke()
	return true
}

// stop ends the loop. Work posted before still runs; stop does not wait.
func (l *loop) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return
	}
	l.stopped = true
	l.poke()
}

// run is the body of the loop's goroutine. It returns after stop.
func (l *loop) run() {
	defer close(l.ended)
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-l.wake:
		case <-timer.C:
			l.handleTimeout(time.Now())
		}
		l.drainPackets()
		if l.drainWork() {
			return
		}
		now := time.Now()
		if next := l.settle(now); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(next.Sub(now))
		}
	}
}

// drainPackets handles the packets that wait, not those that come meanwhile, so that
// a flood of them cannot keep API calls waiting.
func (l *loop) drainPackets() {
	l.mu.Lock()
	packets := l.packets
	l.packets = nil
	l.mu.Unlock()
	for _, p := range packets {
		l.handlePacket(time.Now(), p)
		p.transport = nil
		packetPool.Put(p)
	}
}

// drainWork runs what was posted and reports whether the loop has to end.
func (l *loop) drainWork() (end bool) {
	for {
		l.mu.Lock()
		work := l.work
		l.work = nil
		stopped := l.stopped
		l.mu.Unlock()
		if len(work) == 0 {
			return stopped
		}
		for _, fn := range work {
			fn(time.Now())
		}
	}
}
