package webrtc

import (
	"fmt"

	"github.com/parleyrtc/webrtc/ice"
)

// candidates collects the candidates of both sides: what was gathered and signaled,
// and what connectivity checks have found.
func (c *statsCollector) candidates(t *transport) {
	generation := t.agent.Generation()
	for _, local := range t.publicICE.locals.list() {
		c.candidate(t, StatsTypeLocalCandidate, generation, local)
	}
	for _, local := range t.agent.LocalCandidates() {
		c.candidate(t, StatsTypeLocalCandidate, generation, *t.shownLocal(local))
	}
	for _, remote := range t.publicICE.remotes.list() {
		c.candidate(t, StatsTypeRemoteCandidate, generation, remote)
	}
	for _, remote := range t.agent.RemoteCandidates() {
		c.candidate(t, StatsTypeRemoteCandidate, generation, *candidateFrom(remote))
	}
}

// candidate collects a candidate, unless the report has it, and returns its ID.
func (c *statsCollector) candidate(t *transport, kind StatsType, generation int, from ICECandidate) string {
	side := "L"
	if kind == StatsTypeRemoteCandidate {
		side = "R"
	}
	id := fmt.Sprintf("%s%d-%s", side, t.id, digest(generation, from.Typ, from.Protocol, from.Address, from.Port,
		from.TCPType, from.RelatedAddress, from.RelatedPort, from.Component))
	if _, ok := c.report[id]; ok {
		return id
	}
	s := ICECandidateStats{
		Timestamp: c.at, Type: kind, ID: id, TransportID: t.statsID(),
		Address: from.Address, IP: from.Address, Port: int32(from.Port),
		RelatedAddress: from.RelatedAddress, RelatedPort: int32(from.RelatedPort),
		Protocol: from.Protocol.String(), TCPType: from.TCPType,
		CandidateType: from.Typ, Priority: int32(from.Priority), Foundation: from.Foundation,
		URL: from.url, RelayProtocol: from.relayProtocol, UsernameFragment: from.ufrag,
	}
	if s.UsernameFragment == "" && generation == t.agent.Generation() {
		if side == "L" {
			s.UsernameFragment = t.localUfrag
		} else if p := t.publicICE.remote.Load(); p != nil {
			s.UsernameFragment = p.UsernameFragment
		}
	}
	c.report[id] = s
	return id
}

// pairs collects the candidate pairs and returns the ID of the selected one, "" if
// there is none.
func (c *statsCollector) pairs(t *transport) string {
	selected, ok := t.agent.SelectedPair()
	id := ""
	for _, p := range t.agent.Stats() {
		s := c.pair(t, p)
		if ok && p.Pair.ID == selected.ID {
			s.AvailableOutgoingBitrate = float64(c.bitrates[t])
			id = s.ID
		}
		c.report[s.ID] = s
	}
	return id
}

func (c *statsCollector) pair(t *transport, p ice.PairStats) ICECandidatePairStats {
	s := ICECandidatePairStats{
		Timestamp: c.at, Type: StatsTypeCandidatePair, ID: fmt.Sprintf("P%d-%d", t.id, p.Pair.ID), TransportID: t.statsID(),
		LocalCandidateID:  c.candidate(t, StatsTypeLocalCandidate, p.Generation, *t.shownLocal(p.Pair.Local)),
		RemoteCandidateID: c.candidate(t, StatsTypeRemoteCandidate, p.Generation, *candidateFrom(p.Pair.Remote)),
		State:             StatsICECandidatePairState(p.Pair.State.String()),
		Nominated:         p.Pair.Nominated,
		FailureReason:     p.FailureReason,

		TotalRoundTripTime: p.TotalRoundTripTime, CurrentRoundTripTime: p.CurrentRoundTripTime,
		RequestsReceived: p.RequestsReceived, RequestsSent: p.RequestsSent,
		ResponsesReceived: p.ResponsesReceived, ResponsesSent: p.ResponsesSent,
		RetransmissionsReceived: p.RetransmissionsReceived, RetransmissionsSent: p.RetransmissionsSent,
		ConsentRequestsSent:           p.ConsentRequestsSent,
		FirstRequestTimestamp:         statsTime(p.FirstRequestTimestamp),
		LastRequestTimestamp:          statsTime(p.LastRequestTimestamp),
		FirstResponseTimestamp:        statsTime(p.FirstResponseTimestamp),
		LastResponseTimestamp:         statsTime(p.LastResponseTimestamp),
		FirstRequestReceivedTimestamp: statsTime(p.FirstRequestReceivedTimestamp),
		LastRequestReceivedTimestamp:  statsTime(p.LastRequestReceivedTimestamp),
		ConsentExpiredTimestamp:       statsTime(p.ConsentExpiredTimestamp),
	}
	if n := t.pairTraffic(p.Pair); n != nil {
		s.PacketsSent, s.BytesSent = uint32(n.packetsSent.Load()), n.bytesSent.Load()
		s.PacketsReceived, s.BytesReceived = uint32(n.packetsReceived.Load()), n.bytesReceived.Load()
		s.PacketsDiscardedOnSend, s.BytesDiscardedOnSend = uint32(n.packetsDiscarded.Load()), uint32(n.bytesDiscarded.Load())
		s.LastPacketSentTimestamp = statsNano(n.lastSent.Load())
		s.LastPacketReceivedTimestamp = statsNano(n.lastReceived.Load())
	}
	return s
}

// statsNano returns the timestamp of a time in nanoseconds since 1970, 0 for 0.
func statsNano(ns int64) StatsTimestamp { return StatsTimestamp(float64(ns/1000) / 1000) }

// GetSelectedCandidatePairStats returns the figures of the pair in use; false while
// there is none.
func (t *ICETransport) GetSelectedCandidatePairStats() (ICECandidatePairStats, bool) {
	report := t.transport.pc.GetStats()
	s, _ := report[t.transport.statsID()].(TransportStats)
	pair, ok := report[s.SelectedCandidatePairID].(ICECandidatePairStats)
	return pair, ok
}

// Stats returns the figures of the transport, which PeerConnection.GetStats has
// among the others.
func (t *ICETransport) Stats() TransportStats {
	s, _ := t.transport.pc.GetStats()[t.transport.statsID()].(TransportStats)
	return s
}
