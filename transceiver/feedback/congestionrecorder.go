package feedback

import (
	"slices"
	"time"
)

const (
	maxCongestionWindow  = 1 << 12
	maxCongestionStreams = 1024
	// maxCongestionGap bounds what one packet can make the feedback grow by: each
	// number of a gap takes two bytes there.
	maxCongestionGap = 1 << 10
)

// CongestionRecorder turns arrivals into RFC 8888 feedback, stream by stream. It
// is not safe for concurrent use.
//
// Feedback follows the first unreported arrival by the interval, or comes at
// once when many wait. At most 4096 sequence numbers of each of at most 1024
// streams are remembered.
type CongestionRecorder struct {
	interval time.Duration
	epoch    time.Time
	deadline time.Time
	fresh    int // arrivals since all was reported
	streams  map[uint32]*congestionStream
	// news are the streams that have something to report, in the order in which
	// it came.
	news   []*congestionStream
	report CongestionFeedback // its slices are used again
}

type congestionStream struct {
	ssrc   uint32
	window window
	listed bool // in news

	// counted is the first sequence number whose loss was not counted yet.
	counted         int64
	lost, recovered uint64
}

// NewCongestionRecorder returns a recorder with the given interval, which is
// [DefaultInterval] for 0.
func NewCongestionRecorder(interval time.Duration) *CongestionRecorder {
	if interval <= 0 {
		interval = DefaultInterval
	}
	return &CongestionRecorder{interval: interval, streams: map[uint32]*congestionStream{}}
}

// Record notes that a packet arrived with the marking ecn, the two bits of its
// IP header.
func (r *CongestionRecorder) Record(ssrc uint32, sequence uint16, ecn uint8, now time.Time) {
	if r.epoch.IsZero() {
		r.epoch = now
	}
	s := r.streams[ssrc]
	if s == nil {
		if len(r.streams) >= maxCongestionStreams {
			return
		}
		s = &congestionStream{ssrc: ssrc, window: window{limit: maxCongestionWindow, gap: maxCongestionGap}}
		r.streams[ssrc] = s
	}
	late := s.window.reportedLost(sequence)
	if !s.window.record(sequence, arrivedAt(int64(now.Sub(r.epoch)), ecn)) {
		return
	}
	if late {
		s.recovered++
	}
	if s.counted > s.window.highest+1 {
		s.counted = s.window.next // the numbers have begun anew
	}
	if !s.listed {
		s.listed = true
		r.news = append(r.news, s)
	}
	if r.deadline.IsZero() {
		r.deadline = now.Add(r.interval)
	}
	if r.fresh++; r.fresh >= hurry && now.Before(r.deadline) {
		r.deadline = now
	}
}

// Forget drops what is remembered of a stream that has ended.
func (r *CongestionRecorder) Forget(ssrc uint32) {
	s := r.streams[ssrc]
	if s == nil {
		return
	}
	delete(r.streams, ssrc)
	r.news = slices.DeleteFunc(r.news, func(o *congestionStream) bool { return o == s })
	if len(r.news) == 0 {
		r.deadline, r.fresh = time.Time{}, 0
	}
}

// Lost returns how many packets of a stream were reported as lost, each once, and
// how many of these came after all.
func (r *CongestionRecorder) Lost(ssrc uint32) (lost, recovered uint64) {
	if s := r.streams[ssrc]; s != nil {
		return s.lost, s.recovered
	}
	return 0, 0
}

// NextTimeout returns when feedback is due, zero if there is nothing to report.
func (r *CongestionRecorder) NextTimeout() time.Time { return r.deadline }

// Due reports whether feedback is due.
func (r *CongestionRecorder) Due(now time.Time) bool {
	return !r.deadline.IsZero() && !now.Before(r.deadline)
}

// Append appends one feedback packet of at most limit bytes ([MinFeedbackSize]
// or more) to dst, due or not; false, and dst, if all is reported. Call it
// until then. Its timestamp is now, on the wall clock.
func (r *CongestionRecorder) Append(dst []byte, limit int, sender uint32, now time.Time) ([]byte, bool) {
	f := &r.report
	room := limit - headerSize - 4 - congestionTrailer - reportHeader
	if len(r.news) == 0 || room < metricsSize(1) {
		return dst, false
	}
	f.Sender, f.Timestamp = sender, MiddleNTP(now)
	// Reports refer to the metrics, which must not move while they are made.
	f.Reports, f.metrics = f.Reports[:0], slices.Grow(f.metrics[:0], room/2)
	elapsed := now.Sub(r.epoch)
	done := 0
	for _, s := range r.news {
		n := min(s.window.pending(), room/4*2)
		if n <= 0 {
			break
		}
		start := len(f.metrics)
		first := s.window.next
		for ; s.window.next < first+int64(n); s.window.next++ {
			m := Metric(0)
			if a := *s.window.slot(s.window.next); a != missing {
				m = Arrived(elapsed-time.Duration(a.at()), a.ecn())
			} else if s.window.next >= s.counted {
				s.lost++
			}
			f.metrics = append(f.metrics, m)
		}
		s.counted = max(s.counted, s.window.next)
		f.Reports = append(f.Reports, CongestionReport{SSRC: s.ssrc, Begin: uint16(first), Metrics: f.metrics[start:]})
		room -= metricsSize(n) + reportHeader
		if s.window.pending() > 0 {
			break
		}
		s.listed = false
		done++
	}
	r.news = slices.Delete(r.news, 0, done)
	if len(r.news) == 0 {
		r.deadline, r.fresh = time.Time{}, 0
	}
	out, err := f.Append(dst)
	return out, err == nil
}
