package feedback

import (
	"testing"
	"time"
)

// TestNoAllocation: reading and writing RTCP of every kind into structs and
// buffers that are there costs no allocation.
func TestNoAllocation(t *testing.T) {
	dst := make([]byte, 0, 4096)
	var (
		sr  SenderReport
		rr  ReceiverReport
		sd  Description
		bye Goodbye
		xr  ExtendedReport
		n   Nack
		tcc TransportFeedback
		cc  CongestionFeedback
		pli PictureLoss
		fir FullIntra
		m   MaxBitrate
	)
	whole := dst
	for _, b := range samples(t) {
		whole = append(whole, b...)
	}
	whole = append([]byte(nil), whole...)
	run := func() {
		dst = dst[:0]
		r := NewReader(whole)
		for p, ok := r.Next(); ok; p, ok = r.Next() {
			var err error
			switch p.Kind() {
			case KindSenderReport:
				err = sr.Parse(p)
				dst = sr.Append(dst)
			case KindReceiverReport:
				err = rr.Parse(p)
				dst = rr.Append(dst)
			case KindDescription:
				err = sd.Parse(p)
				dst = AppendCNAME(sd.Append(dst), 1, "cname")
			case KindGoodbye:
				err = bye.Parse(p)
				dst = bye.Append(dst)
			case KindExtendedReport:
				err = xr.Parse(p)
				dst = xr.Append(dst)
			case KindNack:
				err = n.Parse(p)
				dst = n.Append(dst)
			case KindTransport:
				_ = tcc.Parse(p)
				dst, err = tcc.Append(dst)
			case KindCongestion:
				_ = cc.Parse(p)
				dst, err = cc.Append(dst)
			case KindPictureLoss:
				err = pli.Parse(p)
				dst = pli.Append(dst)
			case KindFullIntra:
				err = fir.Parse(p)
				dst = fir.Append(dst)
			case KindMaxBitrate:
				err = m.Parse(p)
				dst = m.Append(dst)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := testing.AllocsPerRun(100, run); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// loop is a stream of packets whose feedback comes back.
type loop struct {
	transport  *TransportRecorder
	congestion *CongestionRecorder
	sent       SentHistory
	now        time.Time
	sequence   uint16
	f          TransportFeedback
	g          CongestionFeedback
	buffer     []byte
	results    []PacketResult
}

func newLoop() *loop {
	return &loop{transport: NewTransportRecorder(0), congestion: NewCongestionRecorder(0), now: start, buffer: make([]byte, 0, 1500)}
}

// packet sends a packet, of which a few are lost, and what feedback is due.
func (l *loop) packet() {
	l.now = l.now.Add(time.Millisecond)
	l.sequence++
	l.sent.Sent(l.sequence, 1200, l.now)
	l.sent.SentBy(7, l.sequence, 1200, l.now)
	if l.sequence%50 == 0 {
		return
	}
	l.transport.Record(l.sequence, l.now)
	l.congestion.Record(7, l.sequence, 1, l.now)
	for l.transport.Due(l.now) {
		if b, ok := l.transport.Append(l.buffer[:0], 1200, 1, 2); ok {
			r := NewReader(b)
			p, _ := r.Next()
			if l.f.Parse(p) != nil {
				panic("own feedback does not parse")
			}
			l.results = l.sent.Transport(&l.f, l.now, l.results[:0])
		}
	}
	for l.congestion.Due(l.now) {
		if b, ok := l.congestion.Append(l.buffer[:0], 1200, 1, l.now); ok {
			r := NewReader(b)
			p, _ := r.Next()
			if l.g.Parse(p) != nil {
				panic("own feedback does not parse")
			}
			l.results = l.sent.Congestion(&l.g, l.now, l.results[:0])
		}
	}
}

// TestFeedbackLoopDoesNotAllocate: once a stream runs, its feedback costs no
// allocation on either side.
func TestFeedbackLoopDoesNotAllocate(t *testing.T) {
	l := newLoop()
	for range 1000 {
		l.packet()
	}
	if n := testing.AllocsPerRun(2000, l.packet); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if c := l.sent.Counts(); c.Received == 0 || c.Lost == 0 {
		t.Errorf("counts %+v", c)
	}
}

func BenchmarkFeedbackLoop(b *testing.B) {
	l := newLoop()
	b.ReportAllocs()
	for b.Loop() {
		l.packet()
	}
}

func BenchmarkRecord(b *testing.B) {
	r := NewTransportRecorder(0)
	dst, now, i := make([]byte, 0, 1500), start, uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		i++
		now = now.Add(200 * time.Microsecond)
		r.Record(i, now)
		for r.Due(now) {
			dst, _ = r.Append(dst[:0], 1200, 1, 2)
		}
	}
}

// hundred is feedback about a hundred packets, two of them missing.
func hundred() TransportFeedback {
	at := make([]int, 100)
	for i := range at {
		at[i] = 4 * i
	}
	at[30], at[60] = -1, -1
	return feedbackOf(1000, at...)
}

func BenchmarkTransportAppend(b *testing.B) {
	f := hundred()
	dst := make([]byte, 0, 1500)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Append(dst); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTransportParse(b *testing.B) {
	f := hundred()
	raw, err := f.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	p := only(b, raw)
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Parse(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompound(b *testing.B) {
	raw := compound()
	var n Nack
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(raw)
		for p, ok := r.Next(); ok; p, ok = r.Next() {
			if p.Is(KindNack) {
				if err := n.Parse(p); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
