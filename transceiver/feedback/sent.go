package feedback

import "time"

const (
	minSent = 128
	maxSent = 1 << 14
	// sentRetention is how long a packet waits for feedback, within maxSent.
	sentRetention = 4 * time.Second

	transportPeriod  = 1 << (24 + referenceShift) * TransportTick // of arrival times in transport-wide feedback
	congestionPeriod = 1 << 16 * time.Second                      // of timestamps in RFC 8888 feedback
	maxSentStreams   = 1024                                       // with numbers of their own
)

// PacketResult is what feedback says of one packet that was sent.
type PacketResult struct {
	// SSRC is the stream of the packet in RFC 8888 feedback, 0 for a
	// transport-wide number.
	SSRC uint32
	// Sequence is the sequence number, extended by the count of its cycles.
	Sequence int64
	// Sent is when it left, Size how many bytes it had.
	Sent time.Time
	Size int
	// Received is false for a packet that the peer reports as missing. It may
	// arrive yet: another result says so then.
	Received bool
	// Arrival is when it arrived on the peer's clock, whose zero means nothing,
	// if HasArrival. It does not wrap.
	Arrival    time.Duration
	HasArrival bool
	// ECN is the marking that it arrived with, where the peer tells.
	ECN uint8
}

// SentCounts count packets that feedback has spoken of.
type SentCounts struct {
	// Received and Lost are packets whose last report says so.
	Received, Lost uint64
	// Congested are received ones that carried the CE mark.
	Congested uint64
	// Unreported are packets forgotten before feedback spoke of them.
	Unreported uint64
}

// SentHistory remembers packets from when they are sent until feedback tells
// what became of them. Its zero value is ready for use. It is not safe for
// concurrent use.
//
// The results are what bandwidth estimation works on.
type SentHistory struct {
	epoch     time.Time
	transport sentWindow
	streams   map[uint32]*sentWindow
	// arrivals continues the times of transport-wide feedback, timestamps those of
	// RFC 8888.
	arrivals   unwrapper
	timestamps unwrapper
	rtt        time.Duration
	counts     SentCounts
}

// sentWindow is a ring over the numbers from highest-len(packets)+1 to highest.
type sentWindow struct {
	packets []sentPacket
	highest int64
}

type sentPacket struct {
	at    int64 // nanoseconds since the epoch
	size  uint16
	state sentState
}

type sentState uint8

const (
	sentNever sentState = iota // no packet
	sentPending
	sentLost
	sentReceived
)

// Sent notes that a packet of size bytes leaves with a transport-wide sequence
// number. A number that was used before keeps its first packet.
func (h *SentHistory) Sent(sequence uint16, size int, now time.Time) {
	h.sent(&h.transport, sequence, size, now)
}

// SentBy notes that a packet of size bytes leaves, for RFC 8888 feedback, which
// names packets by their own sequence numbers.
func (h *SentHistory) SentBy(ssrc uint32, sequence uint16, size int, now time.Time) {
	w := h.streams[ssrc]
	if w == nil {
		if len(h.streams) >= maxSentStreams {
			return
		}
		if h.streams == nil {
			h.streams = map[uint32]*sentWindow{}
		}
		w = &sentWindow{}
		h.streams[ssrc] = w
	}
	h.sent(w, sequence, size, now)
}

// Forget drops what is remembered of a stream that has ended.
func (h *SentHistory) Forget(ssrc uint32) { delete(h.streams, ssrc) }

// RTT returns the newest round-trip time, 0 for none yet. That of
// transport-wide feedback contains how long the peer waited with it.
func (h *SentHistory) RTT() time.Duration { return h.rtt }

// Counts returns what feedback has said so far.
func (h *SentHistory) Counts() SentCounts { return h.counts }

func (h *SentHistory) sent(w *sentWindow, sequence uint16, size int, now time.Time) {
	if h.epoch.IsZero() {
		h.epoch = now
	}
	if w.packets == nil {
		w.packets = make([]sentPacket, minSent)
		w.highest = int64(sequence) - 1
	}
	n := w.highest + int64(int16(sequence-uint16(w.highest)))
	at := int64(now.Sub(h.epoch))
	if n <= w.highest-int64(len(w.packets)) {
		return
	}
	for w.highest < n {
		h.advance(w, at)
	}
	if p := w.slot(n); p.state == sentNever {
		*p = sentPacket{at: at, size: uint16(min(size, 1<<16-1)), state: sentPending}
	}
}

// advance makes room for the next number. It overwrites what feedback has spoken
// of, or what is old; else the ring grows.
func (h *SentHistory) advance(w *sentWindow, now int64) {
	p := w.slot(w.highest + 1)
	if p.state == sentPending && now-p.at < int64(sentRetention) && len(w.packets) < maxSent {
		old := *w
		w.packets = make([]sentPacket, 2*len(old.packets))
		for i := old.highest - int64(len(old.packets)) + 1; i <= old.highest; i++ {
			*w.slot(i) = *old.slot(i)
		}
		p = w.slot(w.highest + 1)
	}
	if p.state == sentPending {
		h.counts.Unreported++
	}
	*p = sentPacket{}
	w.highest++
}

func (w *sentWindow) slot(n int64) *sentPacket { return &w.packets[n&int64(len(w.packets)-1)] }

// find returns the packet with a sequence number and its extended number, nil
// if none is remembered.
func (w *sentWindow) find(sequence uint16) (*sentPacket, int64) {
	n := w.highest + int64(int16(sequence-uint16(w.highest)))
	if n > w.highest || n <= w.highest-int64(len(w.packets)) {
		return nil, 0
	}
	if p := w.slot(n); p.state != sentNever {
		return p, n
	}
	return nil, 0
}

// Transport appends to dst what f tells that was not known: packets of which
// feedback speaks for the first time, and late arrivals of those that were
// missing. Numbers that were not sent, or long ago, are passed over.
func (h *SentHistory) Transport(f *TransportFeedback, now time.Time, dst []PacketResult) []PacketResult {
	var shift time.Duration
	if len(f.Arrivals) > 0 {
		first := f.Arrivals[0].At()
		shift = h.arrivals.unwrap(first, transportPeriod) - first
	}
	var round roundTrip
	next := 0
	for i := range int(f.Count) {
		sequence := f.Base + uint16(i)
		r := PacketResult{}
		if next < len(f.Arrivals) && f.Arrivals[next].Sequence == sequence {
			r.Received, r.HasArrival, r.Arrival = true, true, f.Arrivals[next].At()+shift
			next++
		}
		if h.resolve(&h.transport, sequence, &r) {
			dst = append(dst, r)
			round.add(&r)
		}
	}
	if round.found {
		h.rtt = max(now.Sub(round.sent), 1)
	}
	return dst
}

// Congestion appends to dst what f tells that was not known, see
// [SentHistory.Transport].
func (h *SentHistory) Congestion(f *CongestionFeedback, now time.Time, dst []PacketResult) []PacketResult {
	timestamp := h.timestamps.unwrap(time.Duration(uint64(f.Timestamp)*uint64(time.Second)>>16), congestionPeriod)
	var round roundTrip
	for i := range f.Reports {
		report := &f.Reports[i]
		w := h.streams[report.SSRC]
		if w == nil {
			continue
		}
		for i, m := range report.Metrics {
			r := PacketResult{SSRC: report.SSRC, Received: m.Received(), ECN: m.ECN()}
			if before, ok := m.Before(); ok {
				r.Arrival, r.HasArrival = timestamp-before, true
			}
			if h.resolve(w, report.Begin+uint16(i), &r) {
				dst = append(dst, r)
				round.add(&r)
			}
		}
	}
	if round.found {
		// The peer says how long it waited.
		h.rtt = max(now.Sub(round.sent)-(timestamp-round.latest), 1)
	}
	return dst
}

// resolve completes r with what was sent under a sequence number and notes its
// fate; false if there is no such packet or r says nothing new of it.
func (h *SentHistory) resolve(w *sentWindow, sequence uint16, r *PacketResult) bool {
	p, n := w.find(sequence)
	if p == nil || p.state == sentReceived || p.state == sentLost && !r.Received {
		return false
	}
	switch {
	case !r.Received:
		p.state = sentLost
		h.counts.Lost++
	default:
		if p.state == sentLost {
			h.counts.Lost--
		}
		p.state = sentReceived
		h.counts.Received++
		if r.ECN == ecnCongestion {
			h.counts.Congested++
		}
	}
	r.Sequence, r.Size, r.Sent = n, int(p.size), h.epoch.Add(time.Duration(p.at))
	return true
}

// roundTrip finds the packet that arrived last of those in a feedback: it waited
// least for it.
type roundTrip struct {
	found  bool
	latest time.Duration // its arrival
	sent   time.Time
}

func (t *roundTrip) add(r *PacketResult) {
	if r.HasArrival && (!t.found || r.Arrival >= t.latest) {
		t.found, t.latest, t.sent = true, r.Arrival, r.Sent
	}
}

// unwrapper continues times that wrap.
type unwrapper struct {
	last    time.Duration
	started bool
}

// unwrap returns d, plus as many periods as bring it nearest to the last time.
func (u *unwrapper) unwrap(d, period time.Duration) time.Duration {
	if u.started {
		ahead := (d - u.last) % period
		switch {
		case ahead >= period/2:
			ahead -= period
		case ahead < -period/2:
			ahead += period
		}
		d = u.last + ahead
	}
	u.last, u.started = d, true
	return d
}
