package feedback

import (
	"errors"
	"testing"

	"github.com/pion/rtcp"
)

// only returns the single packet of a compound.
func only(t testing.TB, b []byte) Packet {
	t.Helper()
	r := NewReader(b)
	p, ok := r.Next()
	if !ok {
		t.Fatalf("%x is no RTCP packet", b)
	}
	if len(p.Raw) != len(b) {
		t.Fatalf("the packet has %d bytes of %d", len(p.Raw), len(b))
	}
	return p
}

// kinds walks a compound.
func kinds(b []byte) (out []Kind, malformed int) {
	r := NewReader(b)
	for p, ok := r.Next(); ok; p, ok = r.Next() {
		out = append(out, p.Kind())
	}
	return out, r.Malformed()
}

func compound() []byte {
	nack := Nack{Sender: 1, Media: 2, Sequences: []uint16{10, 12}}
	b := AppendCNAME((&ReceiverReport{SSRC: 1}).Append(nil), 1, "cname")
	return PictureLoss{Sender: 1, Media: 2}.Append(nack.Append(b))
}

func TestReader(t *testing.T) {
	b := compound()
	if _, err := rtcp.Unmarshal(b); err != nil {
		t.Fatal(err)
	}
	got, malformed := kinds(b)
	want := []Kind{KindReceiverReport, KindDescription, KindNack, KindPictureLoss}
	if len(got) != len(want) || malformed != 0 {
		t.Fatalf("kinds %v, %d malformed", got, malformed)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("packet %d is %v, want %v", i, got[i], want[i])
		}
	}
	p := only(t, PictureLoss{Sender: 5, Media: 6}.Append(nil))
	if p.Sender() != 5 || p.Media() != 6 {
		t.Errorf("from %d about %d", p.Sender(), p.Media())
	}
}

// TestMalformedPacketIsSkipped: one bad packet costs itself alone, unless its
// length is wrong.
func TestMalformedPacketIsSkipped(t *testing.T) {
	first := len((&ReceiverReport{SSRC: 1}).Append(nil))
	for _, c := range []struct {
		name      string
		change    func(b []byte) []byte
		packets   int
		malformed int
	}{
		{"nothing", func(b []byte) []byte { return nil }, 0, 0},
		{"another version", func(b []byte) []byte { b[0] = b[0]&0x3f | 0x40; return b }, 3, 1},
		{"a type below RTCP's", func(b []byte) []byte { b[1] = 191; return b }, 3, 1},
		{"a type above RTCP's", func(b []byte) []byte { b[1] = 224; return b }, 3, 1},
		{"a type that is not known", func(b []byte) []byte { b[1] = 210; return b }, 4, 0},
		{"padding of zero bytes", func(b []byte) []byte { b[0] |= 0x20; b[first-1] = 0; return b }, 3, 1},
		{"padding into the header", func(b []byte) []byte { b[0] |= 0x20; b[first-1] = 5; return b }, 3, 1},
		{"padding of all the body", func(b []byte) []byte { b[0] |= 0x20; b[first-1] = 4; return b }, 4, 0},
		{"a long length", func(b []byte) []byte { b[2] = 0xff; return b }, 0, 1},
		{"half a header at the end", func(b []byte) []byte { return append(b, 0x80, 200) }, 4, 1},
		{"a cut last packet", func(b []byte) []byte { return b[:len(b)-4] }, 3, 1},
	} {
		got, malformed := kinds(c.change(compound()))
		if len(got) != c.packets || malformed != c.malformed {
			t.Errorf("%s: %d packets and %d malformed, want %d and %d", c.name, len(got), malformed, c.packets, c.malformed)
		}
	}
}

func TestPaddingIsNoBody(t *testing.T) {
	b := append(PictureLoss{Sender: 1, Media: 2}.Append(nil), 0, 0, 0, 4)
	b[0] |= 0x20
	b[3]++
	if p := only(t, b); len(p.Body) != 8 {
		t.Errorf("the body has %d bytes", len(p.Body))
	}
}

// TestApplicationFeedbackIsNoREMB: format 15 belongs to applications; REMB is
// told by its identifier.
func TestApplicationFeedbackIsNoREMB(t *testing.T) {
	b := (&MaxBitrate{Sender: 1, Bitrate: 5000, SSRCs: []uint32{2}}).Append(nil)
	if p := only(t, b); !p.Is(KindMaxBitrate) {
		t.Errorf("REMB is of kind %v", p.Kind())
	}
	b[12] = 'X'
	p := only(t, b)
	if p.Kind() != KindOther {
		t.Errorf("feedback of another application is of kind %v", p.Kind())
	}
	var m MaxBitrate
	if err := m.Parse(p); !errors.Is(err, ErrKind) {
		t.Errorf("it is read as REMB: %v", err)
	}
}

// parsers are the Parse methods of all kinds, each with an empty struct.
func parsers() map[Kind]func(Packet) error {
	return map[Kind]func(Packet) error{
		KindSenderReport:   new(SenderReport).Parse,
		KindReceiverReport: new(ReceiverReport).Parse,
		KindDescription:    new(Description).Parse,
		KindGoodbye:        new(Goodbye).Parse,
		KindExtendedReport: new(ExtendedReport).Parse,
		KindNack:           new(Nack).Parse,
		KindTransport:      new(TransportFeedback).Parse,
		KindCongestion:     new(CongestionFeedback).Parse,
		KindPictureLoss:    new(PictureLoss).Parse,
		KindFullIntra:      new(FullIntra).Parse,
		KindMaxBitrate:     new(MaxBitrate).Parse,
	}
}

// samples has a packet of every kind.
func samples(t testing.TB) map[Kind][]byte {
	t.Helper()
	transport := TransportFeedback{Sender: 1, Media: 2, Base: 9, Count: 3, Arrivals: []TransportArrival{{9, 0}, {11, 100}}}
	tcc, err := transport.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	congestion := CongestionFeedback{Sender: 1, Timestamp: 7, Reports: []CongestionReport{{SSRC: 2, Begin: 5, Metrics: []Metric{Arrived(0, 1), 0, Arrived(8, 3)}}}}
	ccfb, err := congestion.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	block := ReportBlock{SSRC: 2, FractionLost: 3, TotalLost: -4, HighestSequence: 5, Jitter: 6, LastReport: 7, Delay: 8}
	return map[Kind][]byte{
		KindSenderReport:   (&SenderReport{SSRC: 1, NTP: 2, RTPTime: 3, Packets: 4, Octets: 5, Reports: []ReportBlock{block}}).Append(nil),
		KindReceiverReport: (&ReceiverReport{SSRC: 1, Reports: []ReportBlock{block}}).Append(nil),
		KindDescription:    (&Description{Items: []Item{{SSRC: 1, Type: ItemCNAME, Text: []byte("c")}, {SSRC: 2, Type: ItemMID, Text: []byte("mid")}}}).Append(nil),
		KindGoodbye:        (&Goodbye{Sources: []uint32{1, 2}, Reason: []byte("bye")}).Append(nil),
		KindExtendedReport: (&ExtendedReport{Sender: 1, ReferenceTime: 2, Delays: []ReceiverDelay{{3, 4, 5}}}).Append(nil),
		KindNack:           (&Nack{Sender: 1, Media: 2, Sequences: []uint16{3, 4, 50}}).Append(nil),
		KindTransport:      tcc,
		KindCongestion:     ccfb,
		KindPictureLoss:    PictureLoss{Sender: 1, Media: 2}.Append(nil),
		KindFullIntra:      (&FullIntra{Sender: 1, Requests: []IntraRequest{{2, 3}}}).Append(nil),
		KindMaxBitrate:     (&MaxBitrate{Sender: 1, Bitrate: 1e6, SSRCs: []uint32{2, 3}}).Append(nil),
	}
}

// TestEveryKindKnowsItself: each struct reads its own kind and refuses all
// others, pion/rtcp reads all of them, and none can be cut without being
// noticed, where its content is not told by its length.
func TestEveryKindKnowsItself(t *testing.T) {
	for kind, b := range samples(t) {
		p := only(t, b)
		if p.Kind() != kind {
			t.Errorf("kind %v is read as %v", kind, p.Kind())
		}
		for other, parse := range parsers() {
			if err := parse(p); other == kind && err != nil || other != kind && !errors.Is(err, ErrKind) {
				t.Errorf("kind %v, read as %v: %v", kind, other, err)
			}
		}
		if _, err := rtcp.Unmarshal(b); err != nil {
			t.Errorf("kind %v: pion/rtcp: %v", kind, err)
		}
		for n := range p.Body {
			cut := p
			cut.Body = p.Body[:n:n]
			_ = parsers()[kind](cut) // must not panic
		}
		cut := p
		cut.Body = p.Body[:3:3]
		if err := parsers()[kind](cut); err == nil {
			t.Errorf("kind %v is read from three bytes", kind)
		}
	}
}
