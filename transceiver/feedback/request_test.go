package feedback

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/pion/rtcp"
)

func TestNack(t *testing.T) {
	for _, c := range []struct {
		name      string
		sequences []uint16
		pairs     int
	}{
		{"one", []uint16{7}, 1},
		{"seventeen in a row", []uint16{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}, 1},
		{"the eighteenth", []uint16{1, 17, 18}, 2},
		{"around the wrap", []uint16{65534, 65535, 0, 14}, 1},
		{"far apart", []uint16{1, 1000, 30000}, 3},
	} {
		want := Nack{Sender: 1, Media: 2, Sequences: c.sequences}
		b := want.Append(nil)
		var got Nack
		if err := got.Parse(only(t, b)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: error %v, got %+v", c.name, err, got)
		}
		other := asPion[*rtcp.TransportLayerNack](t, b)
		var all []uint16
		for i := range other.Nacks {
			all = append(all, other.Nacks[i].PacketList()...)
		}
		if len(other.Nacks) != c.pairs || !slices.Equal(all, c.sequences) {
			t.Errorf("%s: pion/rtcp reads %+v", c.name, other)
		}
	}
	if b := (&Nack{}).Append(nil); len(b) != 0 {
		t.Error("nothing is missing, yet asked for")
	}
}

// TestNackOutOfOrder: every number is asked for, however they are ordered.
func TestNackOutOfOrder(t *testing.T) {
	b := (&Nack{Sequences: []uint16{9, 3, 3, 5, 65535}}).Append(nil)
	var got Nack
	if err := got.Parse(only(t, b)); err != nil {
		t.Fatal(err)
	}
	if want := []uint16{9, 3, 5, 65535}; !slices.Equal(got.Sequences, want) {
		t.Errorf("got %v, want %v", got.Sequences, want)
	}
}

// TestManyNacks: a long list takes several packets that fit datagrams, and a
// hostile packet is answered in bounds.
func TestManyNacks(t *testing.T) {
	var n Nack
	for i := range 600 {
		n.Sequences = append(n.Sequences, uint16(100*i))
	}
	var got []uint16
	r := NewReader(n.Append(nil))
	for p, ok := r.Next(); ok; p, ok = r.Next() {
		var one Nack
		if err := one.Parse(p); err != nil || len(p.Raw) > 1200 {
			t.Errorf("error %v, a packet of %d bytes", err, len(p.Raw))
		}
		got = append(got, one.Sequences...)
	}
	if !slices.Equal(got, n.Sequences) {
		t.Errorf("%d sequence numbers of %d", len(got), len(n.Sequences))
	}
	hostile := Packet{Type: TypeTransportFeedback, Count: formatNack, Body: slices.Repeat([]byte{0xff}, 8+4*10000)}
	if err := n.Parse(hostile); err != nil || len(n.Sequences) > MaxNackSequences {
		t.Errorf("error %v, %d sequence numbers", err, len(n.Sequences))
	}
}

func TestKeyFrameRequests(t *testing.T) {
	pli := PictureLoss{Sender: 1, Media: 2}
	var gotPLI PictureLoss
	if err := gotPLI.Parse(only(t, pli.Append(nil))); err != nil || gotPLI != pli {
		t.Errorf("error %v, got %+v", err, gotPLI)
	}
	if other := asPion[*rtcp.PictureLossIndication](t, pli.Append(nil)); other.SenderSSRC != 1 || other.MediaSSRC != 2 {
		t.Errorf("pion/rtcp reads %+v", other)
	}
	fir := FullIntra{Sender: 1, Requests: []IntraRequest{{2, 3}, {4, 255}}}
	b := fir.Append(nil)
	var gotFIR FullIntra
	if err := gotFIR.Parse(only(t, b)); err != nil || !reflect.DeepEqual(gotFIR, fir) {
		t.Errorf("error %v, got %+v", err, gotFIR)
	}
	if other := asPion[*rtcp.FullIntraRequest](t, b); other.MediaSSRC != 0 || len(other.FIR) != 2 || other.FIR[1].SequenceNumber != 255 {
		t.Errorf("pion/rtcp reads %+v", other)
	}
	if b := (&FullIntra{}).Append(nil); len(b) != 0 {
		t.Error("a request to nobody")
	}
}

func TestMaxBitrate(t *testing.T) {
	for _, c := range []struct{ in, out uint64 }{
		{0, 0}, {1, 1}, {262143, 262143}, {262144, 262144}, {262145, 262144}, {8927168, 8927168},
		{math.MaxUint64, (1<<18 - 1) << 46},
	} {
		m := MaxBitrate{Sender: 1, Bitrate: c.in, SSRCs: []uint32{2, 3}}
		b := m.Append(nil)
		var got MaxBitrate
		if err := got.Parse(only(t, b)); err != nil || got.Bitrate != c.out || got.Sender != 1 || !slices.Equal(got.SSRCs, m.SSRCs) {
			t.Errorf("%d: error %v, got %+v", c.in, err, got)
		}
		// pion/rtcp reads zero as some megabits.
		if other := asPion[*rtcp.ReceiverEstimatedMaximumBitrate](t, b); c.in > 0 && float64(other.Bitrate) != float64(float32(c.out)) || len(other.SSRCs) != 2 {
			t.Errorf("%d: pion/rtcp reads %+v", c.in, other)
		}
	}
	// An exponent that leaves 64 bits.
	b := (&MaxBitrate{Bitrate: 1}).Append(nil)
	copy(b[17:], []byte{0xff, 0xff, 0xff})
	var got MaxBitrate
	if err := got.Parse(only(t, b)); err != nil || got.Bitrate != math.MaxUint64 {
		t.Errorf("error %v, bitrate %d", err, got.Bitrate)
	}
	b[16] = 1 // an SSRC that is not there
	if err := got.Parse(only(t, b)); err != ErrMalformed {
		t.Errorf("a missing SSRC: %v", err)
	}
	long := MaxBitrate{SSRCs: make([]uint32, 300)}
	if err := got.Parse(only(t, long.Append(nil))); err != nil || len(got.SSRCs) != 255 {
		t.Errorf("error %v, %d SSRCs", err, len(got.SSRCs))
	}
}
