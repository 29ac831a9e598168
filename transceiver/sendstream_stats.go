package transceiver

import "time"

// SendStats is what a stream has sent, and what the peer says of it. Counts are
// since the stream was made.
type SendStats struct {
	// Packets, Bytes (of payloads) and HeaderBytes (headers and padding) are of
	// what was sent at first; Retransmitted and RetransmittedBytes (of payloads) of
	// what was sent again.
	Packets, Bytes, HeaderBytes       uint64
	Retransmitted, RetransmittedBytes uint64
	// Refused counts the packets that the peer asked for and did not get, because
	// more would have been sent again than at first.
	Refused uint64
	// Nacks, Plis and Firs count the requests of the peer.
	Nacks, Plis, Firs uint64

	// Remote is what the peer's newest report says.
	Remote RemoteStats
}

// RemoteStats is what a peer reports of a stream (RFC 3550 §6.4.1).
type RemoteStats struct {
	// Time is when the newest report arrived, zero if none has.
	Time time.Time
	// Lost is how many packets the peer misses in all, negative where more
	// arrived than were sent. FractionLost is the part of those since the report
	// before, 0 to 1.
	Lost         int32
	FractionLost float64
	// Jitter is the variation of the packets' time on the way.
	Jitter time.Duration
	// RTT is the newest measurement of the round-trip time, TotalRTT the sum of
	// all, Measurements their number.
	RTT, TotalRTT time.Duration
	Measurements  uint64
	// Bitrate is the peer's newest estimate of what it can receive (REMB), in
	// bits per second, 0 if there is none.
	Bitrate uint64
}

// Stats returns what the stream has sent.
func (st *SendStream) Stats() SendStats {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.counts
}
