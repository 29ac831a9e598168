package datachannel

import "sync/atomic"

// State is the state of a channel (RTCDataChannelState, webrtc-pc §6.2).
type State int32

// The states of a channel, in the order in which it passes through them.
const (
	Connecting State = iota
	Open
	Closing
	Closed
)

// String returns the name that the web API uses.
func (s State) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Open:
		return "open"
	case Closing:
		return "closing"
	case Closed:
		return "closed"
	}
	return "unknown"
}

// Channel is one data channel. All methods may be called by several goroutines
// at once and from every handler.
type Channel struct {
	session *Session
	serial  uint64
	params  Params
	remote  bool
	inbox   inbox
	stats   counters
	state   atomic.Int32 // a State; changed under session.mu

	// Touched by the reader only.
	heard    bool // the peer has sent something
	answered bool // the peer has acknowledged DATA_CHANNEL_OPEN

	// all below is guarded by session.mu

	id     uint16
	hasID  bool
	stream Stream // nil before there is an association
	acked  bool   // messages may be sent unordered
	out    outQueue
	life   lifetime

	// How far the closing procedure has come (RFC 8831 §6.7).
	resetSent      bool // our reset has been given to the transport
	resetPerformed bool // the peer has performed it
	resetReceived  bool // the peer has reset its side
}

// Label returns the label.
func (c *Channel) Label() string { return c.params.Label }

// Protocol returns the subprotocol.
func (c *Channel) Protocol() string { return c.params.Protocol }

// Ordered reports whether messages are delivered in order.
func (c *Channel) Ordered() bool { return c.params.Ordered }

// MaxRetransmits returns how often a message is sent again at most, or nil.
func (c *Channel) MaxRetransmits() *uint16 { return clone(c.params.MaxRetransmits) }

// MaxPacketLifeTime returns for how many milliseconds a message is sent, or nil.
func (c *Channel) MaxPacketLifeTime() *uint16 { return clone(c.params.MaxPacketLifeTime) }

// Negotiated reports whether both programs opened the channel by themselves.
func (c *Channel) Negotiated() bool { return c.params.Negotiated }

// Priority returns the weight of the channel.
func (c *Channel) Priority() Priority { return c.params.Priority }

// Remote reports whether the peer opened the channel.
func (c *Channel) Remote() bool { return c.remote }

// ID returns the id, which a channel that is not negotiated has once the DTLS
// role is known (RFC 8832 §6). It keeps it when it is closed.
func (c *Channel) ID() (id uint16, ok bool) {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.id, c.hasID
}

// State returns the state.
func (c *Channel) State() State { return State(c.state.Load()) }

// SetEvents sets the handlers; it may be called again to change them. Events that
// happened before the first call are held until then. While neither a handler
// nor a blocking read takes messages, they are held up to the session's
// ReceiveQueue; those that arrive beyond it are dropped and counted.
func (c *Channel) SetEvents(e Events) {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events, b.set = &e, true
	b.change()
	b.kick()
}

// Close begins the closing procedure (webrtc-pc §6.2, close): what has been sent
// is sent, then the stream is reset, and when the peer has reset its own the
// channel is closed. It does not wait. Received messages that have not been
// delivered are forgotten. Closing a channel that is closing or closed does
// nothing.
func (c *Channel) Close() error {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := c.State(); st == Closing || st == Closed {
		return nil
	}
	c.state.Store(int32(Closing))
	c.inbox.finish(errChannelClosed, true)
	if c.stream == nil {
		s.announceClosed(c, nil)
		s.release(c)
		return nil
	}
	s.endSending(c)
	return nil
}
