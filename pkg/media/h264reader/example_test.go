package h264reader_test

import (
	"fmt"
	"io"
	"os"

	"github.com/parleyrtc/webrtc/pkg/media/h264reader"
)

func Example() {
	file, err := os.Open("../../../testdata/media/h264.h264")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	reader, err := h264reader.NewReader(file)
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
