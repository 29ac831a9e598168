package ice

import "time"

// PairStats are the counters of one pair (webrtc-stats §8.20). Bytes and
// packets of data are counted where they are sent.
type PairStats struct {
	// Pair is the pair they belong to.
	Pair Pair
	// Generation counts the restarts before the pair's session: 0 for the first.
	Generation int
	// FailureReason says in words why a pair whose state is failed is so; "" for
	// all others.
	FailureReason string
	// RequestsSent counts connectivity checks, without retransmissions and
	// without consent checks, which ConsentRequestsSent counts.
	RequestsSent, RetransmissionsSent, ConsentRequestsSent uint64
	// RequestsReceived counts the peer's authenticated checks of both kinds,
	// ResponsesSent the answers.
	RequestsReceived, ResponsesSent uint64
	// RetransmissionsReceived is how many of the peer's checks came again.
	RetransmissionsReceived uint64
	// ResponsesReceived counts authenticated success responses to checks of both
	// kinds.
	ResponsesReceived uint64
	// TotalRoundTripTime is the sum over ResponsesReceived, in seconds;
	// CurrentRoundTripTime is the last one measured.
	TotalRoundTripTime, CurrentRoundTripTime float64
	// When the first and the last of each kind was sent or received; zero for
	// never.
	FirstRequestTimestamp, LastRequestTimestamp                 time.Time
	FirstResponseTimestamp, LastResponseTimestamp               time.Time
	FirstRequestReceivedTimestamp, LastRequestReceivedTimestamp time.Time
	// ConsentExpiredTimestamp is when consent was lost (RFC 7675 §5.1).
	ConsentExpiredTimestamp time.Time
}

// Counters count what an agent dropped or limited, since its beginning.
type Counters struct {
	// Malformed is no STUN message; Oversized is larger than any check;
	// OtherMethod is not Binding; Indications are keepalives of the peer.
	Malformed, Oversized, OtherMethod, Indications uint64
	// NoFingerprint and BadFingerprint fail RFC 8489 §14.7.
	NoFingerprint, BadFingerprint uint64
	// Unauthenticated requests lack USERNAME or MESSAGE-INTEGRITY; those of
	// UnknownUsername are for another session.
	Unauthenticated, UnknownUsername uint64
	// BadIntegrity counts requests and responses with a wrong or no integrity.
	BadIntegrity uint64
	// BadRequests are authenticated and lack what a check must have.
	BadRequests uint64
	// BadResponses are authenticated and lack a mapped address.
	BadResponses uint64
	// UnknownAttributes counts messages with comprehension-required attributes
	// that are not known.
	UnknownAttributes uint64
	// UnmatchedResponses answer no request, or one that was answered before.
	UnmatchedResponses uint64
	// Replayed requests came before, from another address.
	Replayed uint64
	// Asymmetric responses came on another path than their request.
	Asymmetric uint64
	// ErrorsWithheld is the number of error responses not sent for their rate.
	ErrorsWithheld uint64
	// ChecksWithheld is the number of checks not sent to an address that has not
	// answered, and from which too little has come.
	ChecksWithheld uint64
	// RoleConflicts counts those noticed on either side.
	RoleConflicts uint64
	// EarlyDropped is the number of checks before the peer's credentials that
	// found no room to wait.
	EarlyDropped uint64
	// CandidatesIgnored cannot be used; CandidatesDropped and PairsEvicted are
	// those beyond the limits.
	CandidatesIgnored, CandidatesDropped, PairsEvicted uint64
}

// Counters returns what was dropped so far.
func (a *Agent) Counters() Counters { return a.counters }

// Stats returns the counters of every pair, those of the newest generation
// last, each generation by falling priority.
func (a *Agent) Stats() []PairStats {
	var out []PairStats
	for _, l := range a.lists {
		for _, p := range l.pairs {
			s := p.stats
			s.Pair, s.Generation = p.snapshot(), l.generation
			if p.state == CandidatePairStateFailed {
				s.FailureReason = p.why
			}
			out = append(out, s)
		}
	}
	return out
}

// Pairs returns all pairs, in the order of Stats.
func (a *Agent) Pairs() []Pair {
	var out []Pair
	for _, l := range a.lists {
		for _, p := range l.pairs {
			out = append(out, p.snapshot())
		}
	}
	return out
}

// Generation counts the restarts so far: 0 before the first.
func (a *Agent) Generation() int { return a.current().generation }

// LocalCandidates returns those of the current generation, with the peer
// reflexive ones that checks have found.
func (a *Agent) LocalCandidates() []Candidate {
	var out []Candidate
	for _, c := range a.current().locals {
		out = append(out, c.cand)
	}
	return out
}

// RemoteCandidates returns those of the current generation, with the peer
// reflexive ones that checks have found.
func (a *Agent) RemoteCandidates() []Candidate {
	var out []Candidate
	for _, r := range a.current().remotes {
		out = append(out, r.cand)
	}
	return out
}
