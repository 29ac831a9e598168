package datachannel

import (
	"errors"
	"io"
	"slices"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// endSending resets our side of the stream once all that is queued has been given
// to the transport: "Finish sending all currently pending messages" (webrtc-pc
// §6.2, closing procedure). mu is held.
func (s *Session) endSending(c *Channel) {
	if c.resetSent || c.out.eos {
		return
	}
	c.out.eos = true
	s.activate(c)
	s.pump()
}

// reset resets our side of the stream, behind what the transport holds.
// mu is held.
func (s *Session) reset(c *Channel) {
	c.resetSent = true
	c.stream.Reset(func() { s.performed(c) })
}

// performed notes that the peer has performed our reset.
func (s *Session) performed(c *Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.resetPerformed = true
	s.closeIfDone(c)
}

// peerReset notes that the peer has reset its side of the stream: "When the peer
// sees that an incoming stream was reset, it also resets its corresponding
// outgoing stream" (RFC 8831 §6.7).
func (s *Session) peerReset(c *Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetArrived(c)
}

func (s *Session) resetArrived(c *Channel) {
	if c.resetReceived || s.ended {
		return
	}
	c.resetReceived = true
	if c.State() == Open {
		c.state.Store(int32(Closing))
		c.inbox.finish(io.EOF, false)
		c.inbox.post(func(e *Events) { call(e.OnClosing) })
	}
	s.endSending(c)
	s.closeIfDone(c)
}

// closeIfDone closes c when both sides have been reset: "Once this is completed,
// the data channel is closed" (RFC 8831 §6.7).
func (s *Session) closeIfDone(c *Channel) {
	if c.resetPerformed && c.resetReceived {
		s.announceClosed(c, nil)
		s.release(c)
	}
}

// release makes the id free again. mu is held.
func (s *Session) release(c *Channel) {
	if c.hasID && s.channels[c.id] == c {
		delete(s.channels, c.id)
	}
	delete(s.timed, c)
	is := func(o *Channel) bool { return o == c }
	s.waiting, s.order = slices.DeleteFunc(s.waiting, is), slices.DeleteFunc(s.order, is)
}

// fail closes c abruptly because of what the peer did on it. The stream is reset;
// the id stays in use until the peer has reset its own. mu is held.
func (s *Session) fail(c *Channel, err error) {
	s.log.Warn("datachannel: channel failed", "id", c.id, "error", err)
	s.announceClosed(c, err)
	c.drop()
	s.endSending(c)
}

// drop gives up what has not been sent. It still counts: bufferedAmount "does not
// reset to zero once the channel closes" (webrtc-pc §6.2). mu is held.
func (c *Channel) drop() {
	for c.out.len() > 0 {
		putBuffer(c.out.pop().data)
	}
}

// announceClosed announces c as closed (webrtc-pc §6.2, announcing a data channel
// as closed): with an error event if err is not nil, which is an RTCError of
// detail data-channel-failure unless it is one already. mu is held.
func (s *Session) announceClosed(c *Channel, err error) {
	if c.State() == Closed {
		return
	}
	s.counts.closed.Add(1)
	c.state.Store(int32(Closed))
	if err == nil {
		c.inbox.finish(errChannelClosed, false)
	} else {
		var rtc *rtcerr.RTCError
		if !errors.As(err, &rtc) {
			rtc = &rtcerr.RTCError{Detail: rtcerr.DetailDataChannelFailure, Err: err}
		}
		c.inbox.finish(rtc, false)
		c.inbox.post(func(e *Events) {
			if e.OnError != nil {
				e.OnError(rtc)
			}
		})
	}
	c.inbox.post(func(e *Events) { call(e.OnClose) })
}
