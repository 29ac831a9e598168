package feedback

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// FuzzReader walks any bytes as a compound, parses what it finds, and writes it
// again.
func FuzzReader(f *testing.F) {
	f.Add(compound())
	for _, b := range samples(f) {
		f.Add(b)
	}
	f.Add((&Goodbye{Sources: make([]uint32, 33), Reason: []byte("bye")}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		r := NewReader(b)
		size := 0
		for p, ok := r.Next(); ok; p, ok = r.Next() {
			size += len(p.Raw)
			_, _ = p.Sender(), p.Media()
			again(t, p)
		}
		if !bytes.Equal(b, before) {
			t.Error("reading changed the compound")
		}
		if size > len(b) || size < len(b) && r.Malformed() == 0 {
			t.Errorf("%d bytes of %d are packets, %d packets malformed", size, len(b), r.Malformed())
		}
	})
}

// appender is what all structs can do.
type appender interface{ Append([]byte) []byte }

// again parses p, writes what it read, and parses that.
func again(t *testing.T, p Packet) {
	if p.Is(KindTransport) || p.Is(KindCongestion) {
		againFallible(t, p)
		return
	}
	makers := map[Kind]func() (appender, func(Packet) error){
		KindSenderReport:   func() (appender, func(Packet) error) { v := new(SenderReport); return v, v.Parse },
		KindReceiverReport: func() (appender, func(Packet) error) { v := new(ReceiverReport); return v, v.Parse },
		KindDescription:    func() (appender, func(Packet) error) { v := new(Description); return v, v.Parse },
		KindGoodbye:        func() (appender, func(Packet) error) { v := new(Goodbye); return v, v.Parse },
		KindExtendedReport: func() (appender, func(Packet) error) { v := new(ExtendedReport); return v, v.Parse },
		KindPictureLoss:    func() (appender, func(Packet) error) { v := new(PictureLoss); return v, v.Parse },
		KindFullIntra:      func() (appender, func(Packet) error) { v := new(FullIntra); return v, v.Parse },
		KindMaxBitrate:     func() (appender, func(Packet) error) { v := new(MaxBitrate); return v, v.Parse },
		KindNack:           func() (appender, func(Packet) error) { v := new(Nack); return v, v.Parse },
	}
	maker := makers[p.Kind()]
	if maker == nil {
		return
	}
	v, parse := maker()
	if parse(p) != nil {
		return
	}
	r := NewReader(v.Append(nil))
	q, ok := r.Next()
	if !ok {
		return // it says nothing
	}
	w, parseAgain := maker()
	if err := parseAgain(q); err != nil {
		t.Fatalf("%+v is not read again: %v", v, err)
	}
	if p.Is(KindNack) && len(v.(*Nack).Sequences) > 17 || p.Is(KindDescription) {
		return // several packets may have come of it, chunks may have been joined
	}
	if x, y := fields(v), fields(w); !bytes.Equal(x, y) {
		t.Errorf("%+v became %+v", v, w)
	}
}

// fields writes v for comparison; nil and empty slices are the same.
func fields(v appender) []byte { return v.Append(nil) }

func againFallible(t *testing.T, p Packet) {
	var f, g TransportFeedback
	if f.Parse(p) == nil && len(f.Arrivals) > 0 {
		b, err := f.Append(nil)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", f, err)
		}
		if err := g.Parse(only(t, b)); err != nil {
			t.Fatal(err)
		}
		// The times may lie where the reference time wraps.
		shift := g.Arrivals[0].Ticks - f.Arrivals[0].Ticks
		for i := range g.Arrivals {
			g.Arrivals[i].Ticks -= shift
		}
		if shift%(1<<32) != 0 || !reflect.DeepEqual(f, g) {
			t.Errorf("error %v, %+v became %+v", err, f, g)
		}
		comparePion(t, p, &f)
	}
	var c, d CongestionFeedback
	if c.Parse(p) == nil {
		b, err := c.Append(nil)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", c, err)
		}
		if err := d.Parse(only(t, b)); err != nil || len(c.Reports) != len(d.Reports) {
			t.Errorf("error %v, %+v became %+v", err, c, d)
		}
	}
}

// comparePion compares the arrivals with those that pion/rtcp reads, where it
// does.
func comparePion(t *testing.T, p Packet, f *TransportFeedback) {
	var other rtcp.TransportLayerCC
	if other.Unmarshal(p.Raw) != nil {
		return
	}
	if len(other.RecvDeltas) != len(f.Arrivals) || other.BaseSequenceNumber != f.Base || other.PacketStatusCount != f.Count {
		t.Errorf("pion/rtcp reads %d arrivals, this %d", len(other.RecvDeltas), len(f.Arrivals))
	}
}

// FuzzRecorder gives a recorder any arrivals and a history what it makes of
// them.
func FuzzRecorder(f *testing.F) {
	f.Add(uint16(0), []byte{0, 1, 5, 0, 2, 5, 0, 4, 9, 0, 3, 1})
	f.Add(uint16(65000), []byte{0xff, 0xff, 0xff, 0, 0, 0, 0x80, 0, 1, 0x80, 1, 1})
	f.Fuzz(func(t *testing.T, limit uint16, b []byte) {
		size := max(MinFeedbackSize, int(limit))
		b = b[:min(len(b), 300)]
		r, c := NewTransportRecorder(0), NewCongestionRecorder(0)
		var h SentHistory
		now := start
		for ; len(b) >= 3; b = b[3:] {
			sequence := binary.BigEndian.Uint16(b)
			now = now.Add(time.Duration(int8(b[2])) * 40 * time.Millisecond)
			h.Sent(sequence, 100, now)
			h.SentBy(uint32(b[2]&3), sequence, 100, now)
			r.Record(sequence, now)
			c.Record(uint32(b[2]&3), sequence, b[2]>>2, now)
			if r.Due(now) || len(b) < 6 {
				drain(t, r, c, &h, size, now)
			}
		}
		if n := len(h.transport.packets); n > maxSent {
			t.Errorf("%d packets are remembered", n)
		}
	})
}

func drain(t *testing.T, r *TransportRecorder, c *CongestionRecorder, h *SentHistory, limit int, now time.Time) {
	var f TransportFeedback
	var g CongestionFeedback
	for n := 0; ; n++ {
		b, ok := r.Append(nil, limit, 1, 2)
		if !ok {
			break
		}
		if err := f.Parse(only(t, b)); err != nil || len(b) > limit || n > 1<<14 {
			t.Fatalf("feedback %d: error %v, %d bytes of %d", n, err, len(b), limit)
		}
		h.Transport(&f, now, nil)
	}
	for n := 0; ; n++ {
		b, ok := c.Append(nil, limit, 1, now)
		if !ok {
			break
		}
		if err := g.Parse(only(t, b)); err != nil || len(b) > limit || n > 1<<14 {
			t.Fatalf("feedback %d: error %v, %d bytes of %d", n, err, len(b), limit)
		}
		h.Congestion(&g, now, nil)
	}
	if !r.NextTimeout().IsZero() || !c.NextTimeout().IsZero() {
		t.Error("all is reported, yet feedback is due")
	}
}
