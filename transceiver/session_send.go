package transceiver

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// A sendHalf is what a session sends: its streams, and its RTCP of both halves.
// It has no lock in common with the receiving half, which calls it; what it calls
// of the session is its configuration and noteRTT.
type sendHalf struct {
	s      *Session
	sealer atomic.Pointer[srtptransport.Sealer]
	// streams has every stream under its SSRC and, if it has one, under that of
	// its retransmissions. The map is replaced, never changed.
	streams atomic.Pointer[map[uint32]*SendStream]
	// transport is the transport-wide sequence number of the last packet.
	transport atomic.Uint32
	reports   reportClock

	mu sync.Mutex // guards what follows, and replacing streams
	// order has the streams in the order of their making.
	order  []*SendStream
	closed bool
	// own is the SSRC of reports and feedback while there is no stream.
	own uint32
}

// init makes the half of a new session.
func (o *sendHalf) init(s *Session) {
	o.s = s
	o.own = s.cfg.Rand()
	o.streams.Store(&map[uint32]*SendStream{})
}

// setSealer gives the half the keys. Packets that come before it are dropped.
func (o *sendHalf) setSealer(sealer *srtptransport.Sealer) { o.sealer.Store(sealer) }

// stream returns the stream that sends with an SSRC, its own or that of its
// retransmissions, or nil.
func (o *sendHalf) stream(ssrc uint32) *SendStream { return (*o.streams.Load())[ssrc] }

// ssrc returns the SSRC that reports, feedback and requests are sent with: that
// of the oldest stream, or one of its own.
func (o *sendHalf) ssrc() uint32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.order) > 0 {
		return o.order[0].ssrc.Load()
	}
	return o.own
}

// register puts a stream under its SSRCs and takes it from those that it had.
func (o *sendHalf) register(st *SendStream, old, now sendSSRCs) {
	m := maps.Clone(*o.streams.Load())
	for _, ssrc := range old.list() {
		if m[ssrc] == st {
			delete(m, ssrc)
		}
	}
	for _, ssrc := range now.list() {
		m[ssrc] = st
	}
	o.streams.Store(&m)
}

// nextTimeout returns when handleTimeout is to be called, the zero time for
// never. Reports are the caller's: see armReports.
func (o *sendHalf) nextTimeout() time.Time { return time.Time{} }

// handleTimeout does what is due but for reports.
func (o *sendHalf) handleTimeout(now time.Time) {}

// handleRTCP takes one packet of a compound that has arrived: what it says of
// what was sent. Handlers are called before it returns.
func (o *sendHalf) handleRTCP(now time.Time, p feedback.Packet) {}

// sendRTCP protects a compound and sends it. The bytes stay the caller's.
func (o *sendHalf) sendRTCP(now time.Time, compound []byte) error { return nil }

// close says goodbye for all streams and closes them.
func (o *sendHalf) close(now time.Time) {}
