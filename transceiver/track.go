package transceiver

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// Packet is an RTP packet of a track.
type Packet struct {
	Header rtpheader.Header
	// Payload is the packet's payload without padding, Raw the whole packet. They
	// share their bytes.
	Payload, Raw []byte
	PacketInfo
}

// PacketInfo tells of a packet what its bytes do not.
type PacketInfo struct {
	// Arrival is when the packet came.
	Arrival time.Time
	// ECN is the ECN field that it came with (RFC 3168 §5).
	ECN uint8
	// Recovered says that the packet itself was late or lost: it is made of a
	// retransmission or of redundant data.
	Recovered bool
}

// A Track is the core of a TrackRemote: the packets of one encoding that a
// receiver gets, each once. Its SSRC and its codec may change under it. Its
// methods may be called from any goroutine.
type Track struct {
	receiver *Receiver
	rid      string

	announced   atomic.Bool // OnTrack has been called
	ssrc, rtx   atomic.Uint32
	payloadType atomic.Uint32
	codec       atomic.Pointer[codec.Codec] // of media
	generation  atomic.Uint64               // see stream.generation

	// turn holds one token, which the goroutine has that may read. wake holds
	// one while there may be something to read.
	turn, wake chan struct{}
	timer      *time.Timer // of who has the turn, nil before the first wait

	mu sync.Mutex // guards what follows

	queue    queue
	dropped  uint64 // packets that nobody has read in time
	late     uint64 // packets that came too late for SetOrdered
	ended    error  // not nil once the track is closed
	paused   bool   // nothing may come any more, until it may again
	deadline time.Time
	ordered  time.Duration
	next     uint64 // order of the next packet to be read, 0 for any
	sources  sources
	handler  func(*Packet)

	// owing is set while a reader is to be woken by the end of the batch.
	owing bool
	// busy is set while a goroutine calls the handler; what comes meanwhile is
	// queued for it. packet and scratch are its own then.
	busy    bool
	packet  Packet
	scratch []byte
}

func newTrack(r *Receiver, rid string) *Track {
	return &Track{
		receiver: r, rid: rid,
		turn: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		queue: newQueue(r.cfg.QueueLimit),
	}
}

// Receiver returns the receiver that the track belongs to.
func (t *Track) Receiver() *Receiver { return t.receiver }

// RID returns the identifier of the track's encoding, empty for the main track.
func (t *Track) RID() string { return t.rid }

// SSRC returns the source that the track's packets come from now, 0 if none has
// come.
func (t *Track) SSRC() uint32 { return t.ssrc.Load() }

// RTXSSRC returns the source of the track's retransmissions, 0 if it is not known.
func (t *Track) RTXSSRC() uint32 { return t.rtx.Load() }

// PayloadType returns the payload type of the newest packet, 0 if none has come.
func (t *Track) PayloadType() uint8 { return uint8(t.payloadType.Load()) }

// Codec returns the codec of the newest packet that carried media; the zero value
// if none has come.
func (t *Track) Codec() codec.Codec {
	if c := t.codec.Load(); c != nil {
		return *c
	}
	return codec.Codec{}
}

// OnPacket gives the packets of the track to f, as they come and one at a time,
// instead of keeping them for Read: on the goroutine that called HandleRTP. f must
// not block; the packet and its bytes are lent until it returns. What waits to be
// read is given to f first, before OnPacket returns. With nil, packets wait
// for Read again; a call of the former handler may still be running.
func (t *Track) OnPacket(f func(p *Packet)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended != nil {
		return
	}
	t.handler = f
	t.drain()
	if t.handler == nil {
		t.signal()
	}
}

// SetOrdered makes Read return packets in the order of their sequence numbers, and
// wait at most limit for one that is missing. With 0 they are read as they arrive.
func (t *Track) SetOrdered(limit time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ordered, t.next = max(limit, 0), 0
	t.signal()
}

// Close ends the track: what waits to be read is dropped, and reads return err,
// io.EOF if it is nil. The push handler is not called any more, but may still be
// running.
func (t *Track) Close(err error) {
	if err == nil {
		err = io.EOF
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended != nil {
		return
	}
	t.ended, t.handler = err, nil
	t.queue.clear()
	t.signal()
}

// pause has reads return io.EOF once the queue is empty, or wait again.
func (t *Track) pause(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused = on
	t.signal()
}

// deliver gives the track a packet, whose bytes are lent. order is its place
// among the others, see stream.order. The handler is called if run says that the
// calling goroutine may; then readers are not woken, but it reports whether settle
// is to be called for them once the batch has been delivered.
func (t *Track) deliver(p *Packet, l levels, order uint64, run bool) (owes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended != nil {
		return false
	}
	t.sources.hear(p, l)
	if t.handler == nil || t.busy || !run {
		return t.put(p, order, run)
	}
	t.drain()
	if t.handler == nil || t.busy {
		return t.put(p, order, run)
	}
	t.busy = true
	t.call(p)
	t.busy = false
	t.drain()
	return false
}

// put queues a packet. Readers are woken at once unless more may follow. mu is held,
// as below.
func (t *Track) put(p *Packet, order uint64, more bool) (owes bool) {
	if t.ended != nil {
		return false
	}
	t.dropped += uint64(t.queue.push(p.Raw, queued{order: order, arrival: p.Arrival, ecn: p.ECN, recovered: p.Recovered}))
	switch {
	case t.handler != nil:
	case !more:
		t.signal()
	case !t.owing:
		t.owing = true
		return true
	}
	return false
}

// settle wakes readers for what was delivered.
func (t *Track) settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owing = false
	t.signal()
}

// call calls the handler without the lock.
func (t *Track) call(p *Packet) {
	f := t.handler
	t.mu.Unlock()
	f(p)
	t.mu.Lock()
}

// drain gives the handler what waits, unless another goroutine is about it.
func (t *Track) drain() {
	if t.busy {
		return
	}
	t.busy = true
	for t.handler != nil && t.queue.count > 0 {
		e := t.queue.entry(0)
		if cap(t.scratch) < e.n {
			t.scratch = make([]byte, max(e.n, queuedBytes))
		}
		t.queue.copyOut(t.scratch[:e.n], e)
		ok := t.packet.set(t.scratch[:e.n:e.n], e.info())
		t.queue.take(0)
		if ok {
			t.call(&t.packet)
		}
	}
	t.busy = false
}

// flush is drain for who does not hold the lock.
func (t *Track) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drain()
}

// signal wakes a reader.
func (t *Track) signal() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// set makes p the packet raw; false if it is none.
func (p *Packet) set(raw []byte, i PacketInfo) bool {
	if p.Header.Parse(raw) != nil {
		return false
	}
	p.Raw, p.Payload, p.PacketInfo = raw, p.Header.Payload(raw), i
	return true
}
