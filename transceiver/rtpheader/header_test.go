package rtpheader

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/rtp"
)

// packet is a header with everything, two bytes of payload and three of
// padding.
func packet(t testing.TB) []byte {
	t.Helper()
	b, err := Append(nil, &Fields{
		Marker: true, PayloadType: 96, SequenceNumber: 0xFFFE, Timestamp: 0x01020304, SSRC: 0xCAFEBABE,
		CSRCs:    []uint32{1, 0x80000002},
		Elements: []Element{{ID: 1, Data: []byte{0xAA}}, {ID: 14, Data: bytes.Repeat([]byte{7}, 16)}, {ID: 5, Data: []byte{1, 2, 3}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return AppendPadding(append(b, 'h', 'i'), 3)
}

func TestParse(t *testing.T) {
	b := packet(t)
	var h Header
	if err := h.Parse(b); err != nil {
		t.Fatal(err)
	}
	if !h.Marker || h.PayloadType != 96 || h.SequenceNumber != 0xFFFE || h.Timestamp != 0x01020304 || h.SSRC != 0xCAFEBABE {
		t.Errorf("fields: %+v", h)
	}
	if h.CSRCCount != 2 || h.CSRC(b, 0) != 1 || h.CSRC(b, 1) != 0x80000002 {
		t.Errorf("contributing sources: %d", h.CSRCCount)
	}
	if h.PaddingSize != 3 || string(h.Payload(b)) != "hi" {
		t.Errorf("payload %q, padding %d", h.Payload(b), h.PaddingSize)
	}
	if got := h.Extension(b, 5); !bytes.Equal(got, []byte{1, 2, 3}) {
		t.Errorf("extension 5: %v", got)
	}
	if h.Extension(b, 2) != nil || h.Extension(b, 0) != nil {
		t.Error("an extension that is not there was found")
	}

	var other rtp.Packet
	if err := other.Unmarshal(b); err != nil {
		t.Fatalf("pion/rtp does not read it: %v", err)
	}
	if string(other.Payload) != "hi" || !bytes.Equal(other.GetExtension(5), []byte{1, 2, 3}) || other.SSRC != h.SSRC {
		t.Errorf("pion/rtp reads %+v", other)
	}
}

func TestParseRefuses(t *testing.T) {
	whole := packet(t)
	for n := range whole[:len(whole)-5] {
		var h Header
		if err := h.Parse(whole[:n:n]); !errors.Is(err, ErrShort) {
			t.Fatalf("%d bytes of a header of %d: %v", n, len(whole)-5, err)
		}
	}
	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
		want   error
	}{
		{"version 0", func(b []byte) []byte { b[0] &= 0x3f; return b }, ErrVersion},
		{"version 3", func(b []byte) []byte { b[0] |= 0xc0; return b }, ErrVersion},
		{"padding of zero bytes", func(b []byte) []byte { b[len(b)-1] = 0; return b }, ErrPadding},
		{"padding into the header", func(b []byte) []byte { b[len(b)-1] = 6; return b }, ErrPadding},
		{"padding without room", func(b []byte) []byte { return b[:len(b)-5] }, ErrPadding},
		{"a long extension", func(b []byte) []byte { b[22] = 0xff; return b }, ErrShort},
	} {
		before := Header{SSRC: 5}
		h := before
		if err := h.Parse(c.change(bytes.Clone(whole))); !errors.Is(err, c.want) || h != before {
			t.Errorf("%s: error %v, header %+v", c.name, err, h)
		}
	}
}

func TestPaddingOnly(t *testing.T) {
	b, err := Append(nil, &Fields{PayloadType: 97, SSRC: 1})
	if err != nil {
		t.Fatal(err)
	}
	b = AppendPadding(b, 255)
	var h Header
	if err := h.Parse(b); err != nil || len(b) != FixedSize+255 || h.PaddingSize != 255 || len(h.Payload(b)) != 0 {
		t.Errorf("error %v, %d bytes, padding %d, payload %d", err, len(b), h.PaddingSize, len(h.Payload(b)))
	}
	if got := AppendPadding(b, 0); len(got) != len(b) {
		t.Error("no padding added some")
	}
}
