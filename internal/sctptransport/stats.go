package sctptransport

import "time"

// Stats is a snapshot of an association (RTCSctpTransportStats of webrtc-stats
// §8.22).
type Stats struct {
	// RoundTripTime is the smoothed round-trip time, 0 before the first
	// measurement.
	RoundTripTime time.Duration
	// CongestionWindow and ReceiverWindow are in bytes: ours, and what is left
	// of the peer's.
	CongestionWindow, ReceiverWindow uint32
	// MTU is the size of the largest packet.
	MTU uint32
	// Unacknowledged is the number of bytes of messages that have been given to
	// Send and not been acknowledged.
	Unacknowledged int
	// BytesSent and BytesReceived count packets with their headers.
	BytesSent, BytesReceived uint64
}

// Stats returns the figures of the moment.
func (a *Association) Stats() Stats {
	return Stats{
		RoundTripTime:    time.Duration(a.engine.SRTT() * float64(time.Millisecond)),
		CongestionWindow: a.engine.CWND(),
		ReceiverWindow:   a.engine.RWND(),
		MTU:              a.engine.MTU(),
		Unacknowledged:   a.engine.BufferedAmount(),
		BytesSent:        a.engine.BytesSent(),
		BytesReceived:    a.engine.BytesReceived(),
	}
}

// MaxChannels returns the number of streams that both sides have in both
// directions (webrtc-pc §6.1.1.2, [[MaxChannels]]).
func (a *Association) MaxChannels() uint16 {
	n := a.conn.streams.Load()
	if n == 0 || n > MaxStreams {
		return MaxStreams
	}
	return uint16(n)
}
