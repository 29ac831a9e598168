package ivfwriter_test

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/parleyrtc/webrtc/pkg/media/ivfreader"
	"github.com/parleyrtc/webrtc/pkg/media/ivfwriter"
)

// Frames of an encoder, or of a sample builder, are written with their times.
func ExampleIVFWriter_WriteFrame() {
	clip, err := os.Open("../../../testdata/media/vp9.ivf")
	if err != nil {
		panic(err)
	}
	defer clip.Close()
	reader, _, err := ivfreader.NewWith(clip)
	if err != nil {
		panic(err)
	}

	var out bytes.Buffer
	writer, err := ivfwriter.NewWith(&out, ivfwriter.WithCodec("video/VP9"), ivfwriter.WithFrameRate(1, 90000))
	if err != nil {
		panic(err)
	}
	at := time.Duration(0)
	for sample, err := range reader.Samples() {
		if err != nil {
			panic(err)
		}
		if err := writer.WriteFrame(sample.Data, at); err != nil {
			panic(err)
		}
		at += sample.Duration
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}

	_, header, err := ivfreader.NewWith(&out)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s, %dx%d\n", header.FourCC, header.Width, header.Height)
	// Output: VP90, 320x240
}
