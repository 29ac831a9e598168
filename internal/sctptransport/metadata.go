package sctptransport

import "github.com/pion/sctp"

// Metadata is what the peers of an association have agreed on.
type Metadata struct {
	// Interleaving says that messages are interleaved (RFC 8260).
	Interleaving bool
	// PartialReliability is how messages are given up: "none", "forward-tsn"
	// (RFC 3758) or "i-forward-tsn" (RFC 8260 §2.3).
	PartialReliability string
	// ZeroChecksumSent and ZeroChecksumReceived say that packets go and may come
	// without a checksum (RFC 9653).
	ZeroChecksumSent, ZeroChecksumReceived bool
}

// Metadata returns what was agreed on; ok is false before it is known.
func (a *Association) Metadata() (m Metadata, ok bool) {
	agreed, ok := a.engine.Metadata()
	if !ok {
		return Metadata{}, false
	}
	return Metadata{
		Interleaving:         agreed.MessageInterleavingEnabled,
		PartialReliability:   partialReliability(agreed.PartialReliabilityMode),
		ZeroChecksumSent:     agreed.ZeroChecksumSendingEnabled,
		ZeroChecksumReceived: agreed.ZeroChecksumReceivingEnabled,
	}, true
}

func partialReliability(m sctp.PartialReliabilityMode) string {
	switch m {
	case sctp.PartialReliabilityModeForwardTSN:
		return "forward-tsn"
	case sctp.PartialReliabilityModeIForwardTSN:
		return "i-forward-tsn"
	default:
		return "none"
	}
}
