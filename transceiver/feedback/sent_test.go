package feedback

import (
	"testing"
	"time"
)

// TestSentHistory: packets go to a recorder with some loss, and what it reports
// comes back.
func TestSentHistory(t *testing.T) {
	var h SentHistory
	r := NewTransportRecorder(0)
	var results []PacketResult
	var f TransportFeedback
	lost := 0
	for i := range 200_000 {
		h.Sent(uint16(65000+i), 1000+i%100, at(i))
		if i%7 == 3 {
			lost++
		} else {
			r.Record(uint16(65000+i), at(i+40))
		}
		if !r.Due(at(i + 40)) {
			continue
		}
		for {
			b, ok := r.Append(nil, 1200, 1, 2)
			if !ok {
				break
			}
			if err := f.Parse(only(t, b)); err != nil {
				t.Fatal(err)
			}
			results = h.Transport(&f, at(i+80), results)
		}
	}
	for i, p := range results {
		if p.Sequence != int64(65000+i) || p.Size != 1000+i%100 || !p.Sent.Equal(at(i)) || p.Received != (i%7 != 3) || p.HasArrival != p.Received {
			t.Fatalf("result %d: %+v", i, p)
		}
		if p.Received && p.Arrival-results[0].Arrival != time.Duration(i)*time.Millisecond {
			t.Fatalf("result %d arrived %v after the first", i, p.Arrival-results[0].Arrival)
		}
	}
	if n := len(results); n < 199_800 {
		t.Errorf("%d results of 200000", n)
	}
	if c := h.Counts(); c.Received+c.Lost != uint64(len(results)) || c.Lost < uint64(lost)-20 || c.Unreported != 0 {
		t.Errorf("counts %+v", c)
	}
	if h.RTT() != 80*time.Millisecond {
		t.Errorf("RTT %v, want 80ms", h.RTT())
	}
	if len(h.transport.packets) > 512 {
		t.Errorf("%d packets are remembered for 140 ms of them", len(h.transport.packets))
	}
}

// TestLateArrivalCorrectsLoss: a packet that is called missing and arrives after
// all is told twice and counted once.
func TestLateArrivalCorrectsLoss(t *testing.T) {
	var h SentHistory
	for i := range uint16(3) {
		h.Sent(i, 100, at(0))
	}
	first, second := feedbackOf(0, 10, -1, 12), feedbackOf(0, 10, 20, 12)
	if got := h.Transport(&first, at(50), nil); len(got) != 3 || got[1].Received || h.Counts() != (SentCounts{Received: 2, Lost: 1}) {
		t.Errorf("results %+v, counts %+v", got, h.Counts())
	}
	if got := h.Transport(&first, at(60), nil); len(got) != 0 || h.RTT() != 50*time.Millisecond {
		t.Errorf("the same again: %+v, RTT %v", got, h.RTT())
	}
	if got := h.Transport(&second, at(70), nil); len(got) != 1 || !got[0].Received || got[0].Sequence != 1 || h.Counts() != (SentCounts{Received: 3}) {
		t.Errorf("results %+v, counts %+v", got, h.Counts())
	}
	if got := h.Transport(&first, at(80), nil); len(got) != 0 || h.Counts() != (SentCounts{Received: 3}) {
		t.Errorf("an old report takes it back: %+v, %+v", got, h.Counts())
	}
}

func TestFeedbackAboutStrangers(t *testing.T) {
	var h SentHistory
	f := feedbackOf(100, 1, 2, 3)
	if got := h.Transport(&f, at(0), nil); len(got) != 0 || h.RTT() != 0 {
		t.Errorf("packets that were never sent: %+v", got)
	}
	h.Sent(200, 100, at(0))
	if got := h.Transport(&f, at(10), nil); len(got) != 0 {
		t.Errorf("packets from before the first: %+v", got)
	}
	f.Base = 199
	if got := h.Transport(&f, at(10), nil); len(got) != 0 {
		// Its arrivals still have the old numbers: feedback that contradicts
		// itself names no packet received.
		for _, p := range got {
			if p.Received {
				t.Errorf("received: %+v", p)
			}
		}
	}
	h.Sent(200, 999, at(5)) // used again
	f = feedbackOf(200, 1, 2)
	if got := h.Transport(&f, at(10), nil); len(got) != 0 && got[0].Size != 100 {
		t.Errorf("got %+v", got)
	}
}

// TestSilentPeer: without feedback the history stays in its bounds.
func TestSilentPeer(t *testing.T) {
	var h SentHistory
	for i := range 100_000 {
		h.Sent(uint16(i), 100, at(i/100))
	}
	if n := len(h.transport.packets); n != maxSent {
		t.Errorf("%d packets are remembered, want %d", n, maxSent)
	}
	if got := h.Counts().Unreported; got != 100_000-maxSent {
		t.Errorf("%d were forgotten", got)
	}
	// At a lower rate old packets make room.
	var slow SentHistory
	for i := range 100_000 {
		slow.Sent(uint16(i), 100, at(100*i))
	}
	if n := len(slow.transport.packets); n != minSent {
		t.Errorf("%d packets are remembered at 10 a second", n)
	}
}

// TestArrivalTimesGoOn: the reference time wraps after about 12 days.
func TestArrivalTimesGoOn(t *testing.T) {
	var h SentHistory
	var last time.Duration
	for day := range 40 {
		now := start.AddDate(0, 0, day)
		h.Sent(uint16(day), 100, now)
		f := feedbackOf(uint16(day), 0)
		f.Arrivals[0].Ticks = int64(day) * int64(24*time.Hour/TransportTick)
		b, err := f.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Parse(only(t, b)); err != nil {
			t.Fatal(err)
		}
		got := h.Transport(&f, now, nil)
		if len(got) != 1 || day > 0 && got[0].Arrival-last != 24*time.Hour {
			t.Fatalf("day %d: %+v, the last at %v", day, got, last)
		}
		last = got[0].Arrival
	}
}

func TestSentHistoryCongestion(t *testing.T) {
	var h SentHistory
	r := NewCongestionRecorder(0)
	var f CongestionFeedback
	var results []PacketResult
	for i := range 1000 {
		for ssrc := range uint32(2) {
			h.SentBy(ssrc, uint16(65500+i), 100+i, at(10*i))
			if i%5 > 0 {
				ecn := uint8(1)
				if i%5 == 1 {
					ecn = ecnCongestion
				}
				r.Record(ssrc, uint16(65500+i), ecn, at(10*i+20))
			}
		}
		if now := at(10*i + 25); r.Due(now) {
			b, _ := r.Append(nil, 1200, 1, now)
			if err := f.Parse(only(t, b)); err != nil {
				t.Fatal(err)
			}
			results = h.Congestion(&f, now.Add(20*time.Millisecond), results)
			// 20 ms there, 20 ms back; what it waited is taken off.
			if d := h.RTT() - 40*time.Millisecond; d.Abs() > 2*time.Millisecond {
				t.Fatalf("RTT %v, want 40ms", h.RTT())
			}
		}
	}
	if len(results) < 1900 {
		t.Fatalf("%d results", len(results))
	}
	for _, p := range results {
		i := int(p.Sequence) - 65500
		if p.SSRC > 1 || p.Size != 100+i || !p.Sent.Equal(at(10*i)) || p.Received != (i%5 > 0) || (p.ECN == ecnCongestion) != (i%5 == 1) {
			t.Fatalf("got %+v", p)
		}
	}
	first, last := results[2], results[len(results)-1]
	if d := (last.Arrival - first.Arrival) - last.Sent.Sub(first.Sent); d.Abs() > 3*time.Millisecond {
		t.Errorf("the peer's clock is off by %v", d)
	}
	c := h.Counts()
	if c.Received+c.Lost != uint64(len(results)) || c.Congested < 350 || c.Congested > 400 {
		t.Errorf("counts %+v", c)
	}
	h.Forget(0)
	if got := h.Congestion(&f, at(20_000), nil); len(got) != 0 {
		t.Errorf("a stream that is forgotten: %+v", got)
	}
	for i := range uint32(2 * maxSentStreams) {
		h.SentBy(i, 0, 1, at(0))
	}
	if len(h.streams) != maxSentStreams {
		t.Errorf("%d streams are remembered", len(h.streams))
	}
}
