// Package h264reader reads H.264 in the byte stream format of Annex B, as ffmpeg
// and x264 write it to files that end in .h264 or .264.
//
// A byte stream has no times, so its frame rate must be known. This sends 30
// frames per second:
//
//	reader, err := h264reader.NewReader(file)
//	if err != nil {
//		return err
//	}
//	ticker := time.NewTicker(time.Second / 30)
//	defer ticker.Stop()
//	for sample, err := range reader.Samples(time.Second / 30) {
//		if err != nil {
//			return err
//		}
//		<-ticker.C
//		if err := track.WriteSample(sample); err != nil {
//			return err
//		}
//	}
//
// Samples and NextAccessUnit put the units of a picture together: its parameter
// sets, which have its time, and its slices. NextNAL returns units one by one;
// sent as samples of their own, each needs the duration zero but the last one of
// its picture.
//
// A stream that does not begin with a start code is a *media.FormatError. A unit
// may have 64 MiB at most, and no more than that is held. A stream that is cut
// short within a unit can not be told from one that ends there.
//
// The package starts no goroutine.
package h264reader
