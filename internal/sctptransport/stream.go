package sctptransport

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/sctp"
)

// PPID is a payload protocol identifier (RFC 9260 §3.3.1).
type PPID uint32

// Reliability says how long the engine tries to deliver a message.
type Reliability byte

const (
	// Reliable messages are sent until they arrive.
	Reliable Reliability = iota
	// LimitedRetransmits messages are sent again at most so many times
	// (RFC 7496 §3.1).
	LimitedRetransmits
)

// ErrEmpty is what Receive returns when no message is there.
var ErrEmpty = errors.New("sctptransport: no message is there")

// past is a time that has gone by.
var past = time.Unix(1, 0)

// Stream is one stream of an association, in both directions. Its methods may be
// called by several goroutines at once. One that was reset by the peer and is used
// again is another.
type Stream struct {
	a  *Association
	s  *sctp.Stream
	id uint16

	readable atomic.Pointer[func()]
	unread   atomic.Bool // something has come that Receive has not come to the end of
	over     atomic.Bool // Receive has returned ErrReset or the end of the association
	touched  bool        // it is in conn.touched

	// receiving is held by Receive. The engine tells one of several readers that
	// the deadline has passed, so that there must not be two.
	receiving sync.Mutex
	past      bool // the engine's read deadline has been set; guarded by receiving
}

// ID returns the stream identifier.
func (s *Stream) ID() uint16 { return s.id }

// SetReliability says how the messages of this stream are sent from now on.
// Messages that are under way are treated by the new setting as well; those
// with the DCEP identifier are always reliable and ordered (RFC 8832 §6).
// limit is the number of retransmissions for LimitedRetransmits.
func (s *Stream) SetReliability(unordered bool, r Reliability, limit uint32) {
	kind := sctp.ReliabilityTypeReliable
	if r == LimitedRetransmits {
		kind = sctp.ReliabilityTypeRexmit
	}
	s.s.SetReliabilityParams(unordered, kind, limit)
}

// Send hands a message to the engine, which copies it. data must not be empty:
// SCTP has no empty messages (RFC 9260 §3.3.1). It does not block.
func (s *Stream) Send(ppid PPID, data []byte) error {
	if len(data) == 0 {
		return errors.New("sctptransport: a message has at least one byte")
	}
	if _, err := s.s.WriteSCTP(data, sctp.PayloadProtocolIdentifier(ppid)); err != nil {
		return s.a.closedError(err)
	}
	return nil
}

// OnReadable sets the function that is called when something has come that
// Receive may return. It runs on the goroutine that reads packets, must not block
// and must not call Close or Abort of the association. It has to see to it that
// Receive is called, now or later, until it returns ErrEmpty: what is left holds
// the receive window.
func (s *Stream) OnReadable(f func()) { s.readable.Store(&f) }

// Receive copies the next message to p. If p is too short, the error is
// io.ErrShortBuffer, n is the size of the message, and the message stays. It is
// ErrEmpty when there is none, ErrReset when the peer has reset the stream and
// all that came before has been received, that of [Association.Err] when the
// association has ended. It does not wait.
func (s *Stream) Receive(p []byte) (n int, ppid PPID, err error) {
	s.receiving.Lock()
	defer s.receiving.Unlock()
	if !s.past {
		// It passes a little later: the first call may wait for that.
		s.past = true
		s.s.SetReadDeadline(past)
	}
	n, id, err := s.s.ReadSCTP(p)
	switch {
	case err == nil:
		s.a.stall.progress.Add(1)
		return n, PPID(id), nil
	case errors.Is(err, io.ErrShortBuffer):
		return n, PPID(id), err
	case errors.Is(err, sctp.ErrReadDeadlineExceeded):
		s.settled()
		return 0, 0, ErrEmpty
	case errors.Is(err, io.EOF):
		s.a.streams.forget(s)
		err = ErrReset
	default:
		err = s.a.closedError(err)
	}
	s.over.Store(true)
	s.settled()
	return 0, 0, err
}

// settled notes that all that had come has been received.
func (s *Stream) settled() {
	if s.unread.Swap(false) {
		s.a.stall.unread.Add(-1)
	}
}

// announce notes that something is about to come for the stream.
func (s *Stream) announce() {
	if !s.unread.Swap(true) {
		s.a.stall.unread.Add(1)
	}
}

// Unacknowledged returns the number of bytes that the engine holds of this
// stream: those it has not sent and those the peer has not acknowledged.
func (s *Stream) Unacknowledged() int { return int(s.s.BufferedAmount()) }

// Reset ends the sending side of the stream after what has been given to Send
// (RFC 6525 §5.1.2). done, if not nil, is called when the peer has performed the
// reset, on the goroutine that reads packets; it must not block. It is not
// called if the association ends before. Reset is called once for a stream.
func (s *Stream) Reset(done func()) {
	s.a.resets.add(resetRequest{id: s.id, start: s.s.Close, done: done})
}
