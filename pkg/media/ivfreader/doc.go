// Package ivfreader reads IVF files, the simple container in which the VP8, VP9
// and AV1 tools keep their frames: a header of 32 bytes, then for each frame its
// size, its time in units of the header's time base, and its bytes.
//
// This sends a file at the speed at which it is to be shown:
//
//	reader, header, err := ivfreader.NewWith(file)
//	if err != nil {
//		return err
//	}
//	for sample, err := range reader.Samples() {
//		if err != nil {
//			return err
//		}
//		if err := track.WriteSample(sample); err != nil {
//			return err
//		}
//		time.Sleep(sample.Duration) // a ticker drifts less
//	}
//
// ParseNextFrame gives frames one by one, with their headers.
//
// A file that is not IVF, or that ends within a frame, is a *media.FormatError,
// the latter matching io.ErrUnexpectedEOF. A frame may have 64 MiB at most, and
// takes no memory before its bytes are there.
package ivfreader
