// Package rtpdump reads and writes the format in which the rtptools record RTP and
// RTCP packets with the times at which they came
// (https://www.cs.columbia.edu/irt/software/rtptools/). Wireshark writes it too.
//
// This records a track:
//
//	start := time.Now()
//	writer, err := rtpdump.NewWriter(file, rtpdump.Header{Start: start})
//	if err != nil {
//		return err
//	}
//	buffer := make([]byte, 1500)
//	for {
//		n, _, err := track.Read(buffer)
//		if err != nil {
//			return err
//		}
//		packet := rtpdump.Packet{Offset: time.Since(start), Payload: buffer[:n]}
//		if err := writer.WritePacket(packet); err != nil {
//			return err
//		}
//	}
//
// What can not be in a file, and what is wrong with one that is read, is a
// *media.FormatError; a file that ends within a packet matches
// io.ErrUnexpectedEOF. A packet has 65527 bytes at most, which bounds the memory
// that a reader takes.
//
// The package starts no goroutine.
package rtpdump
