package feedback

import (
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

func TestMetric(t *testing.T) {
	const unit = time.Second / 1024
	for _, c := range []struct {
		before time.Duration
		ecn    uint8
		want   Metric
	}{
		{0, 0, 0x8000},
		{unit, 1, 0xA001},
		{unit/2 + 1, 2, 0xC001}, // rounded
		{unit/2 - 1000, 3, 0xE000},
		{time.Second, 3, 0xE000 | 1024},
		// RFC 8888 §3.1: 0x1FFE for a value above 8189/1024 s, 0x1FFF for an
		// arrival after the timestamp.
		{8189 * unit, 0, 0x8000 | 0x1FFD},
		{8190 * unit, 0, 0x8000 | 0x1FFE},
		{time.Hour, 0, 0x8000 | 0x1FFE},
		{1 << 62, 0, 0x8000 | 0x1FFE},
		{-1, 0, 0x8000 | 0x1FFF},
	} {
		got := Arrived(c.before, c.ecn)
		if got != c.want || !got.Received() || got.ECN() != c.ecn {
			t.Errorf("%v before, ECN %d: %04x, want %04x", c.before, c.ecn, uint16(got), uint16(c.want))
		}
		before, ok := got.Before()
		if known := c.before >= 0 && c.before <= 8189*unit; ok != known || ok && (before-c.before).Abs() > unit/2+1 {
			t.Errorf("%v before is read as %v, %v", c.before, before, ok)
		}
	}
	if m := Metric(0x6123); m.Received() || m.ECN() != 0 {
		t.Error("a packet that has not arrived has a marking")
	}
	if _, ok := Metric(0).Before(); ok {
		t.Error("a packet that has not arrived has a time")
	}
}

func TestCongestionFeedback(t *testing.T) {
	want := CongestionFeedback{Sender: 1, Timestamp: 0x01020304, Reports: []CongestionReport{
		{SSRC: 2, Begin: 65535, Metrics: []Metric{0x8000, 0, 0xE005}},
		{SSRC: 3, Begin: 5},
		{SSRC: 4, Begin: 9, Metrics: []Metric{0xA001, 0xC002}},
	}}
	b, err := want.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got CongestionFeedback
	for range 2 { // the second time into slices that are there
		if err := got.Parse(only(t, b)); err != nil || got.Sender != 1 || got.Timestamp != want.Timestamp || len(got.Reports) != 3 {
			t.Fatalf("error %v, got %+v", err, got)
		}
		for i, r := range got.Reports {
			if w := want.Reports[i]; r.SSRC != w.SSRC || r.Begin != w.Begin || !slices.Equal(r.Metrics, w.Metrics) {
				t.Errorf("report %d: %+v, want %+v", i, r, w)
			}
		}
	}
	other := asPion[*rtcp.CCFeedbackReport](t, b)
	if other.ReportTimestamp != want.Timestamp || other.SenderSSRC != 1 || other.ReportBlocks[0].BeginSequence != 65535 {
		t.Errorf("pion/rtcp reads %+v", other)
	}
}

// TestAbsentPacketsHaveNoFields: RFC 8888 §3.1 wants the rest of a metric to be
// zero if its packet has not arrived.
func TestAbsentPacketsHaveNoFields(t *testing.T) {
	f := CongestionFeedback{Reports: []CongestionReport{{Metrics: []Metric{0x6123}}}}
	b, err := f.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Parse(only(t, b)); err != nil || f.Reports[0].Metrics[0] != 0 {
		t.Errorf("error %v, metric %x", err, f.Reports[0].Metrics[0])
	}
}

func TestCongestionFeedbackRefuses(t *testing.T) {
	f := CongestionFeedback{Reports: []CongestionReport{{Metrics: make([]Metric, MaxMetrics+1)}}}
	if b, err := f.Append([]byte{1}); err != ErrRange || len(b) != 1 {
		t.Errorf("too many packets: %v", err)
	}
	f.Reports = slices.Repeat([]CongestionReport{{Metrics: make([]Metric, MaxMetrics)}}, 8)
	if b, err := f.Append([]byte{1}); err != ErrRange || len(b) != 1 {
		t.Errorf("too long: %v", err)
	}
	for name, body := range map[string][]byte{
		"short":                   {0, 0, 0, 1, 0, 0, 0},
		"half a report":           {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9},
		"missing metrics":         {0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 1, 0, 0, 0, 9},
		"more than a quarter":     append([]byte{0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0x40, 1}, make([]byte, 1<<16)...),
		"missing padding":         {0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 3, 0, 0, 0, 0, 0, 0, 0, 9},
		"bytes behind the report": {0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9},
	} {
		got := CongestionFeedback{Sender: 77}
		if err := got.Parse(Packet{Type: TypeTransportFeedback, Count: formatCongestion, Body: body}); err != ErrMalformed || got.Sender != 77 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
