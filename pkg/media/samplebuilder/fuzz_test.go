package samplebuilder

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// depacketizers are those that FuzzSampleBuilder chooses from.
var depacketizers = []func() rtp.Depacketizer{
	func() rtp.Depacketizer { return &letters{} },
	func() rtp.Depacketizer { return &codecs.VP8Packet{} },
	func() rtp.Depacketizer { return &codecs.VP9Packet{} },
	func() rtp.Depacketizer { return &codecs.AV1Depacketizer{} },
	func() rtp.Depacketizer { return &codecs.H264Packet{} },
	func() rtp.Depacketizer { return &codecs.H265Depacketizer{} },
	func() rtp.Depacketizer { return &codecs.OpusPacket{} },
}

// FuzzSampleBuilder reads its input as packets: six bytes of sequence number,
// timestamp, flags and length, and a payload.
func FuzzSampleBuilder(f *testing.F) {
	clip, err := os.ReadFile("../../../testdata/media/vp8.ivf")
	if err != nil {
		f.Fatal(err)
	}
	for which := range depacketizers {
		var seed []byte
		for i := range 12 {
			seed = append(seed, 0, byte(i*7%12), 0, byte(i/2), byte(i%2), 30)
			seed = append(seed, clip[44+i:44+i+30]...)
		}
		f.Add(uint8(which), uint16(4), seed)
	}
	f.Fuzz(func(t *testing.T, which uint8, maxLate uint16, data []byte) {
		held := map[*rtp.Packet]bool{}
		b := New(maxLate, depacketizers[int(which)%len(depacketizers)](), 90000,
			WithMaxTimeDelay(time.Duration(which)*time.Millisecond), WithRTPHeaders(which&1 != 0),
			WithPacketReleaseHandler(func(p *rtp.Packet) {
				if !held[p] {
					t.Fatalf("packet %d was released twice", p.SequenceNumber)
				}
				delete(held, p)
			}))
		for len(data) >= 6 {
			n := min(int(data[5]), len(data)-6)
			flags := data[4]
			p := &rtp.Packet{
				Header: rtp.Header{
					SequenceNumber: binary.BigEndian.Uint16(data), Timestamp: uint32(binary.BigEndian.Uint16(data[2:])) * 1500,
					Marker: flags&1 != 0, SSRC: uint32(flags >> 7),
				},
				Payload: data[6 : 6+n],
			}
			data = data[6+n:]
			held[p] = true
			b.Push(p)
			if flags&2 != 0 {
				b.Flush()
			}
			if flags&4 == 0 {
				for s := range b.Samples() {
					if len(s.Data) == 0 || s.Duration < 0 {
						t.Fatalf("sample %+v", s)
					}
				}
			}
		}
		b.Flush()
		for range b.Samples() {
		}
		if len(held) != 0 {
			t.Fatalf("%d packets were never released", len(held))
		}
	})
}
