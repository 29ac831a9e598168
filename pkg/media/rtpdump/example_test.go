package rtpdump_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media/rtpdump"
)

func Example() {
	var file bytes.Buffer
	writer, err := rtpdump.NewWriter(&file, rtpdump.Header{Start: time.Unix(1700000000, 0)})
	if err != nil {
		panic(err)
	}
	packet := rtpdump.Packet{Offset: 20 * time.Millisecond, Payload: []byte("an RTP packet")}
	if err := writer.WritePacket(packet); err != nil {
		panic(err)
	}

	reader, header, err := rtpdump.NewReader(&file)
	if err != nil {
		panic(err)
	}
	for packet, err := range reader.Packets() {
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %s\n", header.Start.Add(packet.Offset).Format(time.RFC3339Nano), packet.Payload)
	}
	// Output: 2023-11-14T22:13:20.02Z: an RTP packet
}
