package feedback

import "time"

const (
	// DefaultInterval is the time between an arrival and the feedback about it
	// where no other is asked for.
	DefaultInterval = 100 * time.Millisecond
	// MinFeedbackSize is the least limit for the feedback packets of recorders.
	MinFeedbackSize = 64

	maxTransportWindow = 1 << 13
	// hurry is how many unreported arrivals make feedback due at once.
	hurry = 512
)

// TransportRecorder turns the arrivals of packets with transport-wide sequence
// numbers into feedback. It is not safe for concurrent use.
//
// Feedback follows the first unreported arrival by the interval, or comes at
// once when many wait. Each speaks of the numbers right behind those of the
// last, and goes back to repeat some when a packet arrives out of order. At
// most 8192 numbers are remembered.
type TransportRecorder struct {
	interval time.Duration
	epoch    time.Time
	window   window
	deadline time.Time
	fresh    int               // arrivals since all was reported
	report   TransportFeedback // its Arrivals are used again
}

// NewTransportRecorder returns a recorder with the given interval, which is
// [DefaultInterval] for 0.
func NewTransportRecorder(interval time.Duration) *TransportRecorder {
	if interval <= 0 {
		interval = DefaultInterval
	}
	return &TransportRecorder{interval: interval, window: window{limit: maxTransportWindow, gap: maxTransportWindow}}
}

// Record notes that the packet with a transport-wide sequence number arrived.
// Feedback shows only the first arrival of each.
func (r *TransportRecorder) Record(sequence uint16, now time.Time) {
	if r.epoch.IsZero() {
		r.epoch = now
	}
	if !r.window.record(sequence, arrivedAt(int64(now.Sub(r.epoch)), 0)) {
		return
	}
	if r.deadline.IsZero() {
		r.deadline = now.Add(r.interval)
	}
	if r.fresh++; r.fresh >= hurry && now.Before(r.deadline) {
		r.deadline = now
	}
}

// NextTimeout returns when feedback is due, zero if there is nothing to report.
func (r *TransportRecorder) NextTimeout() time.Time { return r.deadline }

// Due reports whether feedback is due.
func (r *TransportRecorder) Due(now time.Time) bool {
	return !r.deadline.IsZero() && !now.Before(r.deadline)
}

// Lost returns how many arrivals never got into feedback: those that came too
// late to be remembered, and those of which too many waited.
func (r *TransportRecorder) Lost() uint64 { return r.window.tooOld + r.window.overrun }

// Append appends one feedback packet of at most limit bytes ([MinFeedbackSize]
// or more) to dst, due or not; false, and dst, if all is reported. Call it
// until then.
func (r *TransportRecorder) Append(dst []byte, limit int, sender, media uint32) ([]byte, bool) {
	f := &r.report
	f.Sender, f.Media, f.Base, f.Arrivals = sender, media, uint16(r.window.next), f.Arrivals[:0]
	if r.window.arrivals == nil {
		return dst, false
	}
	n := r.window.next
	// An arrival takes a byte at least, so that more than limit cannot fit.
	for ; n <= r.window.highest && len(f.Arrivals) < limit; n++ {
		if a := *r.window.slot(n); a != missing {
			f.Arrivals = append(f.Arrivals, TransportArrival{Sequence: uint16(n), Ticks: a.at() / int64(TransportTick)})
		}
	}
	f.Count = uint16(n - r.window.next)
	out, written := f.appendWithin(dst, limit)
	if written == 0 {
		return dst, false
	}
	f.Number++
	last := f.Arrivals[written-1].Sequence
	r.window.next += int64(last-f.Base) + 1
	if r.window.next > r.window.highest {
		r.deadline, r.fresh = time.Time{}, 0
	}
	return out, true
}
