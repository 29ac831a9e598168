package datachannel

import (
	"errors"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// reset resets our side of the stream of c, after all that has been given to
// the transport. mu is held.
func (s *Session) reset(c *Channel) {
	if c.closing.sent {
		return
	}
	c.closing.sent = true
	if err := c.stream.Reset(func() { go s.performed(c) }); err != nil {
		s.log.Debug("datachannel: stream not reset", "id", c.id, "error", err)
	}
}

// performed notes that the peer has performed our reset.
func (s *Session) performed(c *Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.closing.performed = true
	s.closeIfDone(c)
}

// peerReset notes that the peer has reset its side of the stream: "if one side
// decides to close the data channel … the peer … also resets its corresponding
// outgoing stream" (RFC 8831 §6.7).
func (s *Session) peerReset(c *Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.closing.received = true
	if c.State() == Open {
		c.state.Store(int32(Closing))
		c.inbox.post(func(e *Events) {
			if e.OnClosing != nil {
				e.OnClosing()
			}
		})
		c.out.eos = true
		s.activate(c)
		s.pump()
	}
	s.closeIfDone(c)
}

func (s *Session) closeIfDone(c *Channel) {
	if c.closing.performed && c.closing.received {
		s.finish(c, nil)
	}
}

// finish announces c as closed (webrtc-pc §6.2, announcing a data channel as
// closed), with an error if err is not nil. mu is held.
func (s *Session) finish(c *Channel, err error) {
	if c.State() == Closed {
		return
	}
	c.state.Store(int32(Closed))
	if c.hasID && s.channels[c.id] == c {
		delete(s.channels, c.id)
	}
	c.inbox.end(errChannelClosed)
	c.inbox.post(func(e *Events) {
		if err != nil && e.OnError != nil {
			var rtc *rtcerr.RTCError
			if !errors.As(err, &rtc) {
				rtc = &rtcerr.RTCError{Detail: rtcerr.DetailDataChannelFailure, Err: err}
			}
			e.OnError(rtc)
		}
	})
	c.inbox.post(func(e *Events) {
		if e.OnClose != nil {
			e.OnClose()
		}
	})
}
