package feedback

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var start = time.Date(2026, 7, 4, 12, 0, 0, 0, time.UTC)

// at is a time in milliseconds after start.
func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// collect takes all feedback out of a recorder.
func collect(t *testing.T, r *TransportRecorder, limit int) (out []TransportFeedback) {
	t.Helper()
	for {
		b, ok := r.Append(nil, limit, 1, 2)
		if !ok {
			if !r.NextTimeout().IsZero() {
				t.Error("all is reported, yet feedback is due")
			}
			return out
		}
		if len(b) > limit {
			t.Errorf("feedback of %d bytes, %d at most are allowed", len(b), limit)
		}
		var f TransportFeedback
		if err := f.Parse(only(t, b)); err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
}

// story writes what feedback says: + for a packet that arrived.
func story(f TransportFeedback) string {
	out := []byte{}
	next := 0
	for i := range int(f.Count) {
		c := byte('-')
		if next < len(f.Arrivals) && f.Arrivals[next].Sequence == f.Base+uint16(i) {
			c, next = '+', next+1
		}
		out = append(out, c)
	}
	return string(out)
}

func TestTransportRecorder(t *testing.T) {
	r := NewTransportRecorder(0)
	if _, ok := r.Append(nil, 1200, 1, 2); ok || !r.NextTimeout().IsZero() || r.Due(at(0)) {
		t.Error("feedback about nothing")
	}
	for i, seq := range []uint16{65533, 65534, 0, 1} {
		r.Record(seq, at(10*i))
	}
	if r.NextTimeout() != at(100) || r.Due(at(99)) || !r.Due(at(100)) {
		t.Errorf("feedback is due at %v, want 100 ms after the first arrival", r.NextTimeout().Sub(start))
	}
	got := collect(t, r, 1200)
	if len(got) != 1 || got[0].Base != 65533 || story(got[0]) != "++-++" || got[0].Number != 0 || got[0].Sender != 1 || got[0].Media != 2 {
		t.Fatalf("got %+v", got)
	}
	for i, a := range got[0].Arrivals {
		if d := a.At() - got[0].Arrivals[0].At(); d != time.Duration(i)*10*time.Millisecond {
			t.Errorf("arrival %d is %v after the first", i, d)
		}
	}
	// The next feedback goes on where the last one ended, and counts.
	r.Record(4, at(250))
	if r.NextTimeout() != at(350) {
		t.Errorf("feedback is due at %v", r.NextTimeout().Sub(start))
	}
	if got := collect(t, r, 1200); len(got) != 1 || got[0].Base != 2 || story(got[0]) != "--+" || got[0].Number != 1 || got[0].Arrivals[0].At() != 250*time.Millisecond {
		t.Errorf("got %+v", got)
	}
}

// TestLatePacketIsReported: a packet that arrives after feedback called it
// missing is reported, together with what followed it.
func TestLatePacketIsReported(t *testing.T) {
	r := NewTransportRecorder(50 * time.Millisecond)
	r.Record(10, at(0))
	r.Record(12, at(1))
	r.Record(13, at(2))
	collect(t, r, 1200)
	r.Record(12, at(60)) // a copy is not
	if !r.NextTimeout().IsZero() {
		t.Error("a copy is reported")
	}
	r.Record(11, at(70))
	r.Record(9, at(71)) // before the first
	if got := collect(t, r, 1200); len(got) != 1 || got[0].Base != 9 || story(got[0]) != "+++++" || got[0].Arrivals[2].At() != 70*time.Millisecond || got[0].Arrivals[3].At() != time.Millisecond {
		t.Errorf("got %+v", got)
	}
}

func TestManyPacketsAreReportedAtOnce(t *testing.T) {
	r := NewTransportRecorder(time.Second)
	n := 0
	for ; !r.Due(at(1)); n++ {
		r.Record(uint16(n), at(0))
	}
	if n != hurry {
		t.Errorf("feedback is due after %d packets, want %d", n, hurry)
	}
}

// TestFeedbackIsSplit: what does not fit the limit goes into more packets, which
// say all of it.
func TestFeedbackIsSplit(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	r := NewTransportRecorder(0)
	want := map[uint16]time.Duration{}
	now := 0
	for i := range 5000 {
		now += random.IntN(3)
		if seq := uint16(60000 + i); random.IntN(10) > 0 {
			r.Record(seq, at(now))
			want[seq] = time.Duration(now) * time.Millisecond
		}
	}
	got := collect(t, r, 300)
	if len(got) < 5000/300 {
		t.Errorf("seed %d: only %d packets", seed, len(got))
	}
	next, first := got[0].Base, got[0].Arrivals[0]
	offset := first.At() - want[first.Sequence]
	for i, f := range got {
		if f.Base != next || f.Number != uint8(i) {
			t.Errorf("seed %d: feedback %d starts at %d, want %d", seed, f.Number, f.Base, next)
		}
		next = f.Base + f.Count
		for _, a := range f.Arrivals {
			if at, ok := want[a.Sequence]; !ok || a.At()-at != offset {
				t.Fatalf("seed %d: %d arrived at %v", seed, a.Sequence, a.At())
			}
			delete(want, a.Sequence)
		}
	}
	if len(want) > 0 {
		t.Errorf("seed %d: %d arrivals are not reported", seed, len(want))
	}
}

// TestSilenceSplitsFeedback: two arrivals that are too long apart for one packet
// go into two.
func TestSilenceSplitsFeedback(t *testing.T) {
	r := NewTransportRecorder(0)
	r.Record(1, at(0))
	r.Record(2, at(20_000))
	got := collect(t, r, 1200)
	if len(got) != 2 || got[1].Base != 2 || got[1].Arrivals[0].At()-got[0].Arrivals[0].At() != 20*time.Second {
		t.Errorf("got %+v", got)
	}
}

func TestJumpsOfTheNumbers(t *testing.T) {
	t.Run("forward, beyond the window", func(t *testing.T) {
		r := NewTransportRecorder(0)
		for i := range 10 {
			r.Record(uint16(i), at(i))
		}
		r.Record(30000, at(20))
		got := collect(t, r, 1200)
		last := got[len(got)-1]
		if a := last.Arrivals[len(last.Arrivals)-1]; a.Sequence != 30000 || len(r.window.arrivals) > maxTransportWindow {
			t.Errorf("the last arrival is %d, %d are remembered", a.Sequence, len(r.window.arrivals))
		}
		if r.Lost() != 10 {
			t.Errorf("%d arrivals were lost to the jump, want 10", r.Lost())
		}
	})
	t.Run("backward, for good", func(t *testing.T) {
		r := NewTransportRecorder(0)
		r.Record(40000, at(0))
		collect(t, r, 1200)
		for i := range 10 {
			r.Record(uint16(20000+i), at(10+i))
		}
		if got := collect(t, r, 1200); len(got) != 1 || got[0].Base != 20001 || story(got[0]) != "+++++++++" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("backward, single packets", func(t *testing.T) {
		r := NewTransportRecorder(0)
		r.Record(40000, at(0))
		collect(t, r, 1200)
		for i := range 10 {
			r.Record(uint16(20000+100*i), at(10+i))
		}
		if got := collect(t, r, 1200); len(got) != 0 || r.Lost() != 10 {
			t.Errorf("got %+v, %d lost", got, r.Lost())
		}
	})
}

// TestWrapAround: the numbers go around several times.
func TestWrapAround(t *testing.T) {
	r := NewTransportRecorder(0)
	n, next := 0, uint16(0)
	for i := range 300_000 {
		r.Record(uint16(i), at(i/10))
		if r.Due(at(i / 10)) {
			for _, f := range collect(t, r, 1200) {
				if f.Base != next || int(f.Count) != len(f.Arrivals) {
					t.Fatalf("at %d: base %d, want %d; %d of %d", i, f.Base, next, len(f.Arrivals), f.Count)
				}
				next = f.Base + f.Count
				n += len(f.Arrivals)
			}
		}
	}
	if n += len(collect(t, r, 1<<20)[0].Arrivals); n != 300_000 {
		t.Errorf("%d arrivals are reported", n)
	}
	if len(r.window.arrivals) > 2048 {
		t.Errorf("%d places for 1000 packets between feedbacks", len(r.window.arrivals))
	}
}

func TestCongestionRecorder(t *testing.T) {
	r := NewCongestionRecorder(50 * time.Millisecond)
	if _, ok := r.Append(nil, 1200, 1, at(0)); ok || !r.NextTimeout().IsZero() {
		t.Error("feedback about nothing")
	}
	r.Record(5, 65535, 1, at(0))
	r.Record(6, 100, 2, at(10))
	r.Record(5, 1, 3, at(20))
	r.Record(5, 65535, 3, at(25)) // a copy with the CE mark
	if r.NextTimeout() != at(50) || r.Due(at(49)) || !r.Due(at(50)) {
		t.Errorf("feedback is due at %v", r.NextTimeout().Sub(start))
	}
	b, ok := r.Append(nil, 1200, 9, at(50))
	var f CongestionFeedback
	if err := f.Parse(only(t, b)); !ok || err != nil || f.Sender != 9 || f.Timestamp != MiddleNTP(at(50)) || len(f.Reports) != 2 {
		t.Fatalf("error %v, got %+v", err, f)
	}
	if a := f.Reports[0]; a.SSRC != 5 || a.Begin != 65535 || len(a.Metrics) != 3 {
		t.Fatalf("got %+v", a)
	}
	for i, want := range []Metric{Arrived(50*time.Millisecond, 3), 0, Arrived(30*time.Millisecond, 3)} {
		if got := f.Reports[0].Metrics[i]; got != want {
			t.Errorf("packet %d: %x, want %x", i, got, want)
		}
	}
	if a := f.Reports[1]; a.SSRC != 6 || a.Begin != 100 || len(a.Metrics) != 1 || a.Metrics[0] != Arrived(40*time.Millisecond, 2) {
		t.Errorf("got %+v", a)
	}
	if _, ok := r.Append(nil, 1200, 9, at(50)); ok || !r.NextTimeout().IsZero() {
		t.Error("the same is reported again")
	}
	// Only what is new, from where the last report ended.
	r.Record(6, 102, 0, at(60))
	b, _ = r.Append(nil, 1200, 9, at(70))
	if err := f.Parse(only(t, b)); err != nil || len(f.Reports) != 1 || f.Reports[0].Begin != 101 || len(f.Reports[0].Metrics) != 2 {
		t.Errorf("error %v, got %+v", err, f)
	}
	r.Record(6, 103, 0, at(80))
	r.Forget(6)
	r.Forget(7)
	if _, ok := r.Append(nil, 1200, 9, at(90)); ok || !r.NextTimeout().IsZero() {
		t.Error("a stream that is forgotten is reported")
	}
}

func TestCongestionFeedbackIsSplit(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		r := NewCongestionRecorder(0)
		type packet struct {
			ssrc uint32
			seq  uint16
		}
		want := map[packet]bool{}
		for range 2000 {
			p := packet{uint32(random.IntN(20)), uint16(65000 + random.IntN(1000))}
			r.Record(p.ssrc, p.seq, 1, at(random.IntN(100)))
			want[p] = true
		}
		lost := uint64(0)
		for _, s := range r.streams {
			lost += s.window.tooOld
		}
		got := map[packet]bool{}
		limit := MinFeedbackSize + random.IntN(500)
		for {
			b, ok := r.Append(nil, limit, 1, at(100))
			if !ok {
				break
			}
			var f CongestionFeedback
			if err := f.Parse(only(t, b)); err != nil || len(b) > limit {
				t.Fatalf("seed %d: error %v, %d bytes of %d", seed, err, len(b), limit)
			}
			for _, report := range f.Reports {
				for i, m := range report.Metrics {
					if m.Received() {
						got[packet{report.SSRC, report.Begin + uint16(i)}] = true
					}
				}
			}
		}
		if !r.NextTimeout().IsZero() {
			t.Errorf("seed %d: all is reported, yet feedback is due", seed)
		}
		for p := range got {
			if !want[p] {
				t.Fatalf("seed %d: %v never arrived", seed, p)
			}
		}
		// Those that came in too late an order are the only ones missing.
		if lost == 0 && !maps.Equal(got, want) {
			t.Fatalf("seed %d: %d packets are reported, %d arrived", seed, len(got), len(want))
		}
	}
}

func TestCongestionRecorderIsBounded(t *testing.T) {
	r := NewCongestionRecorder(0)
	for i := range uint32(2 * maxCongestionStreams) {
		r.Record(i, 0, 0, at(0))
	}
	for i := range 20 * maxCongestionWindow {
		r.Record(1, uint16(i), 0, at(0))
	}
	if len(r.streams) != maxCongestionStreams || len(r.streams[1].window.arrivals) != maxCongestionWindow {
		t.Errorf("%d streams, %d packets of one", len(r.streams), len(r.streams[1].window.arrivals))
	}
	total := 0
	for {
		b, ok := r.Append(nil, 1200, 1, at(1))
		if !ok {
			break
		}
		total += len(b)
	}
	if slices.ContainsFunc(slices.Collect(maps.Values(r.streams)), func(s *congestionStream) bool { return s.listed }) {
		t.Error("a stream is still listed")
	}
	if total == 0 {
		t.Error("nothing is reported")
	}
}

// webrtc-stats, packetsReportedAsLost and packetsReportedAsLostButRecovered: each
// packet counts once, whether or not it is reported again with a late one.
func TestCongestionRecorderCountsLosses(t *testing.T) {
	r := NewCongestionRecorder(0)
	now := time.Unix(1, 0)
	want := func(why string, lost, recovered uint64) {
		t.Helper()
		for ok := true; ok; {
			_, ok = r.Append(nil, 1000, 1, now)
		}
		if l, n := r.Lost(7); l != lost || n != recovered {
			t.Errorf("%s: %d lost, %d recovered; want %d, %d", why, l, n, lost, recovered)
		}
	}
	want("nothing heard", 0, 0)
	for _, n := range []uint16{1, 2, 5} {
		r.Record(7, n, 0, now)
	}
	want("two gaps", 2, 0)
	r.Record(7, 3, 0, now)
	want("one late", 2, 1)
	r.Record(7, 3, 0, now)
	want("the same twice", 2, 1)
	for _, n := range []uint16{40000, 40001, 40003} {
		r.Record(7, n, 0, now)
	}
	want("numbers anew", 3, 1)
}
