package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

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
	// RetransmittedHeaderBytes are of retransmissions with a source of their own
	// (RFC 4588); others have the bytes of what they repeat.
	RetransmittedHeaderBytes uint64
	// Frames counts the packets with a marker bit, which end a frame of video
	// (RFC 3550 §5.1), and PayloadType is that of the last packet.
	Frames      uint64
	PayloadType uint8
	// LastSent is when the last packet was sent, zero if none was since the
	// stream began or paused.
	LastSent time.Time
	// What the stream is configured for: its sources, rid, and whether it sends.
	SSRC, RTXSSRC uint32
	RID           string
	Active        bool
	// Nacks, Plis and Firs count the requests of the peer.
	Nacks, Plis, Firs uint64

	// Remote is what the peer's newest report says.
	Remote RemoteStats

	first int64 // number of the first packet
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
	// Received is how many packets have arrived, as far as can be told from the
	// highest sequence number that the peer has seen (webrtc-stats).
	Received uint64
	// Jitter is the variation of the packets' time on the way.
	Jitter time.Duration
	// RTT is the newest measurement of the round-trip time, TotalRTT the sum of
	// all, Measurements their number.
	RTT, TotalRTT time.Duration
	Measurements  uint64
	// ECT1 and CE packets arrived with these values of the ECN field (RFC 3168 §5),
	// ReportedLost ones did not when the peer reported on them, of which
	// ReportedRecovered came after all: by RFC 8888 feedback, each packet once.
	ECT1, CE, ReportedLost, ReportedRecovered uint64
	// Bitrate is the peer's newest estimate of what it can receive (REMB), in
	// bits per second, 0 if there is none.
	Bitrate uint64
}

// Stats returns what the stream has sent.
func (st *SendStream) Stats() SendStats {
	st.mu.Lock()
	defer st.mu.Unlock()
	c := st.counts
	c.LastSent = st.lastSent
	n := &st.congestion
	c.Remote.ECT1, c.Remote.CE, c.Remote.ReportedLost, c.Remote.ReportedRecovered = n.ect1, n.ce, n.lost, n.recovered
	c.SSRC, c.RTXSSRC, c.RID, c.Active = st.cfg.SSRC, st.cfg.RTXSSRC, st.cfg.RID, st.cfg.Active && !st.closed
	return c
}

// arrived returns how many packets have arrived at a peer that reports b.
// webrtc-stats, RTCReceivedRtpStreamStats: "estimated by subtracting the Cumulative Number of Packets
// Lost from the Extended Highest Sequence Number Received … and then subtracting
// the initial Extended Sequence Number that was sent to this SSRC … and then adding
// one".
func (st *SendStream) arrived(b *feedback.ReportBlock) uint64 {
	n := int64(b.HighestSequence) - (st.counts.first - numberBase) - int64(b.TotalLost) + 1
	return uint64(min(max(n, 0), int64(st.counts.Packets)))
}

// LastSent returns when the last packet of all streams of the session was sent, the
// zero time if none was.
func (s *Session) LastSent() time.Time {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	var last time.Time
	for _, st := range s.out.order {
		st.mu.Lock()
		if st.lastSent.After(last) {
			last = st.lastSent
		}
		st.mu.Unlock()
	}
	return last
}
