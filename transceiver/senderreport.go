package transceiver

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

const (
	// Intervals of reports, before randomising. RFC 3550 §6.2 recommends 5
	// seconds as the least, and lets senders go below: a second for video, as
	// bandwidth estimation and key-frame requests want to know the round-trip
	// time soon. With few participants their bandwidth is no concern. Randomised
	// they are 0.41 to 1.23 and 1.64 to 4.92 seconds.
	reportIntervalVideo = time.Second
	reportIntervalAudio = 4 * time.Second
	// reportLimit is what a compound may have for another sender to be added.
	reportLimit = 1000
)

// A reportClock says when reports are due, and which.
type reportClock struct {
	armed, video atomic.Bool

	mu sync.Mutex // guards what follows
	at time.Time  // the next round; zero before the first packet
	// running is set in the midst of a round; cursor is the next stream of it,
	// in the order of sendHalf.order.
	running bool
	cursor  int
	stopped bool
}

// interval returns the time until the next round. RFC 3550 §6.2: it is "varied
// randomly over the range [0.5,1.5] times the calculated interval"; §6.3.1: and
// divided by e-3/2, for what timer reconsideration would do to it.
func (c *reportClock) interval(random uint32) time.Duration {
	return time.Duration(float64(c.calculated()) * (0.5 + float64(random)/(1<<32)) / 1.21828)
}

func (c *reportClock) calculated() time.Duration {
	if c.video.Load() {
		return reportIntervalVideo
	}
	return reportIntervalAudio
}

func (c *reportClock) next() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *reportClock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.running, c.stopped = time.Time{}, false, true
}

// removed takes note that stream i is no more.
func (c *reportClock) removed(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i < c.cursor {
		c.cursor--
	}
}

// armReports starts the clock of reports with the first packet that is sent or
// received; further calls cost next to nothing. video says that it is video,
// which is reported on more often.
func (o *sendHalf) armReports(now time.Time, video bool) {
	c := &o.reports
	if c.armed.Load() && (!video || c.video.Load()) {
		return
	}
	c.mu.Lock()
	if video {
		c.video.Store(true)
	}
	c.armed.Store(true)
	earlier := false
	if !c.stopped && !c.running {
		// RFC 3550 §6.2: half the interval before the first packet.
		at := now.Add(c.interval(o.s.cfg.Rand()) / 2)
		earlier = c.at.IsZero() || at.Before(c.at)
		if earlier {
			c.at = at
		}
	}
	c.mu.Unlock()
	if earlier {
		o.s.cfg.Wake()
	}
}

// reportsDue reports whether appendReports is to be called and what it returns
// to be sent; once more after that, until it is false. It is the receiving half's
// HandleTimeout that does so, because a report has both halves' say.
func (o *sendHalf) reportsDue(now time.Time) bool {
	c := &o.reports
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running && !c.at.IsZero() && !now.Before(c.at) {
		c.running, c.cursor = true, 0
	}
	return c.running
}

// appendReports appends a compound of the reports that are due: sender reports,
// of which the first has the given blocks, or a receiver report with them if
// there is no sender, and descriptions. It is a datagram's worth if blocks are no
// more than 31. What has no room is left for the next call; after the last one
// of a round it writes receiver reports.
func (o *sendHalf) appendReports(dst []byte, now time.Time, blocks []feedback.ReportBlock) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := &o.reports
	c.mu.Lock()
	defer c.mu.Unlock()
	start := len(dst)
	var d feedback.Description
	if c.running {
		for c.cursor < len(o.order) && len(dst)-start+descriptionSize(&d) < reportLimit {
			st := o.order[c.cursor]
			c.cursor++
			report, ok := st.senderReport(now, 2*c.calculated())
			if !ok {
				continue
			}
			report.Reports, blocks = blocks, nil
			dst = report.Append(dst)
			d.Items = st.describe(d.Items, o.s.cfg.CNAME)
		}
		if c.cursor >= len(o.order) {
			c.running = false
			c.at = now.Add(c.interval(o.s.cfg.Rand()))
		}
	}
	if len(d.Items) == 0 {
		ssrc := o.ssrcLocked()
		dst = (&feedback.ReceiverReport{SSRC: ssrc, Reports: blocks}).Append(dst)
		d.Items = append(d.Items, feedback.Item{SSRC: ssrc, Type: feedback.ItemCNAME, Text: []byte(o.s.cfg.CNAME)})
	}
	return d.Append(dst)
}

// descriptionSize is about how many bytes a description takes.
func descriptionSize(d *feedback.Description) int {
	n := 0
	for i := range d.Items {
		n += 8 + len(d.Items[i].Text)
	}
	return n
}

// senderReport returns the report of a stream; false if it has not sent for so
// long that it is no sender (RFC 3550 §6.3.8: for two intervals), or never.
func (st *SendStream) senderReport(now time.Time, silence time.Duration) (feedback.SenderReport, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.history.expire(now)
	if st.lastSent.IsZero() || now.Sub(st.lastSent) > silence {
		return feedback.SenderReport{}, false
	}
	return feedback.SenderReport{
		SSRC: st.cfg.SSRC,
		// RFC 3550 §6.4.1: both are the same instant, that of the report, which
		// need not be that of a packet.
		NTP:     feedback.NTP(now),
		RTPTime: st.numbers.rtpTime(now, 0),
		Packets: uint32(st.counts.Packets),
		Octets:  uint32(st.counts.Bytes),
	}, true
}

// describe appends the description of a stream. RFC 3550 §6.5.1: CNAME is
// mandatory. RFC 9143 §15.2 and RFC 8852 §3.1 define items for mid and rid, which
// help a peer that missed the packets that had them.
func (st *SendStream) describe(items []feedback.Item, cname string) []feedback.Item {
	st.mu.Lock()
	defer st.mu.Unlock()
	items = append(items, feedback.Item{SSRC: st.cfg.SSRC, Type: feedback.ItemCNAME, Text: []byte(cname)})
	for _, x := range [...]struct {
		id   uint8
		kind uint8
		text []byte
	}{{st.marks.mid, feedback.ItemMID, st.marks.midText}, {st.marks.rid, feedback.ItemRID, st.marks.ridText}} {
		if x.id != 0 && len(x.text) > 0 {
			items = append(items, feedback.Item{SSRC: st.cfg.SSRC, Type: x.kind, Text: x.text})
		}
	}
	return items
}
