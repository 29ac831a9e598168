package dtlstransport

import (
	"io"
	"net"
	"os"
	"sync"
)

// packetQueue is a bounded first-in-first-out queue of packets. push never
// blocks; pop does. All methods may be called from any goroutine.
type packetQueue struct {
	mu         sync.Mutex
	ready      sync.Cond
	packets    []packet
	head       int // index of the oldest packet
	bytes      int
	maxPackets int
	maxBytes   int
	// err is what pop returns once the queue is drained; set by close.
	err error
	// interrupted makes pop return os.ErrDeadlineExceeded at once.
	interrupted bool
}

// packet is what a queue holds: the first n bytes of a buffer from the pool,
// or, where that is too short, a slice of its own.
type packet struct {
	pooled *[pooledSize]byte
	large  []byte
	n      int
}

// pooledSize holds every datagram of an ordinary path.
const pooledSize = 2048

// buffers are shared by all transports, so that an idle one holds none.
var buffers = sync.Pool{New: func() any { return new([pooledSize]byte) }}

func newPacket(parts [][]byte, n int) packet {
	p := packet{n: n}
	var dst []byte
	if n <= pooledSize {
		p.pooled = buffers.Get().(*[pooledSize]byte)
		dst = p.pooled[:0]
	} else {
		p.large = make([]byte, n)
		dst = p.large[:0]
	}
	for _, b := range parts {
		dst = append(dst, b...)
	}
	return p
}

// take copies the packet to dst and gives its buffer back.
func (p packet) take(dst []byte) int {
	if p.pooled == nil {
		return copy(dst, p.large)
	}
	n := copy(dst, p.pooled[:p.n])
	buffers.Put(p.pooled)
	return n
}

func newPacketQueue(maxPackets, maxBytes int) *packetQueue {
	q := &packetQueue{maxPackets: maxPackets, maxBytes: maxBytes}
	q.ready.L = &q.mu
	return q
}

// push appends a copy of the parts, joined. It returns false, and keeps
// nothing, if the queue is full or closed.
func (q *packetQueue) push(parts ...[]byte) bool {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil || q.len() >= q.maxPackets || q.bytes+n > q.maxBytes {
		return false
	}
	if q.head > 0 && len(q.packets) == cap(q.packets) {
		// Use the room of what has left before asking for more.
		left := copy(q.packets, q.packets[q.head:])
		clear(q.packets[left:])
		q.packets, q.head = q.packets[:left], 0
	}
	q.packets = append(q.packets, newPacket(parts, n))
	q.bytes += n
	q.ready.Signal()
	return true
}

// pop waits for a packet and copies it to p. A packet that is longer than p
// stays, and io.ErrShortBuffer is returned with its length. After close, pop
// returns what is left, then the queue's error.
func (q *packetQueue) pop(p []byte) (int, error) { return q.popUntil(p, nil) }

// popUntil is pop for a reader that may be stopped: once stopped returns an
// error, popUntil returns that. What stops it must call wake.
func (q *packetQueue) popUntil(p []byte, stopped func() error) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if stopped != nil {
			if err := stopped(); err != nil {
				return 0, err
			}
		}
		switch {
		case q.interrupted:
			return 0, os.ErrDeadlineExceeded
		case q.len() > 0:
			next := q.packets[q.head]
			if next.n > len(p) {
				return next.n, io.ErrShortBuffer
			}
			q.packets[q.head] = packet{}
			q.head++
			q.bytes -= next.n
			if q.head == len(q.packets) {
				q.rewind()
			}
			return next.take(p), nil
		case q.err != nil:
			return 0, q.err
		}
		q.ready.Wait()
	}
}

// rewind makes the empty queue begin at the front again. What a burst needed is
// let go, so that an idle transport does not keep it. mu is held.
func (q *packetQueue) rewind() {
	q.packets, q.head = q.packets[:0], 0
	if cap(q.packets) > inboundPackets {
		q.packets = nil
	}
}

// close makes pop return err once the queue is drained. The first error stays,
// but net.ErrClosed, our own end, takes the place of any other.
func (q *packetQueue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil || err == net.ErrClosed {
		q.err = err
	}
	q.ready.Broadcast()
}

// wake runs f, which changes what readers wait for, and wakes them.
func (q *packetQueue) wake(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
	q.ready.Broadcast()
}

// look runs f, which reads what wake changes.
func (q *packetQueue) look(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
}

// discard drops what the queue holds.
func (q *packetQueue) discard() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range q.packets[q.head:] {
		p.take(nil)
	}
	q.packets, q.head, q.bytes = nil, 0, 0
}

// interrupt makes pop return os.ErrDeadlineExceeded until it is called with
// false.
func (q *packetQueue) interrupt(on bool) { q.wake(func() { q.interrupted = on }) }

// limit changes the bounds. What the queue holds stays.
func (q *packetQueue) limit(maxPackets, maxBytes int) {
	q.wake(func() { q.maxPackets, q.maxBytes = maxPackets, maxBytes })
}

// size returns the number of packets and bytes that the queue holds.
func (q *packetQueue) size() (packets, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.len(), q.bytes
}

// over returns true once the queue is closed.
func (q *packetQueue) over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err != nil
}

func (q *packetQueue) len() int { return len(q.packets) - q.head }
