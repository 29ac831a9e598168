package rtpheader

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"
)

// FuzzParse reads any bytes, compares with pion/rtp, and writes what it read
// again.
func FuzzParse(f *testing.F) {
	f.Add(packet(f))
	f.Add(withExtension(OneByte, 0x10, 0xAA, 0, 0x22, 1, 2, 3))
	f.Add(withExtension(TwoByte, 1, 1, 0xAA, 0, 2, 0, 200, 2, 1, 2))
	f.Add(withExtension(0xABAC, 1, 2, 3, 4))
	f.Add([]byte{0xBF, 0xFF, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var h Header
		if h.Parse(b) != nil {
			return
		}
		fields := Fields{Marker: h.Marker, PayloadType: h.PayloadType, SequenceNumber: h.SequenceNumber, Timestamp: h.Timestamp, SSRC: h.SSRC}
		for i := range int(h.CSRCCount) {
			fields.CSRCs = append(fields.CSRCs, h.CSRC(b, i))
		}
		seen := map[uint8]bool{}
		for id, data := range h.Extensions(b) {
			if !seen[id] && !bytes.Equal(h.Extension(b, id), data) {
				t.Errorf("element %d is found as %x, iterated as %x", id, h.Extension(b, id), data)
			}
			seen[id] = true
			fields.Elements = append(fields.Elements, Element{ID: id, Data: data})
		}
		if h.HasExtension && len(fields.Elements) == 0 {
			fields.Profile, fields.Raw = h.Profile, h.RawExtension(b)
		}
		comparePion(t, b, &h)

		out, err := Append(nil, &fields)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) != fields.Size() {
			t.Errorf("%d bytes were written, %d announced", len(out), fields.Size())
		}
		out = AppendPadding(append(out, h.Payload(b)...), h.PaddingSize)
		var again Header
		if err := again.Parse(out); err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if !bytes.Equal(again.Payload(out), h.Payload(b)) || again.PaddingSize != h.PaddingSize || again.SSRC != h.SSRC {
			t.Errorf("%+v became %+v", h, again)
		}
		i := 0
		for id, data := range again.Extensions(out) {
			if want := fields.Elements[i]; id != want.ID || !bytes.Equal(data, want.Data) {
				t.Errorf("element %d: %d:%x, want %d:%x", i, id, data, want.ID, want.Data)
			}
			i++
		}
		if i != len(fields.Elements) {
			t.Errorf("%d elements of %d", i, len(fields.Elements))
		}
	})
}

// comparePion compares the fixed header with what pion/rtp reads. It is stricter
// with extensions and does not remove all of the padding that is allowed.
func comparePion(t *testing.T, b []byte, h *Header) {
	var other rtp.Header
	n, err := other.Unmarshal(b)
	if err != nil {
		return
	}
	if n != h.Size() || other.Marker != h.Marker || other.PayloadType != h.PayloadType || other.SequenceNumber != h.SequenceNumber ||
		other.Timestamp != h.Timestamp || other.SSRC != h.SSRC || len(other.CSRC) != int(h.CSRCCount) {
		t.Errorf("pion/rtp reads %+v in %d bytes, this %+v", other, n, *h)
	}
}
