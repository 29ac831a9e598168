package udp

import "time"

// A Moderator spares the reader of a socket wake-ups, as network cards spare their
// hosts interrupts: to be woken costs many times what a datagram does, and a burst
// arrives one by one where it was not joined. While more than one entry comes in
// busyGap on average, the reader is held back for a while in which arrivals wake
// nobody, and then finds many at once. At lower rates it is never held back, nor at
// such high ones that the socket might overflow meanwhile: there it finds several
// anyhow.
type Moderator struct {
	// Limit is for how long the reader may be held back, in whole milliseconds. With
	// 0 it never is.
	Limit time.Duration

	last    time.Time // when the socket was found empty last
	entries int       // read since
	bytes   int       // of them, by weight
}

const (
	// moderation is the shortest time to hold a reader back: the granularity at
	// which an idle runtime waits for timers. Below it the runtime's monitor would
	// poll for the rest of the millisecond.
	moderation = time.Millisecond
	busyGap    = 500 * time.Microsecond
)

// quieter is a Conn that can keep arrivals from waking anybody.
type quieter interface {
	// room returns how many bytes of datagrams, by weight, may be expected to
	// gather: a fraction of what there is room for, so that a rate which grows
	// meanwhile does not overflow it either.
	room() int
	// quiet has arrivals wake nobody until the next ReadBatch finds nothing.
	quiet()
}

// Hold is to be called with what was read from c at now into a batch, the first n
// entries of it, once they have been handled. It sleeps if the reader is to be held
// back.
func (m *Moderator) Hold(c Conn, now time.Time, batch []Datagram, n int) {
	q, ok := c.(quieter)
	if !ok {
		return
	}
	if d := m.pause(now, batch, n, q.room()); d > 0 {
		q.quiet()
		time.Sleep(d)
	}
}

// pause returns for how long the reader is to be held back. Entries without an Age
// come from where being read late would pass for having arrived late.
func (m *Moderator) pause(now time.Time, batch []Datagram, n, room int) time.Duration {
	m.entries += n
	for i := range batch[:n] {
		m.bytes += batch[i].weight()
	}
	if n == 0 || n == len(batch) {
		return 0 // there may be more
	}
	elapsed, entries, bytes := now.Sub(m.last), m.entries, m.bytes
	m.last, m.entries, m.bytes = now, 0, 0
	if elapsed > time.Duration(entries)*busyGap || batch[0].Age <= 0 {
		return 0
	}
	// At this rate room bytes take so long. What came within less time than the
	// shortest pause says nothing of the rate.
	fills := max(elapsed, moderation) * time.Duration(room) / time.Duration(max(bytes, 1))
	return min(fills, m.Limit).Truncate(moderation)
}

// lightest is what a datagram weighs at least: a small one takes far more of a
// socket's buffer than its bytes.
const lightest = 640

func weight(size int) int { return max(size, lightest) }

// weight returns what the datagrams of d weigh.
func (d *Datagram) weight() int {
	if d.SegmentSize <= 0 {
		return weight(d.N)
	}
	return (d.N + d.SegmentSize - 1) / d.SegmentSize * weight(d.SegmentSize)
}
