package feedback

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// asPion lets pion/rtcp read one packet.
func asPion[T rtcp.Packet](t *testing.T, b []byte) T {
	t.Helper()
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		t.Fatalf("pion/rtcp: %v", err)
	}
	p, ok := packets[0].(T)
	if !ok {
		t.Fatalf("pion/rtcp reads %T", packets[0])
	}
	return p
}

// marshal lets pion/rtcp write one packet, and reads its header.
func marshal(t *testing.T, p rtcp.Packet) Packet {
	t.Helper()
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return only(t, b)
}

func TestSenderReport(t *testing.T) {
	want := SenderReport{SSRC: 1, NTP: 0x0102030405060708, RTPTime: 9, Packets: 10, Octets: 11, Reports: []ReportBlock{
		{SSRC: 2, FractionLost: 255, TotalLost: 1<<23 - 1, HighestSequence: 3, Jitter: 4, LastReport: 5, Delay: 6},
		{SSRC: 3, TotalLost: -5},
	}}
	b := want.Append(nil)
	var got SenderReport
	if err := got.Parse(only(t, b)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("error %v, got %+v", err, got)
	}
	other := asPion[*rtcp.SenderReport](t, b)
	if other.NTPTime != want.NTP || other.RTPTime != 9 || other.PacketCount != 10 || other.OctetCount != 11 || len(other.Reports) != 2 || other.Reports[0].TotalLost != 1<<23-1 {
		t.Errorf("pion/rtcp reads %+v", other)
	}
	// Profile-specific extensions follow the reports.
	other.ProfileExtensions = []byte{1, 2, 3, 4}
	if err := got.Parse(marshal(t, other)); err != nil || got.NTP != want.NTP || len(got.Reports) != 2 {
		t.Errorf("with extensions: error %v, got %+v", err, got)
	}
}

// TestTotalLostIsClamped: RFC 3550 §6.4.1 gives the cumulative number of packets
// lost 24 bits, signed.
func TestTotalLostIsClamped(t *testing.T) {
	r := ReceiverReport{Reports: []ReportBlock{{TotalLost: math.MaxInt32}, {TotalLost: math.MinInt32}}}
	var got ReceiverReport
	if err := got.Parse(only(t, r.Append(nil))); err != nil || got.Reports[0].TotalLost != 1<<23-1 || got.Reports[1].TotalLost != -1<<23 {
		t.Errorf("error %v, got %+v", err, got)
	}
}

// TestManyReports: what one packet cannot hold goes into the next.
func TestManyReports(t *testing.T) {
	blocks := make([]ReportBlock, 70)
	for i := range blocks {
		blocks[i].SSRC = uint32(i)
	}
	for name, b := range map[string][]byte{
		"sender report":   (&SenderReport{SSRC: 7, Reports: blocks}).Append(nil),
		"receiver report": (&ReceiverReport{SSRC: 7, Reports: blocks}).Append(nil),
	} {
		packets, got := 0, []ReportBlock{}
		for r := NewReader(b); ; packets++ {
			p, ok := r.Next()
			if !ok {
				break
			}
			var sr SenderReport
			var rr ReceiverReport
			if sr.Parse(p) != nil && rr.Parse(p) != nil {
				t.Errorf("%s: packet %d does not parse", name, packets)
			}
			got = append(append(got, sr.Reports...), rr.Reports...)
		}
		if packets != 3 || !slices.Equal(got, blocks) {
			t.Errorf("%s: %d packets with %d reports", name, packets, len(got))
		}
	}
}

func TestDescription(t *testing.T) {
	want := Description{Items: []Item{
		{1, ItemCNAME, []byte("one")}, {1, ItemMID, []byte("0")}, {1, ItemRID, []byte("hi")},
		{2, ItemCNAME, []byte("")}, {3, ItemCNAME, bytes.Repeat([]byte("x"), 255)},
	}}
	b := want.Append(nil)
	var got Description
	if err := got.Parse(only(t, b)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("error %v, got %+v", err, got)
	}
	other := asPion[*rtcp.SourceDescription](t, b)
	if len(other.Chunks) != 3 || len(other.Chunks[0].Items) != 3 || other.Chunks[0].Items[2].Text != "hi" || other.Chunks[2].Source != 3 {
		t.Errorf("pion/rtcp reads %+v", other)
	}
	for n := range 10 {
		name := "abcdefghij"[:n]
		if got := asPion[*rtcp.SourceDescription](t, AppendCNAME(nil, 5, name)); got.Chunks[0].Source != 5 || got.Chunks[0].Items[0].Text != name {
			t.Errorf("CNAME %q: pion/rtcp reads %+v", name, got)
		}
	}
	if b := (&Description{}).Append(nil); len(b) != 0 {
		t.Errorf("an empty description has %d bytes", len(b))
	}
	long := Description{Items: []Item{{1, ItemCNAME, make([]byte, 300)}}}
	if err := got.Parse(only(t, long.Append(nil))); err != nil || len(got.Items[0].Text) != 255 {
		t.Errorf("a long text: error %v, %d bytes", err, len(got.Items[0].Text))
	}
	var many Description
	for i := range 40 {
		many.Items = append(many.Items, Item{SSRC: uint32(i), Type: ItemCNAME, Text: []byte("n")})
	}
	if k, _ := kinds(many.Append(nil)); len(k) != 2 {
		t.Errorf("40 sources took %d packets", len(k))
	}
}

func TestDescriptionRefuses(t *testing.T) {
	for name, body := range map[string][]byte{
		"no terminating null":    {0, 0, 0, 1, 1, 2, 'a', 'b'},
		"an item past the end":   {0, 0, 0, 1, 1, 9, 'a', 0},
		"half a source":          {0, 0},
		"a chunk without items":  {0, 0, 0, 1},
		"a missing second chunk": nil,
	} {
		d := Description{Items: []Item{{SSRC: 9}}}
		p := Packet{Type: TypeDescription, Count: 1, Body: body}
		if err := d.Parse(p); err != ErrMalformed || len(d.Items) != 1 || d.Items[0].SSRC != 9 {
			t.Errorf("%s: %v, %+v", name, err, d)
		}
	}
}

func TestGoodbye(t *testing.T) {
	for _, reason := range []string{"", "a", "bye", "camera off"} {
		want := Goodbye{Sources: []uint32{1, 2}, Reason: []byte(reason)}
		b := want.Append(nil)
		var got Goodbye
		if err := got.Parse(only(t, b)); err != nil || !slices.Equal(got.Sources, want.Sources) || string(got.Reason) != reason {
			t.Errorf("%q: error %v, got %+v", reason, err, got)
		}
		if other := asPion[*rtcp.Goodbye](t, b); !slices.Equal(other.Sources, want.Sources) || other.Reason != reason {
			t.Errorf("%q: pion/rtcp reads %+v", reason, other)
		}
	}
	if b := (&Goodbye{Reason: []byte("x")}).Append(nil); len(b) != 0 {
		t.Error("nobody said goodbye")
	}
	if k, _ := kinds((&Goodbye{Sources: make([]uint32, 32)}).Append(nil)); len(k) != 2 {
		t.Errorf("32 sources took %d packets", len(k))
	}
	var g Goodbye
	if err := g.Parse(Packet{Type: TypeGoodbye, Count: 1, Body: []byte{0, 0, 0, 1, 9, 'x', 'y', 'z'}}); err != ErrMalformed {
		t.Errorf("a reason past the end: %v", err)
	}
}

func TestExtendedReport(t *testing.T) {
	want := ExtendedReport{Sender: 1, ReferenceTime: 0x0102030405060708, Delays: []ReceiverDelay{{2, 3, 4}, {5, 6, 7}}}
	b := want.Append(nil)
	var got ExtendedReport
	if err := got.Parse(only(t, b)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("error %v, got %+v", err, got)
	}
	other := asPion[*rtcp.ExtendedReport](t, b)
	if len(other.Reports) != 2 || other.Reports[0].(*rtcp.ReceiverReferenceTimeReportBlock).NTPTimestamp != want.ReferenceTime ||
		other.Reports[1].(*rtcp.DLRRReportBlock).Reports[1].DLRR != 7 {
		t.Errorf("pion/rtcp reads %+v", other)
	}
	// Blocks of other types are passed over.
	other.Reports = append([]rtcp.ReportBlock{&rtcp.StatisticsSummaryReportBlock{SSRC: 9}}, other.Reports...)
	if err := got.Parse(marshal(t, other)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("with another block: error %v, got %+v", err, got)
	}
	if b := (&ExtendedReport{Sender: 1}).Append(nil); len(b) != 0 {
		t.Error("an empty report is written")
	}
	for name, body := range map[string][]byte{
		"a short reference time": {0, 0, 0, 1, 4, 0, 0, 1, 1, 2, 3, 4},
		"half a delay":           {0, 0, 0, 1, 5, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8},
		"a block past the end":   {0, 0, 0, 1, 99, 0, 0, 9},
		"half a block":           {0, 0, 0, 1, 99, 0},
	} {
		if err := got.Parse(Packet{Type: TypeExtendedReport, Body: body}); err != ErrMalformed || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNTP(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 7, 4, 12, 30, 15, 123456789, time.UTC),
		time.Date(2035, 12, 31, 23, 59, 59, 999999999, time.UTC),
		time.Date(2036, 2, 7, 6, 28, 15, 500000000, time.UTC), // the last second of the era
		time.Date(2040, 1, 1, 0, 0, 0, 1, time.UTC),
	} {
		if got := Time(NTP(at)); got.Sub(at).Abs() > time.Nanosecond {
			t.Errorf("%v became %v", at, got.UTC())
		}
	}
	// RFC 3550 §6.4.1 has an example: NTP 0xb44db705:20000000 is 19 Aug 1995.
	at := Time(0xb44db70520000000)
	if NTP(at) != 0xb44db70520000000 || at.Nanosecond() != 125000000 {
		t.Errorf("got %v", at.UTC())
	}
}

// TestRTT has the figures of RFC 3550 §6.4.1, figure 2.
func TestRTT(t *testing.T) {
	now := Time(0xb710_8000 << 16) // A = 0xb710:8000 in the middle bits
	now = now.Add(0)
	if MiddleNTP(now) != 0xb7108000 {
		t.Fatalf("the middle bits are %x", MiddleNTP(now))
	}
	got, ok := RTT(now, 0xb7052000, 0x00054000)
	if want := 6125 * time.Millisecond; !ok || got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if _, ok := RTT(now, 0, 0); ok {
		t.Error("a round trip without report")
	}
	if got, ok := RTT(now, 0xb7108001, 0); !ok || got != 0 {
		t.Errorf("a report from the future: %v %v", got, ok)
	}
}

func TestDelay(t *testing.T) {
	for d, want := range map[time.Duration]uint32{
		0: 0, -time.Second: 0, time.Second: 1 << 16, 5250 * time.Millisecond: 0x00054000,
		18 * time.Hour: 64800 << 16, 19 * time.Hour: math.MaxUint32, math.MaxInt64: math.MaxUint32,
	} {
		if got := Delay(d); got != want {
			t.Errorf("%v is %x, want %x", d, got, want)
		}
	}
}
