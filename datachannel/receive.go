package datachannel

import (
	"errors"
	"fmt"
	"io"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// readMessage reads one message from stream, with a buffer of get for its size.
// Waiting with no buffer at all costs an idle channel nothing: the transport says
// how large the message is.
func readMessage(stream Stream, get func(n int) []byte) ([]byte, sctptransport.PPID, error) {
	var data []byte
	for {
		n, ppid, err := stream.Receive(data)
		switch {
		case err == nil:
			return data[:n], ppid, nil
		case !errors.Is(err, io.ErrShortBuffer):
			return nil, 0, err
		}
		// An unordered message that has come meanwhile is read before the one
		// whose size was told, so this may happen again.
		data = get(n)
	}
}

// discard reads and forgets what comes on a stream that has no channel, so that
// it does not hold the receive window.
func discard(stream Stream) {
	for {
		data, _, err := readMessage(stream, getBuffer)
		if err != nil {
			return
		}
		putBuffer(data)
	}
}

// readable reads what has come for c. It is called on the goroutine that reads
// packets.
// It and refill read until there is no more or the program has enough to do with
// what it has.
func (c *Channel) readable() {
	s, b := c.session, &c.inbox
	if !b.beginDrain() {
		return
	}
	for more := true; more; more = !b.endDrain() {
		for {
			takes, borrows := b.takes()
			if !takes {
				break
			}
			pooled := false
			data, ppid, err := readMessage(c.stream, func(n int) []byte {
				if pooled = borrows || n > s.limit(); pooled {
					return getBuffer(n)
				}
				return make([]byte, n)
			})
			if errors.Is(err, sctptransport.ErrReset) {
				s.peerReset(c)
			}
			if err != nil {
				break
			}
			s.arrived(c, data, ppid, pooled)
		}
	}
}

// limit is the largest message that is read whole into memory of its own.
func (s *Session) limit() int { return int(s.cfg.MaxMessageSize) }

// beginDrain makes the caller the one that reads the stream, unless another is,
// who is told to look once more.
func (b *inbox) beginDrain() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.draining {
		b.again = true
		return false
	}
	b.draining = true
	return true
}

// endDrain ends that, unless the caller has to look once more.
func (b *inbox) endDrain() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draining, b.again = b.again, false
	return !b.draining
}

// takes reports whether a message may be put in, and whether it goes to a handler
// that borrows it. If not, refill is called when it may.
func (b *inbox) takes() (ok, borrows bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paused = b.full()
	return !b.paused, b.events.OnMessagePush != nil && !b.detached
}

// arrived works off a message of the stream of c.
func (s *Session) arrived(c *Channel, data []byte, ppid sctptransport.PPID, pooled bool) {
	if !c.heard {
		s.heard(c)
	}
	m, ok := message{}, false
	switch {
	case ppid == ppidDCEP:
		s.control(c, data)
	case len(data) > s.limit():
		// RFC 8841 §6: the peer must not send more than max-message-size. What it
		// sent is lost, and what promised to be reliable is not: the channel ends.
		s.counts.oversized.Add(1)
		s.mu.Lock()
		s.fail(c, fmt.Errorf("datachannel: the peer sent a message of %d bytes, the limit is %d", len(data), s.limit()))
		s.mu.Unlock()
	default:
		if m, ok = s.decode(data, ppid); ok && c.State() != Open {
			// "If channel.[[ReadyState]] is not 'open', abort these steps and
			// discard rawData" (webrtc-pc §6.2, receiving messages).
			c.stats.dropped.Add(1)
			ok = false
		}
	}
	if !ok {
		if pooled {
			putBuffer(data)
		}
		return
	}
	c.stats.messagesReceived.Add(1)
	c.stats.bytesReceived.Add(uint64(len(m.data)))
	if pooled {
		if len(m.data) > 0 && &m.data[0] == &data[0] {
			m.pooled = true
		} else {
			putBuffer(data)
		}
	}
	c.inbox.put(m)
}

// heard notes the first message of the peer on c: from now on messages are sent
// as the channel says (RFC 8832 §6).
func (s *Session) heard(c *Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.heard, c.acked = true, true
	c.setReliability()
}

// decode makes a message of user data, or counts it and returns false.
func (s *Session) decode(data []byte, ppid sctptransport.PPID) (message, bool) {
	switch ppid {
	case ppidString:
		return message{data: decodeText(data), isString: true}, true
	case ppidBinary:
		return message{data: data}, true
	case ppidStringEmpty:
		// "the receiver MUST ignore" the byte (RFC 8831 §6.6).
		return message{isString: true}, true
	case ppidBinaryEmpty:
		return message{}, true
	}
	// The deprecated identifiers of parts of messages count among these.
	s.counts.unknownPPID.Add(1)
	return message{}, false
}

// control works off a DCEP message on a channel that is there already: a late
// DATA_CHANNEL_ACK has done its work by arriving, and the rest is the peer's
// mistake, which does not harm the channel.
func (s *Session) control(c *Channel, data []byte) {
	switch {
	case len(data) == 1 && data[0] == dcepAck && !c.remote && !c.params.Negotiated && !c.answered:
		c.answered = true
	case len(data) == 1 && data[0] == dcepAck:
		s.counts.strayAck.Add(1)
	case len(data) > 0 && data[0] == dcepOpen:
		s.counts.duplicateOpen.Add(1)
	default:
		s.counts.malformed.Add(1)
	}
}
