package transceiver

import "time"

const (
	// defaultQueueLimit is how many packets wait for a reader unless told
	// otherwise: a second of fast video.
	defaultQueueLimit = 512
	// queuedBytes is what a packet may take on average: the queue's limit in
	// bytes is that of its packets, but always room for the largest datagram.
	queuedBytes = 1500
	minRing     = 4 << 10
	maxDatagram = 1 << 16
)

// A queued packet, and where its bytes are.
type queued struct {
	at, n     int
	order     uint64 // see stream.order
	arrival   time.Time
	ecn       uint8
	recovered bool
	taken     bool // it has been read, ahead of those before it
}

// A queue holds the packets of a track until they are read. Their bytes are
// copied to a ring that grows as far as it is needed, so that a track nobody
// reads costs what its packets weigh. A full queue drops its oldest packet.
type queue struct {
	limit, limitBytes int

	ring    []byte
	head    int // where the oldest packet's bytes begin
	used    int // bytes
	entries []queued
	first   int // of entries, a ring too
	count   int
}

func newQueue(limit int) queue {
	if limit <= 0 {
		limit = defaultQueueLimit
	}
	return queue{limit: limit, limitBytes: max(limit*queuedBytes, maxDatagram)}
}

// entry returns the packet i places behind the oldest.
func (q *queue) entry(i int) *queued { return &q.entries[(q.first+i)%len(q.entries)] }

// push copies a packet and returns how many were dropped for it. One that would
// never fit is dropped itself.
func (q *queue) push(b []byte, e queued) (dropped int) {
	if len(b) > q.limitBytes {
		return 1
	}
	for q.count == q.limit || q.used+len(b) > q.limitBytes {
		if q.drop() {
			dropped++
		}
	}
	q.makeRoom(len(b))
	e.n = len(b)
	e.at = (q.head + q.used) % len(q.ring)
	n := copy(q.ring[e.at:], b)
	copy(q.ring, b[n:])
	q.used += len(b)
	q.count++
	*q.entry(q.count - 1) = e
	return dropped
}

// makeRoom grows the rings for one more packet of n bytes, which the limits
// allow.
func (q *queue) makeRoom(n int) {
	if q.count == len(q.entries) {
		entries := make([]queued, min(max(16, 2*len(q.entries)), q.limit))
		for i := range q.count {
			entries[i] = *q.entry(i)
		}
		q.entries, q.first = entries, 0
	}
	if q.ring != nil && q.used+n <= len(q.ring) {
		return
	}
	size := max(minRing, len(q.ring))
	for size < q.used+n {
		size *= 2
	}
	ring := make([]byte, min(size, q.limitBytes))
	at := 0
	for i := range q.count {
		e := q.entry(i)
		q.copyOut(ring[at:at+e.n], e)
		e.at = at
		at += e.n
	}
	q.ring, q.head = ring, 0
}

// copyOut copies a packet's bytes to dst, which has room for them.
func (q *queue) copyOut(dst []byte, e *queued) {
	n := copy(dst[:e.n], q.ring[e.at:])
	copy(dst[n:e.n], q.ring)
}

// drop removes the oldest packet and reports whether it had not been read.
func (q *queue) drop() bool {
	e := q.entry(0)
	unread := !e.taken
	q.used -= e.n
	q.head = (q.head + e.n) % len(q.ring)
	q.first = (q.first + 1) % len(q.entries)
	q.count--
	return unread
}

// take removes the packet i places behind the oldest.
func (q *queue) take(i int) {
	q.entry(i).taken = true
	for q.count > 0 && q.entry(0).taken {
		q.drop()
	}
}

// lowest returns the place of the packet with the lowest order, -1 if there is
// none. In what has not been reordered it is the oldest.
func (q *queue) lowest() int {
	lowest := -1
	for i := range q.count {
		if e := q.entry(i); !e.taken && (lowest < 0 || e.order < q.entry(lowest).order) {
			lowest = i
		}
	}
	return lowest
}

// clear drops all packets and frees their memory.
func (q *queue) clear() { *q = queue{limit: q.limit, limitBytes: q.limitBytes} }
