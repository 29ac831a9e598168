package datachannel

import (
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// outMessage is a message that waits to be given to the transport.
type outMessage struct {
	ppid    sctptransport.PPID
	data    []byte // the message as it is sent: never empty
	size    int    // the part of it that is the program's
	expires time.Time
}

// outQueue is what a channel has to send. It is guarded by session.mu.
type outQueue struct {
	messages []outMessage
	eos      bool // reset the stream when the messages are gone
	active   bool // the channel is in the session's ring
	credit   int  // bytes that it may send in its turn
}

// quantum is how many bytes a channel of PriorityLow sends in its turn. With
// less than a large message's worth a turn is one message; the debt is paid by
// sitting out.
const quantum = 16 << 10

// activate puts c in the ring of channels that have something to send. mu is held.
func (s *Session) activate(c *Channel) {
	if !c.out.active && c.stream != nil {
		c.out.active = true
		s.ring = append(s.ring, c)
	}
}

// pump gives the transport what it should have now: round the channels that
// have something to send, each as much as its priority gives it (RFC 8831 §6.4).
// mu is held.
func (s *Session) pump() {
	if s.assoc == nil || s.ended {
		return
	}
	room := 0
	for len(s.ring) > 0 {
		if room <= 0 {
			if room = s.room(); room <= 0 {
				return
			}
		}
		c := s.ring[0]
		room -= s.turn(c, room)
		s.ring[0] = nil
		s.ring = s.ring[1:]
		if c.out.active {
			s.ring = append(s.ring, c)
		}
	}
	s.ring = nil
}

// room returns how much the transport takes; if it is nothing, pump will be
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
	q.credit += quantum * max(1, int(c.params.Priority)) / int(PriorityLow)
	for len(q.messages) > 0 && q.credit > 0 && sent < room {
		m := q.messages[0]
		q.messages[0] = outMessage{}
		q.messages = q.messages[1:]
		s.give(c, m)
		q.credit -= len(m.data)
		sent += len(m.data)
	}
	if len(q.messages) > 0 {
		return sent
	}
	q.messages, q.active, q.credit = nil, false, 0
	if q.eos {
		q.eos = false
		s.reset(c)
	}
	return sent
}

// give hands one message to the transport.
func (s *Session) give(c *Channel, m outMessage) {
	if err := c.stream.Send(m.ppid, m.data); err != nil {
		s.log.Debug("datachannel: message not sent", "id", c.id, "error", err)
	} else if m.ppid != ppidDCEP {
		c.stats.sentMessages.Add(1)
		c.stats.sentBytes.Add(uint64(m.size))
	}
	if m.size > 0 {
		c.inbox.remove(&c.amount, m.size)
	}
}
