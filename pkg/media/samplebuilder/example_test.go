package samplebuilder_test

import (
	"fmt"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/parleyrtc/webrtc/pkg/media/samplebuilder"
)

// Opus has a packet for each sample. The second one comes late.
func Example() {
	builder := samplebuilder.New(10, &codecs.OpusPacket{}, 48000)
	for _, seq := range []uint16{1, 3, 2, 4} {
		builder.Push(&rtp.Packet{
			Header:  rtp.Header{SequenceNumber: seq, Timestamp: uint32(seq) * 960},
			Payload: fmt.Appendf(nil, "packet %d", seq),
		})
		for sample := range builder.Samples() {
			fmt.Printf("%s, %v\n", sample.Data, sample.Duration)
		}
	}
	// Output:
	// packet 1, 20ms
	// packet 2, 20ms
	// packet 3, 20ms
}
