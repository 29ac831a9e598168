// Package feedback reads and writes RTCP (RFC 3550 §6) without allocating, and
// holds the controllers that turn arrivals into feedback and feedback into
// results.
//
// A [Reader] walks the packets of a compound; one that is malformed costs only
// itself. Each kind of packet has a struct with Parse, which may be used again
// and again, and Append, which writes to the end of the caller's buffer:
//
//	r := feedback.NewReader(compound)
//	for p, ok := r.Next(); ok; p, ok = r.Next() {
//		if p.Is(feedback.KindNack) && nack.Parse(p) == nil {
//			resend(nack.Sequences)
//		}
//	}
//
// The controllers own neither clock nor timer: [TransportRecorder] and
// [CongestionRecorder] are told of arrivals and say when feedback is due,
// [SentHistory] remembers what was sent until feedback speaks of it.
package feedback
