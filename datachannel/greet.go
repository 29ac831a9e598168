package datachannel

import (
	"errors"
	"fmt"
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

const (
	// maxGreetings is the number of streams that the peer may have begun
	// without having opened a channel on them.
	maxGreetings = 1024
	// maxHeld bounds what is kept of such a stream, for a negotiated channel that
	// the program has not created yet.
	maxHeld = 64 << 10
	// maxHeldByAll bounds what is kept of all such streams.
	maxHeldByAll = 1 << 20
	// announceHold is how long a channel waits for one that began before it to
	// be announced first.
	announceHold = 50 * time.Millisecond
)

// greeting is a stream of the peer without a channel. It is guarded by
// session.mu.
type greeting struct {
	stream  Stream
	held    []message
	bytes   int // of held
	channel *Channel
	since   time.Time
	done    bool // nothing more will come of it
}

// lost ends the session when the association has ended by itself.
func (s *Session) lost(err error) {
	err = fmt.Errorf("datachannel: the association has failed: %w", err)
	s.end(err)
	if s.cfg.OnEnd != nil {
		s.cfg.OnEnd(err)
	}
}

// accepted reads a stream that the peer has begun.
func (s *Session) accepted(stream Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channels[stream.ID()]; c != nil {
		if c.stream == stream {
			return // begin was faster and reads it
		}
		// A new stream of this id means that the old one has been reset, in
		// both directions, or else the peer may not use it.
		s.resetArrived(c)
		if c.resetSent {
			c.resetPerformed = true
			s.closeIfDone(c)
		}
	}
	g := &greeting{stream: stream, since: time.Now()}
	if s.ended || s.channels[stream.ID()] != nil || len(s.greetings) >= maxGreetings {
		s.counts.refused.Add(1)
		s.refuse(stream)
		return
	}
	delete(s.refused, stream.ID())
	s.greetings = append(s.greetings, g)
	stream.OnReadable(func() { s.greet(g) })
}

// greeting returns the stream of the given id that has no channel, or nil.
func (s *Session) greeting(id uint16) *greeting {
	for _, g := range s.greetings {
		if g.stream.ID() == id && g.channel == nil && !g.done {
			return g
		}
	}
	return nil
}

// greet reads a stream until there is a channel for it, and leaves the rest to
// the channel. It is called on the goroutine that reads packets.
func (s *Session) greet(g *greeting) {
	for {
		data, ppid, err := readMessage(g.stream, func(n int) []byte { return make([]byte, n) })
		if errors.Is(err, sctptransport.ErrEmpty) {
			return
		}
		s.mu.Lock()
		c, reject := s.greeted(g, data, ppid, err)
		s.mu.Unlock()
		s.announce()
		switch {
		case c != nil:
			if errors.Is(err, sctptransport.ErrReset) {
				s.peerReset(c)
			} else if err == nil && (ppid != ppidDCEP || !c.remote) {
				s.arrived(c, data, ppid, false)
			}
			c.readable()
			return
		case reject:
			discard(g.stream)
			return
		}
	}
}

// greeted works off what came from a stream without a channel. It returns the
// channel if there is one now. mu is held.
func (s *Session) greeted(g *greeting, data []byte, ppid sctptransport.PPID, err error) (c *Channel, reject bool) {
	if g.channel != nil {
		return g.channel, false // a negotiated one, created meanwhile
	}
	switch {
	case s.ended:
		err = errSessionClosed
	case err != nil:
	case ppid == ppidDCEP:
		if c, err = s.opened(g, data); c != nil {
			return c, false
		}
	case s.mayHold(g, len(data)+messageOverhead):
		if m, ok := s.decode(data, ppid); ok {
			g.held = append(g.held, m)
			g.bytes += m.size()
			s.held += m.size()
		}
		return nil, false
	default:
		// "receiving a message containing user data on an unused stream indicates
		// an error" (RFC 8832 §6).
		s.counts.dataBeforeOpen.Add(1)
		err = errors.New("user data without DATA_CHANNEL_OPEN")
	}
	g.done = true
	s.letGo(g)
	s.log.Debug("datachannel: stream refused", "id", g.stream.ID(), "error", err)
	if !s.ended {
		s.refuse(g.stream)
	}
	return nil, true
}

// refuse resets our side of a stream that the peer should not have begun, or has
// ended. Its id is not chosen for a channel of ours until the peer has done so
// too and begun another. mu is held.
func (s *Session) refuse(stream Stream) {
	s.refused[stream.ID()] = true
	stream.OnReadable(func() { discard(stream) })
	stream.Reset(nil)
}

// opened makes a channel of a DATA_CHANNEL_OPEN message. "If the
// DATA_CHANNEL_OPEN message doesn't satisfy the conditions … the receiver … MUST
// close the corresponding data channel" (RFC 8832 §6). mu is held.
func (s *Session) opened(g *greeting, data []byte) (*Channel, error) {
	p, err := parseOpen(data)
	if err != nil {
		s.counts.malformed.Add(1)
		return nil, err
	}
	id := g.stream.ID()
	// "the peer … MUST choose" even ids as DTLS client and odd ones as server.
	if !foreign(id, s.client) {
		s.counts.wrongParity.Add(1)
		return nil, fmt.Errorf("the peer opened id %d, which is ours to choose", id)
	}
	if int(id) >= s.maxChannels {
		s.counts.malformed.Add(1)
		return nil, fmt.Errorf("the peer opened id %d, the association has %d streams", id, s.maxChannels)
	}
	c := s.newChannel(p)
	c.id, c.hasID, c.stream, c.acked, c.remote = id, true, g.stream, true, true
	c.inbox.announced, c.heard = false, true
	s.channels[id] = c
	s.counts.opened.Add(1)
	c.setReliability()
	s.queueControl(c, []byte{dcepAck})
	// "Set channel.[[ReadyState]] to 'open' (but do not fire the open event,
	// yet)": announce does when OnChannel has returned (webrtc-pc §6.2).
	s.announceOpen(c)
	s.adopt(c, g)
	s.pump()
	return c, nil
}

// adopt gives c what its stream has delivered before. mu is held.
func (s *Session) adopt(c *Channel, g *greeting) {
	g.channel = c
	c.stream.OnReadable(c.readable)
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range g.held {
		c.stats.messagesReceived.Add(1)
		c.stats.bytesReceived.Add(uint64(len(m.data)))
		b.enqueue(m)
	}
	s.letGo(g)
	b.kick()
}

// mayHold reports whether n more bytes of a stream without a channel may be held.
func (s *Session) mayHold(g *greeting, n int) bool {
	return g.bytes+n <= maxHeld && s.held+n <= maxHeldByAll
}

// letGo forgets what is held of g.
func (s *Session) letGo(g *greeting) {
	s.held -= g.bytes
	g.held, g.bytes = nil, 0
}

// announce calls OnChannel for the channels that the peer has opened, in the
// order in which it began their streams. A stream that does not come to the
// point holds up the others for a moment only.
func (s *Session) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.announcing {
		return
	}
	s.announcing = true
	defer func() { s.announcing = false }()
	for i := 0; i < len(s.greetings) && !s.ended; {
		g := s.greetings[i]
		if g.channel == nil && !g.done {
			if wait := announceHold - time.Since(g.since); wait > 0 {
				s.announceLater(wait)
				return
			}
			i++
			continue
		}
		s.greetings = append(s.greetings[:i:i], s.greetings[i+1:]...)
		if c := g.channel; c != nil && c.remote {
			s.announceChannel(c)
			i = 0 // others may have come to the point meanwhile
		}
	}
}

// announceChannel calls OnChannel. mu is held before and after.
func (s *Session) announceChannel(c *Channel) {
	s.mu.Unlock()
	defer s.mu.Lock()
	if s.cfg.OnChannel != nil {
		s.cfg.OnChannel(c)
	}
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.announced = true
	b.kick()
}

func (s *Session) announceLater(wait time.Duration) {
	if s.announcer == nil {
		s.announcer = time.AfterFunc(wait, func() {
			s.mu.Lock()
			s.announcer = nil
			s.mu.Unlock()
			s.announce()
		})
	}
}
