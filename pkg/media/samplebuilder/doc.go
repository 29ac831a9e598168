// Package samplebuilder makes samples, which are whole frames, of RTP packets
// that come out of order, twice, or not at all.
//
//	builder := samplebuilder.New(128, &codecs.VP8Packet{}, 90000)
//	for {
//		packet, _, err := track.ReadRTP()
//		if err != nil {
//			return err
//		}
//		builder.Push(packet)
//		for sample := range builder.Samples() {
//			decode(sample.Data)
//		}
//	}
//
// # What a sample is made of
//
// RFC 3550 §5.1 gives the three fields that it goes by. Sequence numbers order
// the packets: "The sequence number increments by one for each RTP data packet
// sent, and may be used by the receiver to detect packet loss and to restore
// packet sequence." Timestamps hold a frame together: "Several consecutive RTP
// packets will have equal timestamps if they are (logically) generated at once,
// e.g., belong to the same video frame." The marker ends one, where the payload
// format says so: RFC 7741 §4.1 for VP8, "MUST be set for the very last packet of
// each encoded frame in line with the normal use of the M bit in video formats";
// the depacketizer knows. A frame whose first packet the depacketizer does not
// recognise as the first of a frame is not complete and is dropped.
//
// # What is lost
//
// A missing packet is waited for until maxLate newer sequence numbers have come,
// or until WithMaxTimeDelay says that it has held things up for too long. Then
// the sample that it belongs to is dropped, and the next one says in
// PrevDroppedPackets how many packets that took, the lost ones included. Packets
// without payload, as senders use them to probe for bandwidth, take a sequence
// number and are neither media nor loss.
//
// A sender that starts again with other sequence numbers is recognised by its
// SSRC, or, as RFC 3550 A.1 does it, by two packets in sequence far away from
// the others. What was complete before is still returned.
package samplebuilder
