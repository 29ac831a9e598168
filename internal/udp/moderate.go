package udp

import (
	"runtime"
	"time"
)

// A Moderator spares the reader of a socket wake-ups, as network cards spare their
// hosts interrupts: to be woken costs many times what a datagram does, and a burst
// arrives one by one where it was not joined. While more than one entry comes in
// busyGap on average, the reader is held back for a while in which arrivals wake
// nobody, and then finds many at once. At lower rates it is never held back, nor at
// such high ones that the socket might overflow meanwhile: there it finds several
// anyhow.
//
// A sender that waits until what it has sent is read would only be slowed down. It
// gives itself away: nothing comes any more well before the pause ends, and it goes on
// as soon as the reader does (see stalled). After some such pauses in a row the reader
// is held back no more, but for a pause now and then that shows whether the sender still
// waits; it lets other goroutines run before it reads again, of which one may be the
// sender.
type Moderator struct {
	// Limit is for how long the reader may be held back, in whole milliseconds. With
	// 0 it never is.
	Limit time.Duration

	last    time.Time // when the socket was found empty last
	entries int       // read since
	bytes   int       // of them, by weight

	paused bool          // the reader was held back after last
	woken  time.Time     // the first read since, if the reader was held back
	prompt time.Duration // how long after last the first entry since came
	newest time.Time     // when the newest of those came that woken found

	doubt int       // pauses that stalled the sender less those that did not, within [0, maxDoubt]
	free  time.Time // no pause before
}

const (
	// moderation is the shortest time to hold a reader back: the granularity at
	// which an idle runtime waits for timers. Below it the runtime's monitor would
	// poll for the rest of the millisecond.
	moderation = time.Millisecond
	busyGap    = 500 * time.Microsecond

	// doubtful is how much doubt frees the reader, for shortest. The time doubles
	// with each step beyond, up to half a second.
	doubtful = 4
	shortest = 4 * time.Millisecond
	maxDoubt = doubtful + 7
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
	} else if now.Before(m.free) {
		runtime.Gosched()
	}
}

// pause returns for how long the reader is to be held back. Entries without an Age
// come from where being read late would pass for having arrived late.
func (m *Moderator) pause(now time.Time, batch []Datagram, n, room int) time.Duration {
	m.note(now, batch[:n])
	if n == 0 || n == len(batch) {
		return 0 // there may be more
	}
	m.judge(now)
	elapsed, entries, bytes := now.Sub(m.last), m.entries, m.bytes
	m.last, m.entries, m.bytes = now, 0, 0
	if elapsed > time.Duration(entries)*busyGap || batch[0].Age <= 0 || now.Before(m.free) {
		return 0
	}
	// At this rate room bytes take so long. What came within less time than the
	// shortest pause says nothing of the rate.
	fills := max(elapsed, moderation) * time.Duration(room) / time.Duration(max(bytes, 1))
	d := min(fills, m.Limit).Truncate(moderation)
	m.paused = d > 0
	return d
}

// note takes down what was read at now.
func (m *Moderator) note(now time.Time, batch []Datagram) {
	m.entries += len(batch)
	for i := range batch {
		m.bytes += batch[i].weight()
	}
	if !m.paused || len(batch) == 0 {
		return
	}
	if m.woken.IsZero() {
		m.woken, m.prompt = now, now.Add(-batch[0].Age).Sub(m.last)
	}
	// Entries are in the order in which they came. What came while others were
	// handled says nothing of the pause.
	for i := range batch {
		came := now.Add(-batch[i].Age)
		if came.After(m.woken) {
			break
		}
		m.newest = came
	}
}

// judge draws the conclusion from a pause, once all that came in it has been read.
func (m *Moderator) judge(now time.Time) {
	if !m.paused {
		return
	}
	if m.stalled() {
		m.doubt = min(m.doubt+1, maxDoubt)
	} else {
		m.doubt = max(m.doubt-1, 0)
	}
	if m.doubt >= doubtful {
		m.free = now.Add(shortest << (m.doubt - doubtful))
	}
	m.paused, m.woken = false, time.Time{}
}

// stalled reports whether the last pause looks like one in which the sender waited for
// the reader: nothing came in the last quarter of it or longer, although the first
// entry had come in much less than that.
func (m *Moderator) stalled() bool {
	idle := m.woken.Sub(m.newest)
	return idle >= m.woken.Sub(m.last)/4 && m.prompt <= idle/4
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
