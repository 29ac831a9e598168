package datachannel

import (
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// outMessage is a message that waits to be given to the transport.
type outMessage struct {
	ppid    sctptransport.PPID
	data    []byte    // the message as it is sent, never empty; a pooled buffer
	size    int       // the part of it that is the program's
	expires time.Time // zero: never
}

// outQueue is what a channel has to send. It is guarded by session.mu.
type outQueue struct {
	fifo[outMessage]
	eos    bool     // reset the stream when the messages are gone
	active bool     // the channel is in the session's ring
	next   *Channel // in the ring
	credit int      // bytes that it may send in its turn
}

// ring is the channels that have something to send, in the order of their turns.
type ring struct{ first, last *Channel }

func (r *ring) push(c *Channel) {
	if r.first == nil {
		r.first = c
	} else {
		r.last.out.next = c
	}
	r.last = c
}

func (r *ring) pop() *Channel {
	c := r.first
	r.first, c.out.next = c.out.next, nil
	return c
}

// quantum is how many bytes a channel of PriorityLow sends in its turn. One that
// has sent more, because its message was large, sits out until it has paid.
const quantum = 16 << 10

const (
	// minPriority is the least weight that a peer can give a channel.
	minPriority = 16
	// maxDebt bounds how long a channel sits out.
	maxDebt = 16 * quantum
)

// activate puts c in the ring. mu is held.
func (s *Session) activate(c *Channel) {
	if !c.out.active && c.stream != nil {
		c.out.active = true
		s.ring.push(c)
	}
}

// pump gives the transport what it should have now: round the channels that
// have something to send, each as much as its priority gives it ("data channels
// … are served in a weighted fair way", RFC 8831 §6.4). mu is held.
func (s *Session) pump() {
	if s.assoc == nil || s.ended {
		return
	}
	for room := 0; s.ring.first != nil; {
		if room <= 0 {
			if room = s.room(); room <= 0 {
				return
			}
		}
		c := s.ring.pop()
		room -= s.turn(c, room)
		if c.out.active {
			s.ring.push(c)
		}
	}
}

// room returns how much the transport takes; if that is nothing, pump will be
// called again when it is more.
func (s *Session) room() int {
	room := s.assoc.Room()
	if room <= 0 {
		s.assoc.WantRoom()
		room = s.assoc.Room()
	}
	return room
}

// turn lets c send for one turn and returns how much it has sent.
func (s *Session) turn(c *Channel, room int) (sent int) {
	q := &c.out
	q.credit = max(q.credit, -maxDebt) + quantum*int(max(c.params.Priority, minPriority))/int(PriorityLow)
	for q.len() > 0 && q.credit > 0 && sent < room {
		m := q.pop()
		q.credit -= len(m.data)
		sent += len(m.data)
		s.give(c, m.ppid, m.data, m.size, m.expires)
		c.inbox.remove(m.size)
		putBuffer(m.data)
	}
	if q.len() > 0 {
		return sent
	}
	q.active, q.credit = false, 0
	if q.eos {
		q.eos = false
		s.reset(c)
	}
	return sent
}

// give hands one message to the transport, which copies it; the caller counts it.
// mu is held.
func (s *Session) give(c *Channel, ppid sctptransport.PPID, data []byte, size int, expires time.Time) {
	timed := c.params.MaxPacketLifeTime != nil
	if timed {
		c.enforce(time.Now())
	}
	if err := c.stream.Send(ppid, data); err != nil {
		// The association has ended; its end will be announced.
		s.log.Debug("datachannel: message not sent", "id", c.id, "error", err)
	} else {
		if timed {
			c.handed(len(data), expires)
			s.watch(c, expires)
		}
		if ppid != ppidDCEP {
			c.stats.messagesSent.Add(1)
			c.stats.bytesSent.Add(uint64(size))
		}
	}
}
