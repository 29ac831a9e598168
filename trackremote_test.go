package webrtc

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// A peer whose header extension is cut off has sent media all the same: reading
// goes on.
func TestPacketsWithBrokenExtensionsAreRead(t *testing.T) {
	raw := []byte{
		0x91, 0x80 | 96, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5, 0, 0, 0, 6,
		0xBE, 0xDE, 0, 1, 0x10, 'a', 0x5F, 0, // an element of 16 bytes, of which there is one
		'm', 'e', 'd', 'i', 'a',
	}
	var p rtp.Packet
	if p.Unmarshal(raw) == nil {
		t.Fatal("the packet is not broken")
	}
	if err := unmarshal(&p, raw); err != nil {
		t.Fatal(err)
	}
	if string(p.Payload) != "media" || p.SequenceNumber != 7 || p.Timestamp != 9 || p.SSRC != 5 || !p.Marker || p.PayloadType != 96 ||
		len(p.CSRC) != 1 || p.CSRC[0] != 6 || string(p.GetExtension(1)) != "a" || p.GetExtension(5) != nil {
		t.Errorf("%+v", p)
	}
	if unmarshal(&p, raw[:15]) == nil {
		t.Error("half a header is a packet")
	}
}

// Whatever the session takes for a packet is one here.
func TestWhatIsReceivedIsUnmarshalled(t *testing.T) {
	for seed := range uint64(20000) {
		r := rand.New(rand.NewPCG(seed, 0))
		raw := make([]byte, 12+r.IntN(60))
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		raw[0] = 0x80 | raw[0]&0x31
		if len(raw) > 20 && raw[0]&1 == 0 {
			copy(raw[12:], []byte{0xBE, 0xDE, 0, byte(r.IntN(8))})
			if r.IntN(2) == 0 {
				copy(raw[12:], []byte{0x10, byte(r.IntN(16))})
			}
		}
		var h rtpheader.Header
		if h.Parse(raw) != nil {
			continue
		}
		var p rtp.Packet
		if err := unmarshal(&p, raw); err != nil {
			t.Fatalf("seed %d: %x: %v", seed, raw, err)
		}
		if p.SequenceNumber != h.SequenceNumber || len(p.CSRC) != int(h.CSRCCount) || !bytes.Equal(p.Payload, h.Payload(raw)) {
			t.Fatalf("seed %d: %x was read as %+v", seed, raw, p)
		}
	}
}
