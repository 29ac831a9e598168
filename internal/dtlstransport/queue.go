package dtlstransport

import (
	"io"
	"net"
	"os"
	"sync"
)

// packetQueue is a bounded first-in-first-out queue of packets. Pushing never
// blocks; pop does. All methods may be called from any goroutine. An empty
// queue holds no memory but its own.
type packetQueue struct {
	mu         sync.Mutex
	ready      sync.Cond
	head, tail *packet
	packets    int
	bytes      int
	maxPackets int
	maxBytes   int
	// err is what pop returns once the queue is drained; set by close.
	err error
	// interrupted makes pop return os.ErrDeadlineExceeded at once.
	interrupted bool
}

// packet is what a queue holds. It comes from newPacket and goes back by free.
type packet struct {
	next  *packet
	n     int    // the length of the content
	large []byte // the content, if it is longer than small
	small [pooledSize]byte
}

// pooledSize holds every datagram of an ordinary path.
const pooledSize = 2048

// pool is shared by all transports, so that an idle one holds no buffers.
var pool = sync.Pool{New: func() any { return new(packet) }}

// newPacket returns a packet with room for n bytes.
func newPacket(n int) *packet {
	p := pool.Get().(*packet)
	p.next, p.n = nil, 0
	if n > pooledSize {
		p.large = make([]byte, n)
	}
	return p
}

// room returns the packet's buffer.
func (p *packet) room() []byte {
	if p.large != nil {
		return p.large
	}
	return p.small[:]
}

func (p *packet) content() []byte { return p.room()[:p.n] }

func (p *packet) free() {
	p.next, p.large = nil, nil
	pool.Put(p)
}

func newPacketQueue(maxPackets, maxBytes int) *packetQueue {
	q := &packetQueue{maxPackets: maxPackets, maxBytes: maxBytes}
	q.ready.L = &q.mu
	return q
}

// push appends a copy of the parts, joined, and wakes a reader. It returns
// false, and keeps nothing, if the queue is full or closed.
func (q *packetQueue) push(parts ...[]byte) bool {
	n := 0
	for _, b := range parts {
		n += len(b)
	}
	p := newPacket(n)
	for _, b := range parts {
		p.n += copy(p.room()[p.n:], b)
	}
	if !q.put(p) {
		p.free()
		return false
	}
	q.signal()
	return true
}

// put appends p, which is the queue's from then on, and wakes nobody: signal
// does, once for many. It returns false if the queue is full or closed.
func (q *packetQueue) put(p *packet) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil || q.packets >= q.maxPackets || q.bytes+p.n > q.maxBytes {
		return false
	}
	if q.tail == nil {
		q.head = p
	} else {
		q.tail.next = p
	}
	q.tail = p
	q.packets++
	q.bytes += p.n
	return true
}

// signal wakes a reader, if one waits and there is something to read.
func (q *packetQueue) signal() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head != nil {
		q.ready.Signal()
	}
}

// take removes the oldest packet. mu is held.
func (q *packetQueue) take() *packet {
	p := q.head
	q.head = p.next
	if q.head == nil {
		q.tail = nil
	}
	q.packets--
	q.bytes -= p.n
	return p
}

// pop waits for a packet and copies it to p. A packet that is longer than p
// stays, and io.ErrShortBuffer is returned with its length. After close, pop
// returns what is left, then the queue's error.
func (q *packetQueue) pop(p []byte) (int, error) { return q.popUntil(p, nil) }

// popUntil is pop for a reader that may be stopped: once stopped returns an
// error, popUntil returns that. What stops it must call wake.
func (q *packetQueue) popUntil(p []byte, stopped func() error) (int, error) {
	next, n, err := q.wait(len(p), stopped)
	if err != nil {
		return n, err
	}
	copy(p, next.content())
	next.free()
	return n, nil
}

// wait waits for a packet of at most most bytes, takes it off and returns it and its
// length. Of a longer one only the length is returned, with io.ErrShortBuffer.
func (q *packetQueue) wait(most int, stopped func() error) (p *packet, n int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if stopped != nil {
			if err := stopped(); err != nil {
				return nil, 0, err
			}
		}
		switch {
		case q.interrupted:
			return nil, 0, os.ErrDeadlineExceeded
		case q.head != nil && q.head.n > most:
			q.ready.Signal() // another reader may have room
			return nil, q.head.n, io.ErrShortBuffer
		case q.head != nil:
			p := q.take()
			if q.head != nil {
				q.ready.Signal() // there is work for another reader
			}
			return p, p.n, nil
		case q.err != nil:
			return nil, 0, q.err
		}
		q.ready.Wait()
	}
}

// next takes off the oldest packet, or returns nil if there is none.
func (q *packetQueue) next() *packet {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == nil {
		return nil
	}
	return q.take()
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

// discard drops what the queue holds.
func (q *packetQueue) discard() {
	for p := q.next(); p != nil; p = q.next() {
		p.free()
	}
}

// interrupt makes pop return os.ErrDeadlineExceeded until it is called with
// false.
func (q *packetQueue) interrupt(on bool) { q.wake(func() { q.interrupted = on }) }

// limit changes the bounds. What the queue holds stays.
func (q *packetQueue) limit(maxPackets, maxBytes int) {
	q.wake(func() { q.maxPackets, q.maxBytes = maxPackets, maxBytes })
}

// trim drops the oldest packets until the bounds are kept. mu is held.
func (q *packetQueue) trim() {
	for q.packets > q.maxPackets || q.bytes > q.maxBytes {
		q.take().free()
	}
}

// size returns the number of packets and bytes that the queue holds.
func (q *packetQueue) size() (packets, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.packets, q.bytes
}

// over returns true once the queue is closed.
func (q *packetQueue) over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err != nil
}
