package datachannel

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

type counters struct {
	sentMessages, sentBytes         atomic.Uint64
	receivedMessages, receivedBytes atomic.Uint64
	dropped                         atomic.Uint64
}

// accept takes the streams that the peer uses first. It ends with the
// association.
func (s *Session) accept() {
	defer s.wg.Done()
	for {
		stream, err := s.assoc.AcceptStream()
		if err != nil {
			s.end(err)
			return
		}
		s.wg.Add(1)
		go s.greet(stream)
	}
}

// greet reads the first message of a stream that the peer opened. It goes on as
// the reader of the channel.
func (s *Session) greet(stream Stream) {
	defer s.wg.Done()
	data, ppid, err := receive(stream, maxOpen)
	if err != nil {
		return
	}
	c := s.opened(stream, ppid, data)
	if c == nil {
		return
	}
	s.wg.Add(1)
	s.read(c)
}

// opened makes a channel of a DATA_CHANNEL_OPEN, or returns nil.
func (s *Session) opened(stream Stream, ppid sctptransport.PPID, data []byte) *Channel {
	p, err := parseOpen(data)
	if ppid != ppidDCEP || err != nil {
		stream.Reset(nil)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := stream.ID()
	if s.ended || s.channels[id] != nil || !foreign(id, s.client) {
		stream.Reset(nil)
		return nil
	}
	c := s.newChannel(p)
	c.id, c.hasID, c.stream, c.acked, c.remote = id, true, stream, true, true
	s.channels[id] = c
	c.setReliability()
	c.out.messages = append(c.out.messages, outMessage{ppid: ppidDCEP, data: []byte{dcepAck}})
	s.activate(c)
	c.state.Store(int32(Open))
	s.mu.Unlock()
	if s.cfg.OnChannel != nil {
		s.cfg.OnChannel(c)
	}
	s.mu.Lock()
	s.announceOpen(c)
	s.pump()
	return c
}

// setReliability tells the transport how the channel's messages are sent.
func (c *Channel) setReliability() {
	r, limit := sctptransport.Reliable, uint32(0)
	if n := c.params.MaxRetransmits; n != nil {
		r, limit = sctptransport.LimitedRetransmits, uint32(*n)
	}
	c.stream.SetReliability(!c.params.Ordered && c.acked, r, limit)
}

// receive reads one message of at most limit bytes.
func receive(stream Stream, limit int) ([]byte, sctptransport.PPID, error) {
	n, _, err := stream.Receive(nil)
	if !errors.Is(err, io.ErrShortBuffer) {
		return nil, 0, err
	}
	if n > limit {
		return nil, 0, errors.New("too large")
	}
	data := make([]byte, n)
	_, ppid, err := stream.Receive(data)
	return data, ppid, err
}

// read is the goroutine that reads c, until the stream or the association ends.
func (s *Session) read(c *Channel) {
	defer s.wg.Done()
	for {
		data, ppid, err := receive(c.stream, int(s.cfg.MaxMessageSize))
		switch {
		case errors.Is(err, sctptransport.ErrReset):
			s.peerReset(c)
			return
		case err != nil:
			return
		}
		s.arrived(c, ppid, data)
	}
}

func (s *Session) arrived(c *Channel, ppid sctptransport.PPID, data []byte) {
	if !c.acked {
		s.mu.Lock()
		c.acked = true
		c.setReliability()
		s.mu.Unlock()
	}
	switch ppid {
	case ppidString, ppidStringEmpty:
	case ppidBinary, ppidBinaryEmpty:
	default:
		return
	}
	if ppid == ppidStringEmpty || ppid == ppidBinaryEmpty {
		data = nil
	}
	if c.State() != Open {
		return
	}
	c.stats.receivedMessages.Add(1)
	c.stats.receivedBytes.Add(uint64(len(data)))
	c.inbox.put(message{data, ppid == ppidString || ppid == ppidStringEmpty})
}

// put delivers a message, on the calling goroutine if nobody has the turn, or
// queues it.
func (b *inbox) put(m message) {
	b.mu.Lock()
	for b.bytes > b.limit && !b.dropped && (b.events.takesMessages() || b.detached) {
		changed := b.wait()
		b.mu.Unlock()
		<-changed
		b.mu.Lock()
	}
	if b.dropped || b.bytes > b.limit {
		b.mu.Unlock()
		return
	}
	b.messages = append(b.messages, m)
	b.bytes += m.size()
	b.received++
	b.change()
	if b.turn == 0 && b.ready() {
		b.turns++
		b.turn = b.turns
		turn := b.turn
		b.mu.Unlock()
		b.run(turn)
		return
	}
	b.kick()
	b.mu.Unlock()
}
