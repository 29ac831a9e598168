package ivfwriter

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media/ivfreader"
)

// FuzzWriter reads its input as packets, five bytes of sequence number, timestamp,
// flags and length and a payload, and reads the file back that they give.
func FuzzWriter(f *testing.F) {
	for which, v := range videos {
		_, frames := clip(f, v.clip)
		var seed []byte
		for _, p := range packets(frames[:3], v.payloader()) {
			payload := p.Payload[:min(len(p.Payload), 60)]
			flags := byte(0)
			if p.Marker {
				flags = 1
			}
			seed = binary.BigEndian.AppendUint16(seed, p.SequenceNumber)
			seed = append(seed, byte(p.Timestamp/3000), flags, byte(len(payload)))
			seed = append(seed, payload...)
		}
		f.Add(uint8(which), seed)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		var b bytes.Buffer
		w, err := NewWith(&b, WithCodec(videos[int(which)%len(videos)].mimeType))
		if err != nil {
			t.Fatal(err)
		}
		for len(data) >= 5 {
			n := min(int(data[4]), len(data)-5)
			err := w.WriteRTP(&rtp.Packet{
				Header: rtp.Header{
					SequenceNumber: binary.BigEndian.Uint16(data), Timestamp: uint32(data[2]) * 3000,
					Marker: data[3]&1 != 0, SSRC: uint32(data[3] >> 7),
				},
				Payload: data[5 : 5+n],
			})
			if err != nil {
				t.Fatal(err)
			}
			data = data[5+n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, _, err := ivfreader.NewWith(&b)
		if err != nil {
			t.Fatal(err)
		}
		last := uint64(0)
		for {
			_, h, err := r.ParseNextFrame()
			if err == io.EOF {
				return
			}
			if err != nil || h.Timestamp < last {
				t.Fatalf("the file is not whole: %v, timestamp %d after %d", err, h.Timestamp, last)
			}
			last = h.Timestamp
		}
	})
}
