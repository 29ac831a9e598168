package datachannel

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

const (
	// DefaultReceiveQueue is the number of received bytes that a channel holds
	// for a program that does not take them, unless the configuration says
	// otherwise.
	DefaultReceiveQueue = 1 << 20
	// receiveQueues is how many such queues full a session holds in all: the peer
	// decides how many channels there are.
	receiveQueues = 64
	// DefaultWriteBuffer is the number of bytes that a channel queues before its
	// Write blocks, unless the configuration says otherwise.
	DefaultWriteBuffer = 1 << 20
	// DefaultMaxMessageSize is what a description without max-message-size
	// promises (RFC 8841 §6.1).
	DefaultMaxMessageSize = 65536
)

var (
	errChannelClosed = fmt.Errorf("datachannel: the channel is closed: %w", net.ErrClosed)
	errSessionClosed = rtcerr.Because(rtcerr.ErrConnectionClosed, errors.New("datachannel: the connection is closed"))
)

// SessionConfig configures a session.
type SessionConfig struct {
	// OnChannel is called for each channel that the peer opens, one at a time,
	// in order, and before any event of the channel. The channel is open: messages
	// may be sent. It must not block and not close the session.
	OnChannel func(*Channel)
	// OnEnd, unless nil, is called when the association has ended without Close:
	// the peer has aborted it, or what carries it has failed. The channels have
	// been closed by then. It must not block and must not call Close.
	OnEnd func(error)
	// MaxMessageSize is the largest message that is received, the
	// max-message-size of the local description. A channel on which a larger one
	// arrives is closed with an error. Zero means DefaultMaxMessageSize.
	MaxMessageSize uint32
	// ReceiveQueue bounds the received bytes that a channel holds; one message
	// may exceed it. All channels together hold 64 times as many. Zero means
	// DefaultReceiveQueue.
	ReceiveQueue int
	// SendBuffer bounds the bytes that a channel queues for sending; Send
	// returns an OperationError beyond it. Zero means no bound.
	SendBuffer int
	// WriteBuffer is the number of queued bytes from which on Write and
	// WriteDataChannel block. Zero means DefaultWriteBuffer.
	WriteBuffer int
	// Logger receives what is unusual. Nil discards it.
	Logger *slog.Logger
}

// Session is the data channels of one connection, over one association at most.
// Its methods may be called by several goroutines at once.
type Session struct {
	cfg        SessionConfig
	log        *slog.Logger
	counts     sessionCounters
	goroutines goroutines
	silent     atomic.Bool  // no handler starts any more
	queued     atomic.Int64 // bytes of messages that wait for the program, in all channels

	mu sync.Mutex // taken before the mutex of an inbox
	// all below is guarded by mu

	assoc       Association
	roleKnown   bool
	client      bool
	maxMessage  uint64              // what the peer takes; 0: anything
	maxChannels int                 // ids are below it
	channels    map[uint16]*Channel // by id, until the id is free again
	waiting     []*Channel          // without an id, in order of creation
	order       []*Channel          // with an id and without an association, in order of creation
	ids         ids
	ring        ring
	ended       bool

	greetings  []*greeting // in the order in which the peer began them
	held       int         // bytes that they hold
	refused    map[uint16]bool
	announcing bool
	announcer  *time.Timer

	timed   map[*Channel]struct{} // with messages that expire
	timer   *time.Timer
	timerAt time.Time
}

// NewSession returns a session without an association.
func NewSession(cfg SessionConfig) *Session {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.ReceiveQueue <= 0 {
		cfg.ReceiveQueue = DefaultReceiveQueue
	}
	if cfg.WriteBuffer <= 0 {
		cfg.WriteBuffer = DefaultWriteBuffer
	}
	if cfg.MaxMessageSize == 0 {
		cfg.MaxMessageSize = DefaultMaxMessageSize
	}
	s := &Session{
		cfg: cfg, log: cfg.Logger, maxMessage: DefaultMaxMessageSize, maxChannels: MaxID + 1,
		channels: map[uint16]*Channel{}, refused: map[uint16]bool{}, timed: map[*Channel]struct{}{},
	}
	s.goroutines.init()
	return s
}

// crowded reports whether the channels together hold as much as they may.
func (s *Session) crowded() bool { return s.queued.Load() >= receiveQueues*int64(s.cfg.ReceiveQueue) }

// newChannel returns a channel without an id.
func (s *Session) newChannel(p Params) *Channel {
	c := &Channel{session: s, serial: serials.Add(1), params: p}
	c.inbox.events = &Events{}
	c.inbox.limit, c.inbox.session, c.inbox.announced = s.cfg.ReceiveQueue, s, true
	c.inbox.drops = func() { c.stats.dropped.Add(1) }
	c.inbox.refill = c.readable
	return c
}

// SetRemoteMaxMessageSize sets the largest message that the peer takes: the
// max-message-size of its description, 65536 if it has none (RFC 8841 §6.1), and
// 0 for no limit.
func (s *Session) SetRemoteMaxMessageSize(bytes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maxMessage = bytes
}

// SetRole says which DTLS role this side has, as soon as it is negotiated:
// channels get their ids (webrtc-pc §4.4.1.5), and one for which none is left is
// closed with an error. The role does not change.
func (s *Session) SetRole(client bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setRole(client)
}

func (s *Session) setRole(client bool) {
	if s.roleKnown || s.ended {
		return
	}
	s.roleKnown, s.client = true, client
	for _, c := range s.waiting {
		if c.State() == Closed {
			continue
		}
		if c.id, c.hasID = s.takeID(); !c.hasID {
			s.announceClosed(c, errors.New("datachannel: no id is left"))
			continue
		}
		s.channels[c.id] = c
		s.order = append(s.order, c)
	}
	s.waiting = nil
}

func (s *Session) takeID() (uint16, bool) {
	return s.ids.take(s.client, s.maxChannels, func(id uint16) bool {
		return s.channels[id] != nil || s.refused[id]
	})
}

// Start runs the channels over an association that has come up, which the session
// owns from now on. client is the DTLS role; remoteMaxMessageSize is as in
// SetRemoteMaxMessageSize; maxChannels is the number of streams that the
// association has in both directions, 0 for all. The error is an
// InvalidStateError if the session is closed or was started before; the
// association is then left alone.
func (s *Session) Start(a Association, client bool, remoteMaxMessageSize uint64, maxChannels uint16) error {
	if err := s.start(a, client, remoteMaxMessageSize, maxChannels); err != nil {
		return err
	}
	a.Start(s.accepted, s.lost)
	return nil
}

func (s *Session) start(a Association, client bool, remoteMaxMessageSize uint64, maxChannels uint16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return &rtcerr.InvalidStateError{Err: errSessionClosed}
	}
	if s.assoc != nil {
		return &rtcerr.InvalidStateError{Err: errors.New("datachannel: the session has been started")}
	}
	s.setRole(client)
	s.assoc, s.maxMessage = a, remoteMaxMessageSize
	if maxChannels != 0 {
		s.maxChannels = min(s.maxChannels, int(maxChannels))
	}
	a.OnRoom(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pump()
	})
	order := s.order
	s.order = nil
	for _, c := range order {
		if c.State() != Connecting {
			continue
		}
		// webrtc-pc §6.1.1.2, connected procedure: "If channel.[[DataChannelId]] is
		// greater or equal to transport.[[MaxChannels]] … close the channel due
		// to a failure. Otherwise, announce the channel as open."
		err := s.tooLarge(c)
		if err == nil {
			err = s.begin(c)
		}
		if err != nil {
			s.announceClosed(c, err)
			s.release(c)
		}
	}
	s.pump()
	return nil
}

func (s *Session) tooLarge(c *Channel) error {
	if int(c.id) < s.maxChannels {
		return nil
	}
	return rtcerr.Because(rtcerr.ErrMaxDataChannelID, fmt.Errorf("datachannel: the id is %d, the association has %d streams", c.id, s.maxChannels))
}

// Close ends the session and its association. With a cause, such as the failure
// of the transport, the channels are closed abruptly: OnError with an RTCError of
// detail sctp-failure, and OnClose (webrtc-pc §6.2). Without one, as when the
// whole connection is closed, no handler starts any more. It returns when the
// session's goroutines have ended; it does not wait for handlers.
func (s *Session) Close(cause error) {
	a := s.end(cause)
	if a != nil {
		a.Abort("closed")
	}
	s.goroutines.wait()
}

// end ends all channels.
func (s *Session) end(cause error) Association {
	s.mu.Lock()
	defer s.mu.Unlock()
	var failure *rtcerr.RTCError
	if cause != nil && !errors.As(cause, &failure) {
		failure = &rtcerr.RTCError{Detail: rtcerr.DetailSCTPFailure, Err: cause, Cause: causeCode(cause)}
	}
	if s.ended && failure != nil {
		return s.assoc
	}
	first := !s.ended
	s.ended = true
	if failure == nil {
		s.silent.Store(true)
	}
	for _, t := range []*time.Timer{s.timer, s.announcer} {
		if t != nil {
			t.Stop()
		}
	}
	for _, c := range s.all() {
		c.drop()
		if failure != nil {
			s.announceClosed(c, failure)
			continue
		}
		if c.State() != Closed {
			s.counts.closed.Add(1)
		}
		// "Set the [[ReadyState]] slot of each of connection's RTCDataChannels to
		// 'closed'. NOTE: The RTCDataChannels will be closed abruptly and the
		// closing procedure will not be invoked" (webrtc-pc §4.4.3).
		c.state.Store(int32(Closed))
		c.inbox.silence(errSessionClosed)
	}
	if first {
		s.ring, s.timed, s.greetings = ring{}, map[*Channel]struct{}{}, nil
	}
	return s.assoc
}
