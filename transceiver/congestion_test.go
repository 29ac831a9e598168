package transceiver

import (
	"testing"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// RFC 8888 §3.1: reports may overlap. webrtc-stats: each packet counts once, and one
// that was reported as lost is recovered by a later report.
func TestCongestionFeedbackIsCountedOnce(t *testing.T) {
	ect1, ce, plain, lost := feedback.Arrived(0, 1), feedback.Arrived(0, 3), feedback.Arrived(0, 0), feedback.Metric(0)
	var tally congestionTally
	want := func(why string, ect1, ce, lost, recovered uint64) {
		t.Helper()
		if tally.ect1 != ect1 || tally.ce != ce || tally.lost != lost || tally.recovered != recovered {
			t.Errorf("%s: ECT(1) %d, CE %d, lost %d, recovered %d; want %d, %d, %d, %d",
				why, tally.ect1, tally.ce, tally.lost, tally.recovered, ect1, ce, lost, recovered)
		}
	}
	report := func(begin uint16, m ...feedback.Metric) {
		tally.take(&feedback.CongestionReport{SSRC: 1, Begin: begin, Metrics: m})
	}
	report(65534, ect1, lost, ce, lost)
	want("the first report", 1, 1, 2, 0)
	report(65534, ect1, lost, ce, lost)
	want("the same again", 1, 1, 2, 0)
	report(65535, ect1, ce, plain, lost)
	want("what was late", 2, 1, 3, 2)
	report(30000, plain)
	report(65535, ect1)
	want("what was forgotten", 2, 1, 3, 2)
	report(30000)
	report(29999, ce)
	want("a late one", 2, 2, 3, 2)
}
