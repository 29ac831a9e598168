package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

const (
	// keyFrameInterval is how long a request for a key frame stands for those
	// that follow, at least and while the round-trip time is not known.
	keyFrameInterval = 100 * time.Millisecond
	// maxRTT is the longest round-trip time that is believed: a clock that was
	// set makes longer ones.
	maxRTT = time.Minute
)

// keyRequests is what a stream knows of requests for key frames.
type keyRequests struct {
	last time.Time // when one was passed on

	// The newest full intra request: who made it, and its sequence number.
	from    uint32
	number  uint8
	numbers bool
}

// reported takes a report block about the stream and returns the round-trip time
// that it measures.
func (st *SendStream) reported(now time.Time, b *feedback.ReportBlock) (time.Duration, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	r := &st.counts.Remote
	r.Time, r.Lost, r.FractionLost = now, b.TotalLost, float64(b.FractionLost)/256
	if clock := time.Duration(st.numbers.clock); clock > 0 {
		r.Jitter = time.Duration(b.Jitter) * time.Second / clock
	}
	r.Received = st.arrived(b)
	st.marks.acknowledge(now, uint16(b.HighestSequence))
	rtt, ok := feedback.RTT(now, b.LastReport, b.Delay)
	if !ok || rtt > maxRTT {
		return 0, false
	}
	st.history.measured(rtt)
	r.RTT = rtt
	r.TotalRTT += rtt
	r.Measurements++
	return rtt, true
}

// pictureLost takes a PLI and reports whether it is to be passed on.
func (st *SendStream) pictureLost(now time.Time, rtt time.Duration) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.counts.Plis++
	return st.keyFrameWanted(now, rtt)
}

// intraRequested takes a full intra request and reports whether it is to be
// passed on. RFC 5104 §4.3.1.2: a request that has the sequence number of the one
// before is the same one, repeated.
func (st *SendStream) intraRequested(now time.Time, rtt time.Duration, from uint32, number uint8) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.counts.Firs++
	k := &st.key
	if k.numbers && k.from == from && k.number == number {
		return false
	}
	k.numbers, k.from, k.number = true, from, number
	return st.keyFrameWanted(now, rtt)
}

func (st *SendStream) keyFrameWanted(now time.Time, rtt time.Duration) bool {
	st.marks.announce()
	k := &st.key
	if st.closed || !k.last.IsZero() && now.Sub(k.last) < max(rtt, keyFrameInterval) {
		return false
	}
	k.last = now
	return true
}

// estimated takes the peer's estimate of its bandwidth.
func (st *SendStream) estimated(bps uint64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.counts.Remote.Bitrate = bps
}

// tell gives the program a packet about the stream.
func (st *SendStream) tell(raw []byte) {
	if st.events.OnRTCP != nil {
		st.events.OnRTCP(raw)
	}
}

func (st *SendStream) wantKeyFrame() {
	if st.events.OnKeyFrameRequest != nil {
		st.events.OnKeyFrameRequest()
	}
}
