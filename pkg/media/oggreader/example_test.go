package oggreader_test

import (
	"fmt"
	"os"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media/oggreader"
)

// The pages of the file have 50 packets each.
func Example() {
	file, err := os.Open("../../../testdata/media/opus-pages.ogg")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	reader, header, err := oggreader.NewWith(file)
	if err != nil {
		panic(err)
	}
	packets, length := 0, time.Duration(0)
	for packet, err := range reader.Packets() {
		if err != nil {
			panic(err)
		}
		packets, length = packets+1, length+packet.Duration
	}
	fmt.Printf("%d channels, %d packets, %v\n", header.Channels, packets, length)
	// Output: 2 channels, 312 packets, 6.24s
}
