package sctptransport

import (
	"errors"
	"io"
	"sync"

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

// Stream is one stream of an association, in both directions. Send may be
// called by several goroutines at once, Receive by one at a time. Two values are
// equal if they are the same stream; one that was reset by the peer and is used
// again is another.
type Stream struct {
	a  *Association
	s  *sctp.Stream
	id uint16
}

// ID returns the stream identifier.
func (s Stream) ID() uint16 { return s.id }

// SetReliability says how the messages of this stream are sent from now on.
// Messages that are under way are treated by the new setting as well; those
// with the DCEP identifier are always reliable and ordered (RFC 8832 §6).
// limit is the number of retransmissions for LimitedRetransmits.
func (s Stream) SetReliability(unordered bool, r Reliability, limit uint32) {
	kind := sctp.ReliabilityTypeReliable
	if r == LimitedRetransmits {
		kind = sctp.ReliabilityTypeRexmit
	}
	s.s.SetReliabilityParams(unordered, kind, limit)
}

// Send hands a message to the engine, which copies it. data must not be empty:
// SCTP has no empty messages (RFC 9260 §3.3.1). It does not block.
func (s Stream) Send(ppid PPID, data []byte) error {
	if len(data) == 0 {
		return errors.New("sctptransport: a message has at least one byte")
	}
	if _, err := s.s.WriteSCTP(data, sctp.PayloadProtocolIdentifier(ppid)); err != nil {
		return s.a.closedError(err)
	}
	return nil
}

// Receive waits for the next message and copies it to p. If p is too short, the
// error is io.ErrShortBuffer, n is the size of the message, and the message
// stays. The error is ErrReset when the peer has reset the stream, that of
// [Association.Err] when the association has ended.
func (s Stream) Receive(p []byte) (n int, ppid PPID, err error) {
	s.a.stall.waiting.Add(1)
	n, id, err := s.s.ReadSCTP(p)
	s.a.stall.waiting.Add(-1)
	switch {
	case err == nil:
		s.a.stall.progress.Add(1)
		return n, PPID(id), nil
	case errors.Is(err, io.ErrShortBuffer):
		return n, PPID(id), err
	case errors.Is(err, io.EOF):
		return 0, 0, ErrReset
	}
	return 0, 0, s.a.closedError(err)
}

// Reading says that somebody calls Receive until stop is called, or is busy with
// what it returned. If the receive buffer is full while all who read wait, the
// association is stalled and ends.
func (s Stream) Reading() (stop func()) {
	s.a.stall.started.Add(1)
	return sync.OnceFunc(func() { s.a.stall.started.Add(-1) })
}

// Unacknowledged returns the number of bytes that the engine holds of this
// stream: those it has not sent and those the peer has not acknowledged.
func (s Stream) Unacknowledged() int { return int(s.s.BufferedAmount()) }

// Reset ends the sending side of the stream after what has been given to Send
// (RFC 6525 §5.1.2). done, if not nil, is called when the peer has performed the
// reset, on the goroutine that reads packets; it must not block. It is not
// called if the association ends before. Reset is called once for a stream.
func (s Stream) Reset(done func()) {
	s.a.resets.add(resetRequest{id: s.id, start: s.s.Close, done: done})
}
