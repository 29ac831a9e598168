package h265writer_test

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media/h265reader"
	"github.com/parleyrtc/webrtc/pkg/media/h265writer"
)

// Frames of an encoder, or of a sample builder, are written as they are.
func ExampleH265Writer_WriteFrame() {
	clip, err := os.Open("../../../testdata/media/h265.h265")
	if err != nil {
		panic(err)
	}
	defer clip.Close()
	reader, err := h265reader.NewReader(clip)
	if err != nil {
		panic(err)
	}

	var out bytes.Buffer
	writer := h265writer.NewWith(&out)
	frames := 0
	for sample, err := range reader.Samples(time.Second / 30) {
		if err != nil {
			panic(err)
		}
		if err := writer.WriteFrame(sample.Data); err != nil {
			panic(err)
		}
		frames++
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	fmt.Println(frames, "frames,", writer.Dropped(), "left out")
	// Output: 120 frames, 0 left out
}
