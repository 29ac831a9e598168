package udp

import "time"

// A Moderator spares the reader of a socket wake-ups, as network cards spare their
// hosts interrupts: to be woken costs many times what a datagram does, and a burst
// arrives one by one where it was not joined. While more than one entry comes in
// busyGap on average, the reader is held back for moderation, in which arrivals
// wake nobody, and then finds several at once. At lower rates it is never held
// back, nor at such high ones that it finds several anyhow.
//
// The zero value is ready for the reader of one socket.
type Moderator struct {
	last    time.Time // when the socket was found empty last
	entries int       // read since
	bytes   int       // of them
}

const (
	// moderation is for how long a reader is held back: the granularity at which
	// an idle runtime waits for timers. Below it the runtime's monitor would poll
	// for the rest of the millisecond.
	moderation = time.Millisecond
	busyGap    = 500 * time.Microsecond
	// maxGathered is how many bytes may come meanwhile: a fraction of the least
	// that sockets have room for, so that a rate which grows on from there does not
	// overflow them either.
	maxGathered = 96 << 10
)

// quieter is a Conn that can keep arrivals from waking anybody.
type quieter interface{ quiet() }

// Hold is to be called with what was read from c at now, the entries filled of a
// batch with room for room entries, once they have been handled. It sleeps if the
// reader is to be held back.
func (m *Moderator) Hold(c Conn, now time.Time, read []Datagram, room int) {
	if m.busy(now, read, room) {
		if q, ok := c.(quieter); ok {
			q.quiet()
			time.Sleep(moderation)
		}
	}
}

// busy reports whether the reader is to be held back. Entries without an Age come
// from where being read late would pass for having arrived late.
func (m *Moderator) busy(now time.Time, read []Datagram, room int) bool {
	m.entries += len(read)
	for i := range read {
		m.bytes += read[i].N
	}
	if len(read) == 0 || len(read) == room {
		return false // there may be more
	}
	busy := now.Sub(m.last) <= time.Duration(m.entries)*busyGap && m.bytes <= maxGathered && read[0].Age > 0
	m.last, m.entries, m.bytes = now, 0, 0
	return busy
}
