package h265reader_test

import (
	"fmt"
	"io"
	"os"

	"github.com/parleyrtc/webrtc/pkg/media/h265reader"
)

func Example() {
	file, err := os.Open("../../../testdata/media/h265.h265")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	reader, err := h265reader.NewReader(file)
	if err != nil {
		panic(err)
	}
	frames, keyFrames := 0, 0
	for {
		unit, err := reader.NextAccessUnit()
		if err == io.EOF {
			break
		}
		if err != nil {
			panic(err)
		}
		frames++
		if unit.KeyFrame {
			keyFrames++
		}
	}
	fmt.Println(frames, "frames,", keyFrames, "key frames")
	// Output: 120 frames, 4 key frames
}
