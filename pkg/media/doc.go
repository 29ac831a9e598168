// Package media holds what programs that read and write media share: the
// sample, which is a coded picture or a piece of coded sound with its time, and
// the interface of everything that records RTP packets.
//
// The packages below it read and write files:
//
//   - ivfreader and ivfwriter: VP8, VP9 and AV1 in IVF
//   - h264reader and h264writer, h265reader and h265writer: Annex B byte streams
//   - oggreader and oggwriter: Opus in Ogg (RFC 7845)
//   - rtpdump: RTP and RTCP packets as rtptools record them
//
// and samplebuilder makes samples of RTP packets that come out of order and
// with holes.
//
// # Sending a file
//
// A reader gives samples; a sample track makes packets of them:
//
//	reader, _, err := ivfreader.NewWith(file)
//	…
//	for sample, err := range reader.Samples() {
//		…
//		err = track.WriteSample(sample)
//		time.Sleep(sample.Duration)
//	}
//
// ivfreader and oggreader know the durations of samples; h264reader and
// h265reader are told them, for a byte stream has no times.
//
// # Recording
//
// A writer takes the packets of a remote track as they arrive, puts them in
// order, leaves out what lacks a packet, and begins with a key frame:
//
//	writer, err := ivfwriter.New("out.ivf", ivfwriter.WithCodec("video/VP8"))
//	…
//	for {
//		packet, _, err := track.ReadRTP()
//		if err != nil {
//			break
//		}
//		if err := writer.WriteRTP(packet); err != nil {
//			return err
//		}
//	}
//	return writer.Close()
//
// # Errors
//
// What is wrong with a file is a *FormatError, which says what and where. A
// file that ends within a frame or page matches io.ErrUnexpectedEOF, one that
// ends between two io.EOF. A writer that has been closed returns an error that
// matches net.ErrClosed. Readers take no more memory than the largest frame
// that their package documents, whatever length a file claims.
//
// None of these packages starts a goroutine.
package media
