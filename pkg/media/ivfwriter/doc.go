// Package ivfwriter writes VP8, VP9 and AV1 to IVF files, of RTP packets or of
// frames.
//
// This records a remote track:
//
//	writer, err := ivfwriter.New("out.ivf", ivfwriter.WithCodec(track.Codec().MimeType))
//	if err != nil {
//		return err
//	}
//	defer writer.Close()
//	for {
//		packet, _, err := track.ReadRTP()
//		if err != nil {
//			return err
//		}
//		if err := writer.WriteRTP(packet); err != nil {
//			return err
//		}
//	}
//
// Packets may come out of order and twice. The writer waits for a missing one
// until 256 others have come after it. A frame that lacks a packet is left out,
// and so is everything before the first key frame: no decoder could begin with
// it. What is left out is counted by Dropped and is no error, so that neither a
// lossy path nor a hostile peer ends a recording; errors are those of the file.
//
// The file header is written with the first frame, whose picture size it takes
// unless WithWidthAndHeight gives one. Close puts the number of frames into it
// where the output can seek.
//
// Programs that have frames, of an encoder or a sample builder, use WriteFrame.
package ivfwriter
