// Package oggreader reads Opus from Ogg files, RFC 7845.
//
// This sends a file at the speed at which it is to be heard:
//
//	reader, _, err := oggreader.NewWith(file)
//	if err != nil {
//		return err
//	}
//	start, at := time.Now(), time.Duration(0)
//	for sample, err := range reader.Samples() {
//		if err != nil {
//			return err
//		}
//		if err := track.WriteSample(sample); err != nil {
//			return err
//		}
//		at += sample.Duration
//		time.Sleep(time.Until(start.Add(at)))
//	}
//
// # Pages and packets
//
// Ogg keeps packets in pages, of which most programs fill one with a second of
// sound: 50 packets. ParseNextPage returns whole pages, whose payload is one
// packet only where the program that wrote the file meant it so, as ffmpeg does
// when told -page_duration 20000, and oggwriter. NextPacket, Packets and Samples
// return packets, wherever the pages end, with the duration that each has.
//
// # Several streams
//
// NewWith is for files with one stream, of which it returns the header. In a file
// with more, NewWithOptions makes a reader, and the packets say whose they are.
//
// # Errors
//
// What is no Ogg page, has a wrong checksum, or is no Opus packet is a
// *media.FormatError; a file that ends within a page matches io.ErrUnexpectedEOF.
// After a malformed packet NextPacket goes on with the one after it. A packet may
// have 61440 bytes for each stream in it (RFC 7845 §6), so that memory is bounded
// by the page, and by a packet for each of at most 64 logical bitstreams.
//
// The package starts no goroutine.
package oggreader
