// Package sctptransport runs one SCTP association (RFC 9260) over a DTLS
// connection (RFC 8261) and hides the engine that does it.
//
// Dial brings an association up and returns it. Start says who is told of the
// streams that the peer uses, and OnReadable of a stream who is told that
// something has come on it; each stream carries whole messages with a payload
// protocol identifier. An association is one path, one port pair and as many
// streams as SCTP has.
//
// What the engine does not do well is mended here, so that nothing above has to
// know about it:
//
//   - The queue inside the engine is kept shallow. Room says how many more
//     bytes it should be given, and the function given to OnRoom is called when
//     there is room again. Who queues more than that keeps it himself and can
//     still drop, reorder or count it.
//   - Stream resets (RFC 6525) are collected and sent one request at a time,
//     and the caller learns when the peer has performed his (see [Stream.Reset]).
//     A request that the peer repeats is answered as before and not performed
//     again, so that ids may be used again.
//   - Nobody has to wait for a stream: the engine's readers and its AcceptStream
//     block, and it drops what comes on more than 16 streams that nobody has
//     accepted. Here streams are looked at when a packet has something for them,
//     which also keeps the engine's queues short; it sorts them for each message.
//   - Packets that the engine writes one by one leave together, if the connection
//     below can do that: it may have, besides Write, Append and Flush.
//   - Messages that can never be received whole, because they are larger than the
//     receive buffer, end the association instead of stalling it for ever.
//   - The end of the association and the end of a stream are told apart.
//
// A peer that is gone is not noticed here: ICE's consent checks are there for
// that (RFC 7675), and Close or Abort end the association.
//
// # Goroutines
//
// The engine runs three for each association, which end with Close or Abort or
// when the connection below fails. The package starts one (out.flushAll) for a burst
// of packets, which sends it and ends, and one (ending.report) that tells of the
// end of the association. Close waits for them.
package sctptransport
