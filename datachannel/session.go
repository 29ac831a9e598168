package datachannel

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// DefaultReceiveQueue is the number of received bytes that a channel holds for
// a program that does not take them, unless the configuration says otherwise.
const DefaultReceiveQueue = 1 << 20

var (
	errChannelClosed = fmt.Errorf("datachannel: the channel is closed: %w", net.ErrClosed)
	errSessionClosed = fmt.Errorf("datachannel: the connection is closed: %w", net.ErrClosed)
)

// SessionConfig configures a session.
type SessionConfig struct {
	// OnChannel is called for each channel that the peer opens, one at a time,
	// before the channel's first event. The channel is open already: messages may
	// be sent. It must not block.
	OnChannel func(*Channel)
	// MaxMessageSize is the largest message that is received. Zero means 64 KiB,
	// which is what a description without max-message-size promises
	// (RFC 8841 §6.1).
	MaxMessageSize uint32
	// ReceiveQueue bounds the received bytes that a channel holds. Zero means
	// DefaultReceiveQueue.
	ReceiveQueue int
	// SendBuffer bounds the bytes that a channel queues for sending; Send
	// returns an OperationError beyond it. Zero means no bound.
	SendBuffer int
	// Logger receives what is unusual. Nil discards it.
	Logger *slog.Logger
}

// Session is the data channels of one connection, over one association at most.
// Its methods may be called by several goroutines at once.
type Session struct {
	cfg SessionConfig
	log *slog.Logger
	wg  sync.WaitGroup // the session's goroutines

	mu sync.Mutex // before the mutex of an inbox
	// all below is guarded by mu

	assoc       Association
	roleKnown   bool
	client      bool
	maxMessage  uint64 // the peer's; 0: any
	maxChannels int
	channels    map[uint16]*Channel // by id, until the id is free again
	waiting     []*Channel          // without an id, in order of creation
	ids         ids
	ring        []*Channel // channels that have something to send
	ended       bool
	endCause    error
}

// NewSession returns a session without an association.
func NewSession(cfg SessionConfig) *Session {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.ReceiveQueue <= 0 {
		cfg.ReceiveQueue = DefaultReceiveQueue
	}
	if cfg.MaxMessageSize == 0 {
		cfg.MaxMessageSize = 65536
	}
	return &Session{cfg: cfg, log: cfg.Logger, channels: map[uint16]*Channel{}, maxChannels: MaxID + 1, maxMessage: 65536}
}

// Open creates a channel (createDataChannel, webrtc-pc §6.1), before or after
// Start. The error is a TypeError for arguments that cannot be, an OperationError
// if the id is in use or none is left, an InvalidStateError after Close.
func (s *Session) Open(p Params) (*Channel, error) {
	p, err := p.check()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, &rtcerr.InvalidStateError{Err: errSessionClosed}
	}
	c := s.newChannel(p)
	if p.ID != nil {
		c.id, c.hasID = *p.ID, true
		if s.channels[c.id] != nil {
			return nil, operationError("id %d is in use", c.id)
		}
	} else if s.roleKnown {
		if c.id, c.hasID = s.takeID(); !c.hasID {
			return nil, operationError("no id is left")
		}
	}
	if c.hasID && int(c.id) >= s.maxChannels {
		return nil, operationError("the id is %d, the association has %d streams", c.id, s.maxChannels)
	}
	if !c.hasID {
		s.waiting = append(s.waiting, c)
		return c, nil
	}
	s.channels[c.id] = c
	if s.assoc != nil {
		if err := s.begin(c); err != nil {
			delete(s.channels, c.id)
			return nil, &rtcerr.OperationError{Err: err}
		}
		s.pump()
	}
	return c, nil
}

func (s *Session) newChannel(p Params) *Channel {
	c := &Channel{session: s, params: p}
	c.inbox.limit = s.cfg.ReceiveQueue
	return c
}

func (s *Session) takeID() (uint16, bool) {
	return s.ids.take(s.client, s.maxChannels, func(id uint16) bool { return s.channels[id] != nil })
}

// SetRole says which DTLS role this side has, as soon as it is negotiated:
// channels get their ids (webrtc-pc §4.4.1.5). The role cannot change.
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
			s.finish(c, errors.New("no id is left"))
			continue
		}
		s.channels[c.id] = c
	}
	s.waiting = nil
}

// SetRemoteMaxMessageSize sets the largest message that the peer takes: the
// max-message-size of its description, 65536 if it has none (RFC 8841 §6.1), and
// 0 for no limit.
func (s *Session) SetRemoteMaxMessageSize(bytes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maxMessage = bytes
}

// Start runs the channels over an association that has come up. maxChannels is
// the number of streams that it has in both directions, 0 for all.
func (s *Session) Start(a Association, client bool, remoteMaxMessageSize uint64, maxChannels uint16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return &rtcerr.InvalidStateError{Err: errSessionClosed}
	}
	if s.assoc != nil {
		return &rtcerr.InvalidStateError{Err: errors.New("datachannel: the session has an association")}
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
	for id, c := range s.channels {
		if int(id) >= s.maxChannels {
			s.finish(c, fmt.Errorf("the id is %d, the association has %d streams", id, s.maxChannels))
			continue
		}
		if err := s.begin(c); err != nil {
			s.finish(c, err)
		}
	}
	s.wg.Add(1)
	go s.accept()
	s.pump()
	return nil
}

// begin opens the stream of a channel of ours and announces it as open.
// mu is held.
func (s *Session) begin(c *Channel) error {
	stream, err := s.assoc.OpenStream(c.id)
	if err != nil {
		return err
	}
	c.stream = stream
	if c.params.Negotiated {
		c.acked = true
	} else {
		c.out.messages = append(c.out.messages, outMessage{ppid: ppidDCEP, data: marshalOpen(c.params)})
		s.activate(c)
	}
	c.setReliability()
	s.wg.Add(1)
	go s.read(c)
	s.announceOpen(c)
	return nil
}

// announceOpen makes c open (webrtc-pc §6.2, announcing a data channel as open).
// The program may send at once: RFC 8832 §6 does not wait for the answer.
func (s *Session) announceOpen(c *Channel) {
	if st := c.State(); st == Closing || st == Closed {
		return
	}
	c.state.Store(int32(Open))
	c.inbox.post(func(e *Events) {
		if e.OnOpen != nil {
			e.OnOpen()
		}
	})
}

// Close ends all channels, because the association is gone or is to go. With a
// cause they are closed abruptly: OnError and OnClose follow. Without one, as
// when the whole connection is closed, no handler starts any more. The
// association has to be closed as well: Close waits for the goroutines that
// read it, but not for handlers.
func (s *Session) Close(cause error) {
	s.end(cause)
	s.wg.Wait()
}

// end is Close without the wait.
func (s *Session) end(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	silent := cause == nil
	if s.ended && !silent {
		return
	}
	s.ended, s.endCause = true, cause
	all := s.waiting
	for _, c := range s.channels {
		all = append(all, c)
	}
	s.waiting, s.ring = nil, nil
	clear(s.channels)
	for _, c := range all {
		if silent {
			c.state.Store(int32(Closed))
			c.inbox.drop(errSessionClosed)
			continue
		}
		s.finish(c, &rtcerr.RTCError{Detail: rtcerr.DetailSCTPFailure, Err: cause})
	}
}
