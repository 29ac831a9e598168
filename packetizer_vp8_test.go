package webrtc

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp/codecs"
)

// Frames come out of the payloads as they went in, in the fewest that fit, which
// have one size but for the last. The descriptor is that of RFC 7741 §4.2.
func TestVP8Payloads(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 41))
	p := &vp8Payloader{pictureID: vp8PictureIDMask - 50}
	sizes := []int{1, 2, 1156, 1157, 2312, 2313, 30000, 300000, 5, 1156 * 1200}
	for i := range 200 {
		n := 1 + r.IntN(60000)
		if i < len(sizes) {
			n = sizes[i]
		}
		frame := make([]byte, n)
		for i := range frame {
			frame[i] = byte(r.Uint32())
		}
		var got []byte
		payloads := p.Payload(payloadLimit, frame)
		for k, payload := range payloads {
			var v codecs.VP8Packet
			rest, err := v.Unmarshal(payload)
			if err != nil {
				t.Fatal(err)
			}
			id := uint16(vp8PictureIDMask-50+i) & vp8PictureIDMask
			if (v.S == 1) != (k == 0) || v.PID != 0 || v.N != 0 || v.I != 1 || v.L != 0 || v.T != 0 || v.K != 0 || v.PictureID != id {
				t.Fatalf("packet %d of frame %d is described as %+v", k, i, v)
			}
			if last := k == len(payloads)-1; len(payload) > payloadLimit || len(payload) > len(payloads[0]) || !last && len(payload) != len(payloads[0]) {
				t.Errorf("packet %d of %d has %d bytes, the first %d", k, len(payloads), len(payload), len(payloads[0]))
			}
			got = append(got, rest...)
		}
		if !bytes.Equal(got, frame) {
			t.Fatalf("a frame of %d bytes comes out as %d others", n, len(got))
		}
		most := payloadLimit - vp8DescriptorLen
		if want := (n + most - 1) / most; len(payloads) != want {
			t.Errorf("%d bytes take %d packets, want %d", n, len(payloads), want)
		}
	}
	if p.Payload(payloadLimit, nil) != nil || p.Payload(vp8DescriptorLen, []byte{1}) != nil {
		t.Error("payloads of nothing, or without room")
	}
}
