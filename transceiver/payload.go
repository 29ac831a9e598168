package transceiver

import (
	"slices"
	"sync"
	"sync/atomic"
)

// payloadSizes are the rooms of payloads, in bytes: a frame of speech, one of music, a
// datagram, and what no path carries in one piece. As long as a payload may be asked
// for again it takes no more than it must.
var payloadSizes = [...]int{192, 512, 1536, 8192}

// payloads has a pool for each of the sizes.
var payloads [len(payloadSizes)]sync.Pool

// A Payload is the payload of an RTP packet that several streams send, and keep
// for as long as it may be asked for again. It is counted by its users: the last
// Release gives its memory to another one. Its bytes never change.
type Payload struct {
	b    []byte
	refs atomic.Int32
}

// noPayload is that of packets that are all padding. It is kept for good.
var noPayload = NewPayload(nil)

// NewPayload returns a payload with a copy of b, and with one user: the caller.
func NewPayload(b []byte) *Payload {
	p := payloadFor(len(b))
	p.b = append(p.b[:0], b...)
	p.refs.Store(1)
	return p
}

func payloadFor(n int) *Payload {
	for i, size := range payloadSizes {
		if n > size {
			continue
		}
		if p, ok := payloads[i].Get().(*Payload); ok {
			return p
		}
		return &Payload{b: make([]byte, 0, size)}
	}
	return &Payload{}
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
	default:
		if i := slices.Index(payloadSizes[:], cap(p.b)); i >= 0 {
			payloads[i].Put(p)
		}
	}
}

const (
	// sendBufferSize is the room of a new buffer: what fits a datagram, and more.
	sendBufferSize = 1756
	// sendBufferKept is the largest one that is used again.
	sendBufferKept = 8192
)

// A sendBuffer is where a packet is put together and sealed.
type sendBuffer struct{ b []byte }

var sendBuffers = sync.Pool{New: func() any { return &sendBuffer{make([]byte, 0, sendBufferSize)} }}

func (b *sendBuffer) release() {
	if cap(b.b) <= sendBufferKept {
		sendBuffers.Put(b)
	}
}
