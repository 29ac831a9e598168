package datachannel

import (
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// lifetime enforces maxPacketLifeTime (RFC 8831 §6.1, RFC 3758 §4): a message
// that has not been given to the transport in time is dropped from our queue
// at that moment. What the transport has is its own to send, and it does not
// know the time: from the moment on at which the oldest message it holds is too
// old, it may not send anything of the channel a second time, beyond the one
// retransmission that it has decided on already.
type lifetime struct {
	given  []givenMessage // what the transport may still hold, oldest first
	bytes  int            // of given
	strict bool           // the transport may not retransmit
}

type givenMessage struct {
	size    int
	expires time.Time // zero: never
}

// handed notes a message that the transport has taken. mu is held.
func (c *Channel) handed(size int, expires time.Time) {
	c.life.given = append(c.life.given, givenMessage{size, expires})
	c.life.bytes += size
}

// enforce brings the transport's setting for c up to date, and returns when it
// has to be looked at again, or zero. mu is held.
func (c *Channel) enforce(now time.Time) (next time.Time) {
	l := &c.life
	if len(l.given) == 0 {
		return next
	}
	// Acknowledgements do not say for which message they are: the oldest ones
	// are taken to be done.
	left := c.stream.Unacknowledged()
	for len(l.given) > 0 && l.bytes-l.given[0].size >= left {
		l.bytes -= l.given[0].size
		l.given = l.given[1:]
	}
	strict := false
	if len(l.given) > 0 && !l.given[0].expires.IsZero() {
		if strict = !now.Before(l.given[0].expires); !strict {
			next = l.given[0].expires
		}
	}
	if strict != l.strict {
		l.strict = strict
		c.setReliability()
	}
	return next
}

// setReliability tells the transport how the messages of c are sent. "Before the
// DATA_CHANNEL_ACK message or any other message has been received on a data
// channel, all other messages … MUST be sent ordered, no matter whether the
// data channel is ordered or not" (RFC 8832 §6). mu is held.
func (c *Channel) setReliability() {
	r, limit := sctptransport.Reliable, uint32(0)
	if n := c.params.MaxRetransmits; n != nil {
		r, limit = sctptransport.LimitedRetransmits, uint32(*n)
	} else if c.life.strict {
		r = sctptransport.LimitedRetransmits
	}
	c.stream.SetReliability(!c.params.Ordered && c.acked, r, limit)
}

// expire drops the messages whose time has come, and sets the session's timer
// for the next. mu is held.
func (s *Session) expire() {
	now := time.Now()
	var next time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for c := range s.timed {
		for q := &c.out; q.len() > 0; {
			expires := q.first().expires
			if expires.IsZero() || now.Before(expires) {
				earlier(expires)
				break
			}
			m := q.pop()
			c.stats.expired.Add(1)
			c.inbox.remove(m.size)
			putBuffer(m.data)
		}
		earlier(c.enforce(now))
		if c.out.len() == 0 && len(c.life.given) == 0 {
			delete(s.timed, c)
		}
	}
	s.setTimer(next)
}

// watch makes sure that expire is called when a message of c expires.
// mu is held.
func (s *Session) watch(c *Channel, expires time.Time) {
	s.timed[c] = struct{}{}
	if expires.IsZero() {
		return
	}
	if s.timerAt.IsZero() || expires.Before(s.timerAt) {
		s.setTimer(expires)
	}
}

func (s *Session) setTimer(at time.Time) {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	s.timerAt = at
	if at.IsZero() || s.ended {
		return
	}
	s.timer = time.AfterFunc(time.Until(at), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.timerAt == at && !s.ended {
			s.expire()
			s.pump()
		}
	})
}
