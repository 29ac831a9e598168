package dtlstransport

import (
	"io"
	"net"
	"sync"
)

// packetQueue is a bounded first-in-first-out queue of packets. push never
// blocks; pop does. All methods may be called from any goroutine.
type packetQueue struct {
	mu         sync.Mutex
	ready      sync.Cond
	packets    [][]byte
	head       int // index of the oldest packet
	bytes      int
	maxPackets int
	maxBytes   int
	// err is what pop returns once the queue is drained; set by close.
	err error
	// interrupted makes pop return errInterrupted at once.
	interrupted bool
	// free holds buffers to use again, so that a steady flow allocates nothing.
	free [][]byte
}

// The buffers that a queue keeps for use again: few, and of datagrams' size.
const (
	queueFreeBuffers   = 16
	queueFreeBufferCap = 2048
)

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
	b := q.buffer(n)
	for _, p := range parts {
		b = append(b, p...)
	}
	q.packets = append(q.packets, b)
	q.bytes += n
	q.ready.Signal()
	return true
}

// pop waits for a packet and copies it to p. A packet that is longer than p
// stays, and io.ErrShortBuffer is returned with its length. After close, pop
// returns what is left, then the queue's error.
func (q *packetQueue) pop(p []byte) (int, error) { return q.popUntil(p, nil) }

// popUntil is pop for a reader that may be stopped: once stopped returns true
// it returns net.ErrClosed. What stops it must call wake.
func (q *packetQueue) popUntil(p []byte, stopped func() bool) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case q.interrupted:
			return 0, errInterrupted
		case stopped != nil && stopped():
			return 0, net.ErrClosed
		case q.len() > 0:
			b := q.packets[q.head]
			if len(b) > len(p) {
				return len(b), io.ErrShortBuffer
			}
			q.packets[q.head] = nil
			q.head++
			q.bytes -= len(b)
			if q.head == len(q.packets) {
				q.packets, q.head = q.packets[:0], 0
			}
			n := copy(p, b)
			q.recycle(b)
			return n, nil
		case q.err != nil:
			return 0, q.err
		}
		q.ready.Wait()
	}
}

// close makes pop return err once the queue is drained. The first error stays.
func (q *packetQueue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.err = err
	}
	q.free = nil
	q.ready.Broadcast()
}

// wake runs f, which changes what readers ask for, and wakes them.
func (q *packetQueue) wake(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
	q.ready.Broadcast()
}

// discard drops what the queue holds.
func (q *packetQueue) discard() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.packets, q.head, q.bytes, q.free = nil, 0, 0, nil
}

// interrupt makes pop return errInterrupted until it is called with false.
func (q *packetQueue) interrupt(on bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.interrupted = on
	q.ready.Broadcast()
}

// limit changes the bounds. What the queue holds stays.
func (q *packetQueue) limit(maxPackets, maxBytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.maxPackets, q.maxBytes = maxPackets, maxBytes
}

// size returns the number of packets and bytes that the queue holds.
func (q *packetQueue) size() (packets, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.len(), q.bytes
}

func (q *packetQueue) len() int { return len(q.packets) - q.head }

func (q *packetQueue) buffer(n int) []byte {
	if k := len(q.free); k > 0 && n <= queueFreeBufferCap {
		b := q.free[k-1]
		q.free = q.free[:k-1]
		return b[:0]
	}
	if n <= queueFreeBufferCap && n > queueFreeBufferCap/4 {
		return make([]byte, 0, queueFreeBufferCap)
	}
	return make([]byte, 0, n)
}

func (q *packetQueue) recycle(b []byte) {
	if cap(b) == queueFreeBufferCap && len(q.free) < queueFreeBuffers && q.err == nil {
		q.free = append(q.free, b)
	}
}
