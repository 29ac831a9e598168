// Package transceiver is the RTP session of a connection: what arrives is
// given to the tracks that it belongs to, what is sent is numbered, marked and
// remembered, and RTCP is written and answered (RFC 3550, RFC 4585).
//
// The package may be imported, but only the root package webrtc promises
// compatibility.
//
// It has no clock, no goroutine and no socket: the time is an argument of every
// function that needs it, and packets leave through a function of the
// configuration. The one exception is the program's own goroutine in Track.Read,
// which waits on the wall clock for its deadline, and for packets that are missing
// (see [Track.SetOrdered]).
//
// # How its parts meet
//
// A [Session] is the RTP session of one transport. Goroutines that read sockets
// give it packets, and end each batch with Flush; the connection's loop gives it
// the time:
//
//	s := transceiver.NewSession(transceiver.SessionConfig{Send: path.send, Wake: loop.wake, CNAME: cname})
//	s.SetReceivers([]transceiver.Reception{{Receiver: r, Parameters: p}})
//	s.SetKeys(sealer, opener)
//	…
//	s.HandleRTP(now, packet, ecn)
//	s.Flush(now)
//	…
//	s.HandleTimeout(now) // at s.NextTimeout(), which Wake says is earlier now
//
// A [Receiver] is what comes in for one transceiver. It has a [Track] for each
// encoding, whose packets are read, or pushed to a function:
//
//	r := transceiver.NewReceiver(codec.Video, transceiver.ReceiverConfig{OnTrack: announce})
//	r.Main().OnPacket(func(p *transceiver.Packet) { … })
//
// A [SendStream] is what sends one encoding.
//
// # What happens to a packet that arrives
//
// It is decrypted in place; its SSRC, its MID, its RID or its payload type tell
// the m-line and the track (RFC 9143 §9.2), and it waits, within bounds, if they do
// not yet. A retransmission becomes the packet that it repeats (RFC 4588),
// redundant audio the packets that it is made of (RFC 2198). Each packet is
// delivered once. Packets that are missing are asked for until they are of no use,
// then a key frame is. All of this happens whether anybody reads or not.
//
// The receiving half has one mutex, which is held for the way of a packet to its
// track. No function of a configuration is called with it held.
package transceiver
