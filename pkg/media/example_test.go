package media_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/parleyrtc/webrtc/pkg/media"
	"github.com/parleyrtc/webrtc/pkg/media/ivfreader"
	"github.com/parleyrtc/webrtc/pkg/media/ivfwriter"
)

// A file is sent as packets, of which one in forty is lost, and recorded.
func Example() {
	clip, err := os.ReadFile("../../testdata/media/vp8.ivf")
	if err != nil {
		panic(err)
	}
	reader, _, err := ivfreader.NewWith(bytes.NewReader(clip))
	if err != nil {
		panic(err)
	}
	var recording bytes.Buffer
	var writer media.Writer
	writer, err = ivfwriter.NewWith(&recording, ivfwriter.WithCodec("video/VP8"))
	if err != nil {
		panic(err)
	}

	packetizer := rtp.NewPacketizer(1200, 96, 1, &codecs.VP8Payloader{}, rtp.NewFixedSequencer(0), 90000)
	for sample, err := range reader.Samples() {
		if err != nil {
			panic(err)
		}
		for _, packet := range packetizer.Packetize(sample.Data, 3000) {
			if packet.SequenceNumber%40 == 20 {
				continue
			}
			if err := writer.WriteRTP(packet); err != nil {
				panic(err)
			}
		}
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}

	recorded, _, err := ivfreader.NewWith(&recording)
	if err != nil {
		panic(err)
	}
	frames := 0
	for range recorded.Samples() {
		frames++
	}
	fmt.Println(frames, "of 120 frames are whole")
	// Output: 117 of 120 frames are whole
}

func ExampleFormatError() {
	_, _, err := ivfreader.NewWith(bytes.NewReader([]byte("RIFF")))
	var format *media.FormatError
	if errors.As(err, &format) {
		fmt.Println(format.Format, "at byte", format.Offset, "cut short:", errors.Is(err, io.ErrUnexpectedEOF))
	}
	// Output: IVF at byte 0 cut short: true
}
