package webrtc

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/pion/interceptor"
)

// A trackChain is a track's way through the program's interceptors. They are bound
// when the first packet has come, so that codec and SSRC are known, and anew when
// the track's packets come from another SSRC.
type trackChain struct {
	first sync.Mutex // held while the first packet is waited for

	mu    sync.Mutex // guards what follows
	ended bool
	bound *boundChain // nil before the first packet
}

// A boundChain is what the interceptors have made of a stream.
type boundChain struct {
	info *interceptor.StreamInfo
	base *trackReader
	way  interceptor.RTPReader // which leads to base, and is base if they change nothing
}

// direct says that the interceptors change nothing.
func (c *boundChain) direct() bool { return c.way == interceptor.RTPReader(c.base) }

// A trackReader is the beginning of the chain: the track's queue, or a packet that
// is there already.
type trackReader struct {
	track *TrackRemote
	ssrc  uint32 // that the chain is bound for
	// next is a packet to be read before those of the queue, or nil.
	next atomic.Pointer[[]byte]
	// pushing says that the goroutine that reads the socket reads here, which must
	// not wait for the queue.
	pushing atomic.Bool
}

var (
	// errNothingPushed is what an interceptor gets that wants several packets to
	// make one of, where they are pushed.
	errNothingPushed = errors.New("webrtc: no other packet is being pushed")
	// errOtherSource is what an interceptor gets at the end of a stream that another
	// follows in the same track.
	errOtherSource = errors.New("webrtc: the track comes from another SSRC now")
)

// Read implements interceptor.RTPReader.
func (r *trackReader) Read(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
	if p := r.next.Swap(nil); p != nil {
		return r.give(b, *p, a)
	}
	if r.pushing.Load() {
		return 0, a, errNothingPushed
	}
	packet, _, err := r.track.core.ReadWhole(b)
	switch {
	case err != nil:
		return 0, a, err
	case r.track.isOther(packet, r.ssrc):
		packet = append([]byte(nil), packet...) // b is the interceptor's
		r.next.Store(&packet)
		return 0, a, errOtherSource
	}
	return r.give(b, packet, a)
}

func (r *trackReader) give(b, packet []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
	if len(b) < len(packet) {
		return 0, a, io.ErrShortBuffer
	}
	return copy(b, packet), a, nil
}

// isOther says whether a packet shows that the track comes from another SSRC than
// the given one. Packets of the former one may still be late.
func (t *TrackRemote) isOther(packet []byte, ssrc uint32) bool {
	got := binary.BigEndian.Uint32(packet[8:])
	return got != ssrc && got == t.core.SSRC()
}

// readThrough reads by way of the interceptors.
func (t *TrackRemote) readThrough(b []byte) (int, interceptor.Attributes, error) {
	chain, err := t.await()
	if err != nil {
		return 0, nil, err
	}
	for {
		var attributes interceptor.Attributes
		if !chain.direct() {
			attributes = interceptor.Attributes{}
		}
		n, attributes, err := chain.way.Read(b, attributes)
		if err == nil || !errors.Is(err, errOtherSource) {
			return n, attributes, err
		}
		chain = t.follow(chain, chain.base.next.Swap(nil))
	}
}

// pushThrough takes a packet by way of the interceptors to b.
func (t *TrackRemote) pushThrough(packet, b []byte) (int, error) {
	chain := t.bind()
	if t.isOther(packet, chain.base.ssrc) {
		chain = t.follow(chain, nil)
	}
	if chain.direct() {
		return copy(b, packet), nil
	}
	chain.base.next.Store(&packet)
	chain.base.pushing.Store(true)
	n, _, err := chain.way.Read(b, interceptor.Attributes{})
	chain.base.pushing.Store(false)
	chain.base.next.Store(nil)
	return n, err
}

// await returns the chain once a packet has come, which is then the next that it
// reads.
func (t *TrackRemote) await() (*boundChain, error) {
	t.chain.first.Lock()
	defer t.chain.first.Unlock()
	if t.isBound() || t.core.Codec().MimeType != "" {
		return t.bind(), nil
	}
	packet, _, err := t.core.ReadWhole(nil)
	if err != nil {
		return nil, err
	}
	chain := t.bind()
	chain.base.next.Store(&packet)
	return chain, nil
}

func (t *TrackRemote) isBound() bool {
	t.chain.mu.Lock()
	defer t.chain.mu.Unlock()
	return t.chain.bound != nil
}

// bind returns the chain and makes it if there is none.
func (t *TrackRemote) bind() *boundChain {
	c := &t.chain
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bound == nil {
		c.bound = t.newChain()
	}
	return c.bound
}

// follow binds the interceptors to the source that has taken the place of that of
// old, unless another goroutine has done so. next, which may be nil, is the next
// packet to be read.
func (t *TrackRemote) follow(old *boundChain, next *[]byte) *boundChain {
	c := &t.chain
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bound == old {
		t.leave(old)
		c.bound = t.newChain()
	}
	if next != nil {
		c.bound.base.next.Store(next)
	}
	return c.bound
}

// newChain binds the interceptors; c.mu is held.
func (t *TrackRemote) newChain() *boundChain {
	chain := &boundChain{base: &trackReader{track: t, ssrc: t.core.SSRC()}}
	chain.way = chain.base
	if !t.chain.ended {
		chain.info, chain.way = t.receiver.pc.interceptors.bindRemote(t, chain.base)
	}
	return chain
}

// unbind tells the interceptors that the track has ended. The call that ended it
// runs it, not the loop.
func (t *TrackRemote) unbind() {
	c := &t.chain
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.bound != nil {
		t.leave(c.bound)
	}
}

// leave ends a stream for the interceptors, once.
func (t *TrackRemote) leave(chain *boundChain) {
	if chain.info != nil {
		t.receiver.pc.interceptors.unbindRemote(chain.info)
		chain.info = nil
	}
}
