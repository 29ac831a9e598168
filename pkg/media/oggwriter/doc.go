// Package oggwriter writes Opus to Ogg files, RFC 7845, of RTP packets or of Opus
// packets.
//
// This records a remote track:
//
//	writer, err := oggwriter.New("out.ogg", 48000, 2)
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
// A Writer writes several tracks to one file.
//
// # Order, loss and silence
//
// Packets may come out of order and twice. The writer waits for a missing one
// until 256 others have come after it. Where the RTP timestamps say that sound is
// missing, because it was lost or because the sender paused, the file has packets
// that make a decoder conceal it (RFC 7845 §4.1), so that what comes after is
// heard at its time. A gap of more than a minute, and timestamps that go back,
// are taken for the start of another recording, which follows without a gap.
//
// What is not in the file is counted by Dropped and is no error, so that neither
// a lossy path nor a hostile peer ends a recording; errors are those of the file.
//
// # Pages
//
// Each packet is on a page of its own, which costs some 28 bytes for each and
// makes a file that can be read at any moment. The last page of a track must say
// so; therefore the page of a packet is written when the next one comes, or by
// Close.
//
// The package starts no goroutine.
package oggwriter
