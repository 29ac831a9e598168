package transceiver

import (
	"sync"
	"sync/atomic"
)

const (
	// payloadSize is the room of a new payload: what fits a datagram.
	payloadSize = 1500
	// payloadKept is the largest one that is used again.
	payloadKept = 8192
)

// A Payload is the payload of an RTP packet that several streams send, and keep
// for as long as it may be asked for again. It is counted by its users: the last
// Release gives its memory to another one. Its bytes never change.
type Payload struct {
	b    []byte
	refs atomic.Int32
}

var payloads = sync.Pool{New: func() any { return &Payload{b: make([]byte, 0, payloadSize)} }}

// noPayload is that of packets that are all padding. It is kept for good.
var noPayload = NewPayload(nil)

// NewPayload returns a payload with a copy of b, and with one user: the caller.
func NewPayload(b []byte) *Payload {
	p := payloads.Get().(*Payload)
	p.b = append(p.b[:0], b...)
	p.refs.Store(1)
	return p
}

// Bytes returns the payload, which is not to be changed, and not to be used after
// the caller's Release.
func (p *Payload) Bytes() []byte { return p.b }

// retain adds a user.
func (p *Payload) retain() { p.refs.Add(1) }

// Release takes a user away. Each user calls it once.
func (p *Payload) Release() {
	switch n := p.refs.Add(-1); {
	case n > 0:
	case n < 0:
		panic("transceiver: a payload was released once too often")
	case cap(p.b) <= payloadKept:
		payloads.Put(p)
	}
}

// A sendBuffer is where a packet is put together and sealed.
type sendBuffer struct{ b []byte }

var sendBuffers = sync.Pool{New: func() any { return &sendBuffer{make([]byte, 0, payloadSize+256)} }}

func (b *sendBuffer) release() {
	if cap(b.b) <= payloadKept {
		sendBuffers.Put(b)
	}
}
