package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/transceiver/feedback"
)

// SessionStats count what a session has met that belongs to no stream.
type SessionStats struct {
	// Malformed packets were authentic, but no RTP or RTCP.
	Malformed uint64
	// Refused packets were not opened: replayed, forged, or not SRTP at all; what
	// they were the Opener has counted.
	Refused uint64
	// Early packets came before the keys when there was no room for more.
	Early uint64
	// Unroutable packets belonged to no m-line, also after they were kept for a
	// while, or when there was no room for more.
	Unroutable uint64
	// CongestionSent and CongestionReceived count the packets of RFC 8888 feedback.
	CongestionSent, CongestionReceived uint64
	// Evicted streams made room for others.
	Evicted uint64
	// Streams is how many SSRCs are known now; Parked is how many packets wait
	// for the m-line that they belong to.
	Streams, Parked int
}

// Stats returns the counters of the session.
func (s *Session) Stats() SessionStats {
	s.in.Lock()
	defer s.in.Unlock()
	out := s.stats
	out.CongestionReceived = s.out.congestionReceived.Load()
	out.Streams, out.Parked = len(s.streams), len(s.parked.packets)
	return out
}

// StreamStats tell of one SSRC that a receiver gets, since it was first heard.
type StreamStats struct {
	SSRC        uint32
	RID         string
	CNAME       string
	PayloadType uint8
	// Repair says that the SSRC carries the retransmissions of another.
	Repair bool
	// Packets that have come, recovered ones not counted; Bytes of their
	// payloads, HeaderBytes of their headers and padding.
	Packets, Bytes, HeaderBytes uint64
	// Lost packets by RFC 3550 §6.4.1: negative if more came than were sent.
	Lost int64
	// Jitter by RFC 3550 §6.4.1.
	Jitter time.Duration
	// Duplicates came more than once; Discarded packets were too old, or of a
	// payload type that was not negotiated, or forbidden by the direction.
	Duplicates, Discarded uint64
	// Recovered packets are those that retransmissions or redundant data brought
	// first.
	Recovered uint64
	// RetransmittedPackets came with the stream's RTX stream, with so many bytes
	// of payload.
	RetransmittedPackets, RetransmittedBytes uint64
	// RTXSSRC is the source of that stream, 0 if none was heard, and
	// RetransmittedHeaderBytes is of its headers.
	RTXSSRC                  uint32
	RetransmittedHeaderBytes uint64
	// Frames counts the packets with a marker bit, which end a frame of video
	// (RFC 3550 §5.1), each once.
	Frames uint64
	// ECT1 and CE count the packets with these values of the ECN field
	// (RFC 3168 §5).
	ECT1, CE uint64
	// Track is where the stream's packets go, nil if that is not known.
	Track *Track
	// FECPackets carried repair data that is not used.
	FECPackets uint64
	// NACKs, PLIs and FIRs are the requests that were sent.
	NACKs, PLIs, FIRs uint64
	// LastArrival is when the last packet came, the zero time if none has.
	LastArrival time.Time
	// What the last sender report said: when it was made, on the sender's clock,
	// the RTP timestamp of that instant, and how much the sender had sent.
	// SenderReports is how many there were, 0 if none of this is known.
	// SenderArrival is when it came.
	SenderReports               uint64
	SenderArrival               time.Time
	SenderTime                  time.Time
	SenderRTPTime               uint32
	SenderPackets, SenderOctets uint32
	// RTT is the newest measurement of the round-trip time by the peer's answers to
	// our reference times (RFC 3611 §4.5), TotalRTT the sum of all since the first
	// sender report, Measurements their number.
	RTT, TotalRTT time.Duration
	Measurements  uint64
	// ReportedLost packets were reported as lost (RFC 8888), of which
	// ReportedRecovered came after all.
	ReportedLost, ReportedRecovered uint64
}

// TrackStats count what has become of a track's packets after they were received.
type TrackStats struct {
	// Queued packets wait to be read.
	Queued int
	// Dropped packets were not read in time; Late ones came after Read had gone on
	// without them (see Track.SetOrdered).
	Dropped, Late uint64
}

// Stats returns the counters of the track.
func (t *Track) Stats() TrackStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return TrackStats{Queued: t.queue.count, Dropped: t.dropped, Late: t.late}
}

// Stats returns the counters of the SSRCs that the receiver gets now, in the order
// in which they were first heard.
func (r *Receiver) Stats() []StreamStats {
	s := r.session.Load()
	if s == nil {
		return nil
	}
	s.in.Lock()
	defer s.in.Unlock()
	var out []StreamStats
	for _, st := range s.ring {
		if st.binding != nil && st.binding.receiver == r {
			out = append(out, s.statsOf(st))
		}
	}
	for _, st := range s.ring {
		if !st.repair || st.primary == nil {
			continue
		}
		for i := range out {
			if o := &out[i]; o.SSRC == st.primary.ssrc {
				o.RTXSSRC, o.RetransmittedHeaderBytes = st.ssrc, st.count.HeaderBytes
			}
		}
	}
	return out
}

func (s *Session) statsOf(st *stream) StreamStats {
	c := st.count
	c.SSRC, c.CNAME, c.PayloadType, c.Repair = st.ssrc, st.cname, st.payloadType, st.repair
	if st.lane != nil {
		c.RID, c.Track = st.lane.track.rid, st.lane.track
	} else if st.repair {
		c.RID = st.repaired
	}
	expected, received := st.seq.totals()
	c.Lost = int64(expected) - int64(received)
	c.Jitter = st.jitter.duration()
	if c.Packets > 0 {
		c.LastArrival = s.epoch.Add(st.last)
	}
	if sr := st.sender; sr.known {
		c.SenderArrival = s.epoch.Add(sr.at)
		c.SenderReports, c.SenderTime, c.SenderRTPTime = sr.reports, feedback.Time(sr.ntp), sr.rtp
		c.SenderPackets, c.SenderOctets = sr.packets, sr.octets
	}
	c.RTT, c.TotalRTT, c.Measurements = st.trips.last, st.trips.total, st.trips.count
	if s.congestion != nil {
		c.ReportedLost, c.ReportedRecovered = s.congestion.Lost(st.ssrc)
	}
	return c
}
