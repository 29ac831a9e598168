package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// A reportClock says when reports are due.
type reportClock struct{}

// armReports starts the clock of reports with the first packet that is sent or
// received; further calls cost next to nothing. video says that it is video,
// which is reported on more often.
func (o *sendHalf) armReports(now time.Time, video bool) {}

// reportsDue reports whether appendReports is to be called and what it returns
// to be sent; once more after that, until it is false. It is the receiving half's
// HandleTimeout that does so, because a report has both halves' say.
func (o *sendHalf) reportsDue(now time.Time) bool { return false }

// appendReports appends a compound of the reports that are due: sender reports,
// or a receiver report of a session that sends nothing, with the given blocks,
// and descriptions. The compound is about 1200 bytes long at most.
func (o *sendHalf) appendReports(dst []byte, now time.Time, blocks []feedback.ReportBlock) []byte {
	return dst
}
