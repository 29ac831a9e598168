package sctptransport

import (
	"slices"
	"sync"
)

// maxBatch is the number of streams in one request: 256 bytes of ids, which fit
// every packet.
const maxBatch = 128

// resets collects the stream resets of an association and sends one request at
// a time: "there MUST NOT be more than one request in flight" (RFC 6525
// §5.1.1), to which the engine does not keep and which it does not report back.
type resets struct {
	// gate is held while a batch is handed to the engine, so that the goroutine
	// that writes packets finds all of it and makes one request of it.
	gate sync.Mutex

	mu sync.Mutex
	// all below is guarded by mu

	waiting []resetRequest          // not yet handed to the engine
	handed  map[uint16]resetRequest // handed to it and not yet performed, by stream
	current *outgoing               // the request that is in flight
	held    []*outgoing             // further ones of the engine, in order
	done    []func()                // to be called by the next idle

	lastAnswered uint32 // the last of the peer's requests that was answered for good
	lastAnswer   []byte // the packet that answered it
}

type resetRequest struct {
	id    uint16
	start func() error // makes the engine reset the stream
	done  func()       // may be nil
}

// outgoing is a request as the engine has written it.
type outgoing struct {
	number uint32
	ids    []uint16
	packet []byte
}

// add takes a reset, and starts it if none is under way.
func (r *resets) add(q resetRequest) {
	r.mu.Lock()
	r.waiting = append(r.waiting, q)
	r.mu.Unlock()
	r.flush()
}

// flush hands the waiting resets to the engine, if it is done with those before.
func (r *resets) flush() {
	r.mu.Lock()
	if len(r.handed) > 0 || len(r.waiting) == 0 {
		r.mu.Unlock()
		return
	}
	if r.handed == nil {
		r.handed = map[uint16]resetRequest{}
	}
	n := min(len(r.waiting), maxBatch)
	batch := r.waiting[:n:n]
	r.waiting = slices.Clone(r.waiting[n:])
	for _, q := range batch {
		r.handed[q.id] = q
	}
	r.mu.Unlock()

	r.gate.Lock()
	defer r.gate.Unlock()
	for _, q := range batch {
		if err := q.start(); err != nil {
			return // the association has ended
		}
	}
}

// pass waits while a batch is being handed over.
func (r *resets) pass() {
	r.gate.Lock()
	defer r.gate.Unlock()
}

// sending looks at a parameter of the engine's packet and reports whether the
// packet must not be sent now.
func (r *resets) sending(p param, packet []byte) (hold bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if number, result, ok := p.response(); ok && result != resultInProgress {
		r.lastAnswered, r.lastAnswer = number, append([]byte(nil), packet...)
	}
	number, ok := p.reset()
	if !ok || r.current != nil && r.current.number == number {
		return false
	}
	o := &outgoing{number: number, ids: p.streamIDs(), packet: append([]byte(nil), packet...)}
	if r.current == nil {
		r.current = o
		return false
	}
	if !slices.ContainsFunc(r.held, func(h *outgoing) bool { return h.number == number }) {
		r.held = append(r.held, o)
	}
	return true
}

// received looks at a parameter of the peer's: an answer ends the request in
// flight, whatever its result is. A peer that refuses will not do it later.
func (r *resets) received(p param) {
	number, result, ok := p.response()
	if !ok || result == resultInProgress {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil || r.current.number != number {
		return
	}
	for _, id := range r.current.ids {
		if q, ok := r.handed[id]; ok {
			delete(r.handed, id)
			if q.done != nil {
				r.done = append(r.done, q.done)
			}
		}
	}
	r.current = nil
}

// repeated reports whether p is a request that has been answered already.
func (r *resets) repeated(p param) bool {
	number, ok := p.reset()
	r.mu.Lock()
	defer r.mu.Unlock()
	// Serial number arithmetic (RFC 1982), as for every SCTP number.
	return ok && r.lastAnswer != nil && int32(number-r.lastAnswered) <= 0
}

func (r *resets) answer() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastAnswer
}

// idle runs what an answer has made possible: the callers' functions, the
// engine's next request, the next batch. send sends a packet.
func (r *resets) idle(send func([]byte)) {
	r.mu.Lock()
	if len(r.done) == 0 && len(r.held) == 0 {
		r.mu.Unlock()
		return
	}
	done := r.done
	r.done = nil
	var next *outgoing
	if r.current == nil && len(r.held) > 0 {
		next = r.held[0]
		r.held = r.held[1:]
		r.current = next
	}
	r.mu.Unlock()
	if next != nil {
		send(next.packet)
	}
	for _, f := range done {
		f()
	}
	r.flush()
}
