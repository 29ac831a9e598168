package sctptransport

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/pion/sctp"
)

// streams are the streams of an association that have not been reset by the peer.
//
// The engine tells nobody that something has come on a stream, and its readers
// wait. Two properties of it make goroutines that wait superfluous: a stream
// whose read deadline has passed hands over what it has and waits no more, and
// OpenStream makes a stream before the peer uses it, so that the engine does not
// keep it for AcceptStream. What each packet is for shows in its chunks.
type streams struct {
	accept atomic.Pointer[func(*Stream)] // nil before Start
	// delivering is held while the reader of a stream is told, by Start or by the
	// goroutine that reads packets: one at a time, in order.
	delivering sync.Mutex

	mu sync.Mutex
	// all below is guarded by mu

	byID  map[uint16]*Stream
	early []uint16 // ids that the peer used before Dial returned
}

// OpenStream returns the stream with the given id, which must be less than
// MaxStreams. No packet is sent: a stream exists for the peer when something
// is sent on it.
func (a *Association) OpenStream(id uint16) (*Stream, error) {
	if id >= MaxStreams {
		return nil, fmt.Errorf("sctptransport: stream id is %d, the largest is %d", id, MaxStreams-1)
	}
	return a.stream(id)
}

// stream returns the stream that the engine has under the id, and makes one if
// there is none.
func (a *Association) stream(id uint16) (*Stream, error) {
	t := &a.streams
	t.mu.Lock()
	defer t.mu.Unlock()
	engine, err := a.engine.OpenStream(id, sctp.PayloadTypeUnknown)
	if err != nil {
		return nil, a.closedError(err)
	}
	if s := t.byID[id]; s != nil && s.s == engine {
		return s, nil
	}
	s := &Stream{a: a, s: engine, id: id}
	if t.byID == nil {
		t.byID = map[uint16]*Stream{}
	}
	t.byID[id] = s
	return s, nil
}

// known returns the stream with the given id, or nil.
func (t *streams) known(id uint16) *Stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byID[id]
}

// forget drops a stream that the peer has reset.
func (t *streams) forget(s *Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byID[s.id] == s {
		delete(t.byID, s.id)
	}
}

// Start says who is told what the peer does: accept, of each stream that the peer
// uses and nobody reads yet, in which it calls OnReadable; ended, once, of the end
// of the association, unless that is by Close or Abort. accept is called on the
// goroutine that reads packets, or that calls Start for streams that the peer has
// used before; ended on one of its own. Neither may block, nor call Close or
// Abort. Start is called once.
func (a *Association) Start(accept func(*Stream), ended func(error)) {
	t := &a.streams
	t.mu.Lock()
	early := t.early
	t.early = nil
	t.mu.Unlock()
	for _, id := range early {
		if s, err := a.stream(id); err == nil {
			s.announce()
		}
	}
	t.accept.Store(&accept)
	t.mu.Lock()
	var waiting []*Stream
	for _, s := range t.byID {
		if s.unread.Load() {
			waiting = append(waiting, s)
		}
	}
	t.mu.Unlock()
	for _, s := range waiting {
		a.deliver(s)
	}
	a.ending.tell(ended)
}

// deliver calls whoever reads the stream.
func (a *Association) deliver(s *Stream) {
	accept := a.streams.accept.Load()
	if accept == nil {
		return // Start does
	}
	a.streams.delivering.Lock()
	defer a.streams.delivering.Unlock()
	if s.readable.Load() == nil {
		(*accept)(s)
	}
	if f := s.readable.Load(); f != nil {
		(*f)()
	}
}
