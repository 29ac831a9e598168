package transceiver

import "github.com/parleyrtc/webrtc/transceiver/feedback"

// reportedWindow is how many sequence numbers a stream remembers reports about.
const reportedWindow = 4096

// A congestionTally counts what RFC 8888 feedback says of a stream's packets.
// Reports may repeat what others had: each packet counts once. The zero value is
// empty; it takes its memory with the first report.
type congestionTally struct {
	ect1, ce, lost, recovered uint64

	fate    []packetFate // a ring over the numbers up to highest
	highest int64
}

// packetFate is what was reported of a packet.
type packetFate uint8

const (
	notReported packetFate = iota
	reportedLost
	reportedReceived
)

// take counts a report.
func (t *congestionTally) take(r *feedback.CongestionReport) {
	if len(r.Metrics) == 0 {
		return
	}
	if t.fate == nil {
		t.fate, t.highest = make([]packetFate, reportedWindow), int64(r.Begin)-1+reportedWindow
	}
	begin := t.highest + int64(int16(r.Begin-uint16(t.highest)))
	for i, m := range r.Metrics {
		n := begin + int64(i)
		if n <= t.highest-reportedWindow {
			continue
		}
		for t.highest < n {
			t.highest++
			t.fate[t.highest%reportedWindow] = notReported
		}
		t.count(&t.fate[n%reportedWindow], m)
	}
}

func (t *congestionTally) count(fate *packetFate, m feedback.Metric) {
	switch {
	case !m.Received():
		if *fate == notReported {
			*fate = reportedLost
			t.lost++
		}
		return
	case *fate == reportedReceived:
		return
	case *fate == reportedLost:
		t.recovered++
	}
	*fate = reportedReceived
	switch m.ECN() {
	case 1: // ECT(1), RFC 3168 §5
		t.ect1++
	case 3:
		t.ce++
	}
}

// congested takes a report about the stream.
func (st *SendStream) congested(r *feedback.CongestionReport) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.congestion.take(r)
}

// congested takes a packet of RFC 8888 feedback.
func (o *sendHalf) congested(r *feedbackReader) {
	o.congestionReceived.Add(1)
	for i := range r.ccfb.Reports {
		report := &r.ccfb.Reports[i]
		if st := r.about(o.stream(report.SSRC)); st != nil && st.SSRC() == report.SSRC {
			st.congested(report)
		}
	}
}
