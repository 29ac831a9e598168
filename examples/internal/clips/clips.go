// Package clips has a video and a sound for examples to send, in the program
// itself, so that it runs anywhere. They are copies of testdata/media, where it
// says how they were made; a test sees to it that they stay so.
package clips

import (
	"bytes"
	_ "embed"
	"io"
)

//go:embed vp8.ivf
var video []byte

//go:embed opus.ogg
var sound []byte

// Video returns a reader of four seconds of VP8 in IVF, 320 by 240 pixels.
func Video() io.Reader { return bytes.NewReader(video) }

// Sound returns a reader of six seconds of Opus in Ogg.
func Sound() io.Reader { return bytes.NewReader(sound) }
