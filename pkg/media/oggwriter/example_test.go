package oggwriter_test

import (
	"bytes"
	"fmt"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/pkg/media/oggreader"
	"github.com/parleyrtc/webrtc/pkg/media/oggwriter"
)

// The second packet of 20 ms is lost: the file has two bytes in its place, which
// make a decoder conceal it.
func Example() {
	var file bytes.Buffer
	writer, err := oggwriter.NewWith(&file, 48000, 2)
	if err != nil {
		panic(err)
	}
	for _, n := range []uint16{0, 2, 3} {
		packet := &rtp.Packet{
			Header:  rtp.Header{SequenceNumber: n, Timestamp: uint32(n) * 960},
			Payload: append([]byte{0xfc}, "sound"...),
		}
		if err := writer.WriteRTP(packet); err != nil {
			panic(err)
		}
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}

	reader, _, err := oggreader.NewWith(&file)
	if err != nil {
		panic(err)
	}
	for packet, err := range reader.Packets() {
		if err != nil {
			panic(err)
		}
		fmt.Println(len(packet.Data), "bytes,", packet.Duration)
	}
	// Output:
	// 6 bytes, 20ms
	// 2 bytes, 20ms
	// 6 bytes, 20ms
	// 6 bytes, 20ms
}
