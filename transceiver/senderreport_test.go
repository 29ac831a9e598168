package transceiver

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// RFC 3550 §6.4.1: a report's NTP and RTP timestamps are one instant on two
// clocks.
func TestSenderReportsMapTheClocks(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	w.after(time.Hour)
	for n := range uint16(3) {
		w.write(st, rtpHeaderOf(96, n, 5000+3000*uint32(n/2)), "four")
		w.after(100 * time.Millisecond)
	}
	w.nack(1)
	w.after(time.Second)
	var sr feedback.SenderReport
	compounds := w.runReports(feedback.ReportBlock{SSRC: 5, TotalLost: 3})
	if len(compounds) != 1 || !slices.Equal(kinds(compounds[0]), []feedback.Kind{feedback.KindSenderReport, feedback.KindDescription}) {
		t.Fatalf("compounds %x", compounds)
	}
	find(t, compounds[0], feedback.KindSenderReport, &sr)
	// The last frame's packet left 1.1 s ago, with timestamp 8000.
	if sr.SSRC != videoSSRC || sr.NTP != feedback.NTP(w.now) || sr.RTPTime != 8000+99000 || sr.Packets != 3 || sr.Octets != 12 ||
		len(sr.Reports) != 1 || sr.Reports[0].TotalLost != 3 {
		t.Errorf("%+v", sr)
	}
	var d feedback.Description
	find(t, compounds[0], feedback.KindDescription, &d)
	if len(d.Items) != 1 || d.Items[0].SSRC != videoSSRC || string(d.Items[0].Text) != "cname" {
		t.Errorf("%+v", d)
	}
}

func TestDescriptionsHaveMidAndRid(t *testing.T) {
	w := newSendWorld(t)
	c := videoConfig()
	c.Mid, c.RID, c.Extensions = "m", "r", allExtensions
	st := w.s.NewSendStream(c, SendEvents{})
	w.write(st, rtpHeaderOf(96, 1, 0), "x")
	w.after(time.Second)
	var d feedback.Description
	find(t, w.runReports()[0], feedback.KindDescription, &d)
	got := ""
	for _, i := range d.Items {
		got += fmt.Sprintf("%x %d %s;", i.SSRC, i.Type, i.Text)
	}
	if got != "11111111 1 cname;11111111 15 m;11111111 12 r;" {
		t.Error(got)
	}
}

// RFC 3550 §6.4: who sends nothing reports as a receiver; §6.3.8: who has been
// silent for two intervals, too.
func TestWhoDoesNotSendReportsAsReceiver(t *testing.T) {
	w := newSendWorld(t)
	if w.s.out.reportsDue(w.now) || !w.s.out.nextTimeout().IsZero() {
		t.Error("reports are due before the first packet")
	}
	w.s.out.armReports(w.now, true)
	if w.wakes != 1 {
		t.Errorf("%d wakes", w.wakes)
	}
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	for i, silent := range []bool{true, false, false, true, true} {
		w.now = w.s.out.nextTimeout()
		if i == 1 {
			w.write(st, rtpHeaderOf(96, 1, 0), "x")
		}
		if i == 3 {
			w.after(2 * time.Second)
		}
		want := []feedback.Kind{feedback.KindSenderReport, feedback.KindDescription}
		if silent {
			want[0] = feedback.KindReceiverReport
		}
		c := w.runReports(feedback.ReportBlock{SSRC: 8})
		if len(c) != 1 || !slices.Equal(kinds(c[0]), want) {
			t.Errorf("round %d: %v, want %v", i, kinds(c[0]), want)
		}
		if silent {
			var rr feedback.ReceiverReport
			if find(t, c[0], feedback.KindReceiverReport, &rr); len(rr.Reports) != 1 || rr.SSRC != videoSSRC {
				t.Errorf("round %d: %+v", i, rr)
			}
		}
	}
}

// RFC 3550 §6.2, §6.3.1: intervals are spread evenly, so that no two endpoints
// keep step.
func TestReportIntervals(t *testing.T) {
	for _, c := range []struct {
		video    bool
		least    time.Duration
		most     time.Duration
		measured time.Duration
	}{
		{true, 410 * time.Millisecond, 1232 * time.Millisecond, 821 * time.Millisecond},
		{false, 1641 * time.Millisecond, 4925 * time.Millisecond, 3283 * time.Millisecond},
	} {
		w := newSendWorld(t)
		w.s.out.armReports(w.now, c.video)
		if d := w.s.out.nextTimeout().Sub(w.now); d < c.least/2 || d > c.most/2 {
			t.Errorf("the first report after %v", d)
		}
		const rounds = 2000
		w.now = w.s.out.nextTimeout()
		start := w.now
		for range rounds {
			if n := len(w.runReports()); n != 1 {
				t.Fatalf("%d compounds", n)
			}
			next := w.s.out.nextTimeout()
			if d := next.Sub(w.now); d < c.least || d > c.most {
				t.Fatalf("video %v: the next report after %v", c.video, d)
			}
			w.now = next
		}
		if mean := w.now.Sub(start) / rounds; math.Abs(float64(mean-c.measured)) > float64(c.measured)/20 {
			t.Errorf("video %v: a report every %v", c.video, mean)
		}
	}
}

func TestVideoMakesReportsComeSooner(t *testing.T) {
	w := newSendWorld(t)
	w.s.out.armReports(w.now, false)
	w.now = w.s.out.nextTimeout()
	w.runReports()
	before := w.s.out.nextTimeout()
	w.s.out.armReports(w.now, true)
	if at := w.s.out.nextTimeout(); !at.Before(before) || w.wakes != 2 {
		t.Errorf("the next report is at %v, %d wakes", at, w.wakes)
	}
	w.s.out.armReports(w.now, true)
	w.s.out.armReports(w.now, false)
	if w.wakes != 2 {
		t.Error("the clock was started again")
	}
}

// A hundred senders report in compounds that fit datagrams, each once.
func TestManySendersReportInSeveralCompounds(t *testing.T) {
	w := newSendWorld(t)
	var first *SendStream
	for i := range uint32(100) {
		c := videoConfig()
		c.SSRC, c.RTXSSRC = 1000+i, 2000+i
		st := w.s.NewSendStream(c, SendEvents{})
		w.write(st, rtpHeaderOf(96, 1, 0), "x")
		if first == nil {
			first = st
		}
	}
	w.after(time.Second)
	blocks := make([]feedback.ReportBlock, 31)
	seen := map[uint32]int{}
	for i := 0; w.s.out.reportsDue(w.now); i++ {
		b := w.s.out.appendReports(nil, w.now, blocks)
		blocks = nil
		if len(b) > 1200 {
			t.Errorf("compound %d has %d bytes", i, len(b))
		}
		r := feedback.NewReader(b)
		for p, ok := r.Next(); ok; p, ok = r.Next() {
			if p.Is(feedback.KindSenderReport) {
				seen[p.Sender()]++
			}
		}
		if i == 1 {
			first.Close(w.now)
		}
	}
	for i := range uint32(100) {
		if seen[1000+i] != 1 {
			t.Errorf("sender %d reported %d times", i, seen[1000+i])
		}
	}
	// Outside of a round there are receiver reports for more blocks.
	if got := kinds(w.s.out.appendReports(nil, w.now, make([]feedback.ReportBlock, 3))); got[0] != feedback.KindReceiverReport {
		t.Errorf("got %v", got)
	}
}

// RFC 3550 §6.3.7, §6.6.
func TestGoodbyes(t *testing.T) {
	w := newSendWorld(t)
	a := w.s.NewSendStream(videoConfig(), SendEvents{})
	b := w.s.NewSendStream(audioConfig(), SendEvents{})
	c := videoConfig()
	c.SSRC, c.RTXSSRC = 5, 0
	silent := w.s.NewSendStream(c, SendEvents{})
	w.write(a, rtpHeaderOf(96, 1, 0), "x")
	w.write(b, rtpHeaderOf(111, 1, 0), "x")
	wantBye := func(why string, sources ...uint32) {
		t.Helper()
		if len(w.rtcp) != 1 {
			t.Fatalf("%s: %d compounds", why, len(w.rtcp))
		}
		var bye feedback.Goodbye
		find(t, w.rtcp[0], feedback.KindGoodbye, &bye)
		if got := kinds(w.rtcp[0]); !slices.Equal(bye.Sources, sources) || got[0] != feedback.KindReceiverReport || got[1] != feedback.KindDescription {
			t.Errorf("%s: %v leave in %v, want %v", why, bye.Sources, got, sources)
		}
		w.rtcp = nil
	}
	silent.Close(w.now)
	if len(w.rtcp) != 0 {
		t.Error("who never sent says goodbye")
	}
	a.Close(w.now)
	wantBye("a stream was closed", videoSSRC, videoRTX)
	w.s.out.close(w.now)
	wantBye("the session was closed", audioSSRC)
	if err := newKeylessWorld(t).s.out.sendRTCP(w.now, nil); err != ErrNoKeys {
		t.Errorf("RTCP without keys: %v", err)
	}
}
