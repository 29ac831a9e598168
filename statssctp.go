package webrtc

import "time"

// Stats returns the figures of the association; before it is up, those of an idle
// one. Reports do not have them: the present version of webrtc-stats knows no such
// object.
func (t *SCTPTransport) Stats() SCTPTransportStats {
	s := SCTPTransportStats{
		Timestamp: statsTime(time.Now()), Type: StatsTypeSCTPTransport,
		ID: "sctp-" + t.pc.id, TransportID: t.Transport().transport.statsID(),
	}
	a := t.association.Load()
	if a == nil {
		return s
	}
	figures := a.Stats()
	s.SmoothedRoundTripTime = figures.RoundTripTime.Seconds()
	s.CongestionWindow, s.ReceiverWindow, s.MTU = figures.CongestionWindow, figures.ReceiverWindow, figures.MTU
	s.UNACKData = uint32(figures.Unacknowledged)
	s.BytesSent, s.BytesReceived = figures.BytesSent, figures.BytesReceived
	if m, ok := t.Metadata(); ok {
		s.Metadata = &m
	}
	return s
}

// Metadata returns what the peers have agreed on for the association; false before
// it is up.
func (t *SCTPTransport) Metadata() (SCTPTransportMetadata, bool) {
	a := t.association.Load()
	if a == nil {
		return SCTPTransportMetadata{}, false
	}
	m, ok := a.Metadata()
	return SCTPTransportMetadata{
		MessageInterleavingEnabled:   m.Interleaving,
		PartialReliabilityMode:       SCTPTransportPartialReliabilityMode(m.PartialReliability),
		ZeroChecksumSendingEnabled:   m.ZeroChecksumSent,
		ZeroChecksumReceivingEnabled: m.ZeroChecksumReceived,
	}, ok
}

// BufferedAmount returns how many bytes the association has been given and the peer
// has not acknowledged. What waits in front of it is each channel's
// BufferedAmount.
func (t *SCTPTransport) BufferedAmount() int {
	if a := t.association.Load(); a != nil {
		return a.Stats().Unacknowledged
	}
	return 0
}
