package transceiver

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// A sendHalf is what a session sends: its streams, and the RTCP of both halves.
// It has no lock in common with the receiving half, which calls it; what it calls
// of the session is its configuration, RTT and noteRTT.
type sendHalf struct {
	s      *Session
	sealer atomic.Pointer[srtptransport.Sealer]
	// streams has every stream under its SSRC and, if it has one, under that of
	// its retransmissions. The map is replaced, never changed.
	streams atomic.Pointer[map[uint32]*SendStream]
	// transport is the transport-wide sequence number of the last packet.
	transport atomic.Uint32
	reports   reportClock
	// congestionReceived counts packets of RFC 8888 feedback.
	congestionReceived atomic.Uint64

	mu sync.Mutex // guards what follows; may be held to lock a stream, not the other way round
	// order has the streams in the order of their making.
	order  []*SendStream
	closed bool
	// own is the SSRC of reports and feedback while there is no stream, playing
	// the streams that play tones.
	own     uint32
	playing []*SendStream
}

// sendSSRCs are the sources of a stream; rtx is 0 without retransmissions.
type sendSSRCs struct{ media, rtx uint32 }

func (s sendSSRCs) appendTo(dst []uint32) []uint32 {
	for _, ssrc := range [...]uint32{s.media, s.rtx} {
		if ssrc != 0 {
			dst = append(dst, ssrc)
		}
	}
	return dst
}

// init makes the half of a new session.
func (o *sendHalf) init(s *Session) {
	o.s = s
	o.own = s.cfg.Rand()
	o.streams.Store(&map[uint32]*SendStream{})
}

// setSealer gives the half the keys. Packets that come before it are dropped, and
// who has other keys than before has no use for what was sent with those.
func (o *sendHalf) setSealer(sealer *srtptransport.Sealer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.sealer.Store(sealer)
	for _, st := range o.order {
		st.forgetHistory()
	}
}

// stream returns the stream that sends with an SSRC, its own or that of its
// retransmissions, or nil.
func (o *sendHalf) stream(ssrc uint32) *SendStream { return (*o.streams.Load())[ssrc] }

// ssrc returns the SSRC that reports, feedback and requests are sent with: that
// of the oldest stream, or one of its own.
func (o *sendHalf) ssrc() uint32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ssrcLocked()
}

func (o *sendHalf) ssrcLocked() uint32 {
	if len(o.order) > 0 {
		return o.order[0].SSRC()
	}
	return o.own
}

func (o *sendHalf) add(st *SendStream, c SendConfig) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, after := st.configure(c)
	if o.closed {
		st.end()
		return
	}
	o.order = append(o.order, st)
	o.register(st, sendSSRCs{}, after)
}

func (o *sendHalf) configure(st *SendStream, c SendConfig) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, after := st.configure(c)
	if slices.Contains(o.order, st) {
		o.register(st, before, after)
	}
}

// register puts a stream under its SSRCs and takes it from those that it had.
func (o *sendHalf) register(st *SendStream, before, after sendSSRCs) {
	if before == after {
		return
	}
	m := maps.Clone(*o.streams.Load())
	for _, ssrc := range before.appendTo(nil) {
		if m[ssrc] == st {
			delete(m, ssrc)
			o.forget(ssrc)
		}
	}
	for _, ssrc := range after.appendTo(nil) {
		m[ssrc] = st
	}
	o.streams.Store(&m)
}

func (o *sendHalf) forget(ssrc uint32) {
	if sealer := o.sealer.Load(); sealer != nil {
		sealer.Forget(ssrc)
	}
}

// remove ends a stream and tells the peer.
func (o *sendHalf) remove(now time.Time, st *SendStream) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.Index(o.order, st)
	if i < 0 {
		return
	}
	sources, sent := st.end()
	if sent {
		o.goodbye(now, sources.appendTo(nil))
	}
	o.order = slices.Delete(o.order, i, i+1)
	o.reports.removed(i)
	o.register(st, sources, sendSSRCs{})
}

// pause ends a stream for now and tells the peer.
func (o *sendHalf) pause(now time.Time, st *SendStream) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if sources, sent := st.pause(); sent && !o.closed {
		o.goodbye(now, sources.appendTo(nil))
	}
}

// close says goodbye for all streams and closes them.
func (o *sendHalf) close(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.closed = true
	var leaving []uint32
	for _, st := range o.order {
		if sources, sent := st.end(); sent {
			leaving = sources.appendTo(leaving)
		}
	}
	const perPacket = 200 // fits a datagram
	for part := range slices.Chunk(leaving, perPacket) {
		o.goodbye(now, part)
	}
	for _, ssrc := range leaving {
		o.forget(ssrc)
	}
	o.order, o.playing = nil, nil
	o.streams.Store(&map[uint32]*SendStream{})
	o.reports.stop()
	o.sealer.Store(nil)
}

// goodbye says that sources of ours leave. RFC 3550 §6.1: a compound begins with
// a report and has the canonical name; §6.3.7: who never sent anything says
// nothing, which is the caller's to know.
func (o *sendHalf) goodbye(now time.Time, sources []uint32) {
	report := feedback.ReceiverReport{SSRC: sources[0]}
	b := feedback.AppendCNAME(report.Append(nil), sources[0], o.s.cfg.CNAME)
	_ = o.sendRTCP(now, (&feedback.Goodbye{Sources: sources}).Append(b)) // there is nobody to tell
}

// ErrNoKeys is returned for RTCP before the session has keys, and when it has been
// closed. It matches net.ErrClosed.
var ErrNoKeys = fmt.Errorf("transceiver: the session has no keys, yet or any more: %w", net.ErrClosed)

// sendRTCP protects a compound and sends it. The bytes stay the caller's. Without
// keys it is dropped, and the error is ErrNoKeys.
func (o *sendHalf) sendRTCP(_ time.Time, compound []byte) error {
	sealer := o.sealer.Load()
	if sealer == nil {
		return ErrNoKeys
	}
	buf := sendBuffers.Get().(*sendBuffer)
	defer buf.release()
	buf.b = slices.Grow(append(buf.b[:0], compound...), srtptransport.Overhead)
	sealed, err := sealer.SealRTCP(buf.b)
	if err != nil {
		return err
	}
	return o.s.cfg.Send([][]byte{sealed})
}

// nextTimeout returns when handleTimeout is to be called or reportsDue asked, the
// zero time for never.
func (o *sendHalf) nextTimeout() time.Time {
	next := o.reports.next()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, st := range o.playing {
		if at := st.nextTone(); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// handleTimeout does what is due but for reports: see reportsDue. Handlers are
// called before it returns.
func (o *sendHalf) handleTimeout(now time.Time) {
	o.mu.Lock()
	playing := slices.Clone(o.playing)
	o.mu.Unlock()
	for _, st := range playing {
		st.playTones(now)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.playing = slices.DeleteFunc(o.playing, func(st *SendStream) bool { return st.nextTone().IsZero() })
}

// plays makes handleTimeout look after the tones of a stream.
func (o *sendHalf) plays(st *SendStream) {
	o.mu.Lock()
	if !o.closed && !slices.Contains(o.playing, st) {
		o.playing = append(o.playing, st)
	}
	o.mu.Unlock()
	o.s.cfg.Wake()
}
