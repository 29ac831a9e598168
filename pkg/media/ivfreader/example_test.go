package ivfreader_test

import (
	"fmt"
	"os"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media/ivfreader"
)

func Example() {
	file, err := os.Open("../../../testdata/media/vp8.ivf")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	reader, header, err := ivfreader.NewWith(file)
	if err != nil {
		panic(err)
	}
	frames, length := 0, time.Duration(0)
	for sample, err := range reader.Samples() {
		if err != nil {
			panic(err)
		}
		frames, length = frames+1, length+sample.Duration
	}
	fmt.Printf("%s, %dx%d, %d frames in %v\n", header.FourCC, header.Width, header.Height, frames, length.Round(time.Millisecond))
	// Output: VP80, 320x240, 120 frames in 4s
}
