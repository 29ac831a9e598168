package ice

import (
	"fmt"
	"net/netip"
)

// CandidatePairState is the state of a pair in its checklist (RFC 8445 §6.1.2.6).
type CandidatePairState int

const (
	// CandidatePairStateWaiting means that the pair's check is next by priority.
	CandidatePairStateWaiting CandidatePairState = iota + 1
	// CandidatePairStateInProgress means that a check is on its way.
	CandidatePairStateInProgress
	// CandidatePairStateFailed means that the last check got no answer or a bad one.
	CandidatePairStateFailed
	// CandidatePairStateSucceeded means that the last check was answered.
	CandidatePairStateSucceeded
	// CandidatePairStateFrozen means that the check waits for another pair of
	// the same foundation.
	CandidatePairStateFrozen
)

// String returns the name that webrtc-stats §8.20 uses, such as "in-progress".
func (s CandidatePairState) String() string {
	switch s {
	case CandidatePairStateWaiting:
		return "waiting"
	case CandidatePairStateInProgress:
		return "in-progress"
	case CandidatePairStateFailed:
		return "failed"
	case CandidatePairStateSucceeded:
		return "succeeded"
	case CandidatePairStateFrozen:
		return "frozen"
	}
	return fmt.Sprintf("unknown candidate pair state %d", int(s))
}

// A Pair is a snapshot of a candidate pair. The zero value is no pair.
type Pair struct {
	// ID is unique in its agent and never 0.
	ID uint64
	// Local is the candidate that the peer sees packets of the pair come from,
	// once a check told it; before, the candidate that they are sent from.
	Local Candidate
	// Remote is the candidate that packets go to.
	Remote Candidate
	// Base is the socket to send from, To the address to send to.
	Base int
	To   netip.AddrPort
	// Priority is the pair's priority (RFC 8445 §6.1.2.3).
	Priority uint64
	// State is the state in the checklist.
	State CandidatePairState
	// Nominated says whether the controlling agent chose the pair.
	Nominated bool
}

// IsZero says whether p is no pair.
func (p Pair) IsZero() bool { return p.ID == 0 }

// String returns both candidates for a log line.
func (p Pair) String() string {
	if p.IsZero() {
		return "no pair"
	}
	return fmt.Sprintf("%v %v <-> %v %v (%v)", p.Local.Type(), p.Local.Addr(), p.Remote.Type(), p.To, p.State)
}

// pairPriority computes the priority of a pair from those of the controlling
// (g) and the controlled agent's candidate (d), RFC 8445 §6.1.2.3:
//
//	priority = 2^32 × MIN(G,D) + 2 × MAX(G,D) + (G>D ? 1 : 0)
func pairPriority(g, d uint32) uint64 {
	p := uint64(min(g, d))<<32 + 2*uint64(max(g, d))
	if g > d {
		p++
	}
	return p
}
