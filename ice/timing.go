package ice

import "time"

// Timing holds the agent's clocks. The zero value of every field means the
// default that its comment names; where the comment says that a negative value
// means never (or none), it does so.
type Timing struct {
	// Ta is the pause between two new checks (RFC 8445 §14.2), 50 ms by default.
	// Values below 5 ms are raised to it (RFC 8445 §14.2).
	Ta time.Duration
	// RTO is the least retransmission timeout of a check, 500 ms by default
	// (RFC 8445 §14.3); it doubles with each of the Rc transmissions.
	RTO time.Duration
	// Rc is the number of transmissions of one check, 7 by default
	// (RFC 8489 §6.2.1).
	Rc int
	// Keepalive is the mean interval between two consent checks of the pair in
	// use, 5 s by default; each interval is drawn anew from 0.8 to 1.2 of it
	// (RFC 7675 §5.1, which forbids less than 4 s between two checks: a shorter
	// setting is obeyed, since programs made for other libraries ask for it).
	Keepalive time.Duration
	// Disconnected is how long the pair in use may go without an authenticated
	// response before the state becomes disconnected, 5 s by default; negative
	// means never.
	Disconnected time.Duration
	// Failed is how much longer it takes until the pair is given up, 25 s by
	// default; negative means never, except for consent.
	Failed time.Duration
	// Consent is the age of the last authenticated response at which sending
	// must stop, 30 s by default and at most (RFC 7675 §5.1).
	Consent time.Duration
	// Patience is how long an agent that has candidates waits for checks of its
	// peer before an exhausted checklist counts as failed: the PAC timer of
	// RFC 8863 §4, 39.5 s by default.
	Patience time.Duration
	// HostAcceptance, ServerReflexiveAcceptance, PeerReflexiveAcceptance and
	// RelayAcceptance are how long after the start of the checks a controlling
	// agent holds back the nomination of a pair whose worse candidate is of that
	// type, while a better pair may still turn up: 0, 500 ms, 1 s and 2 s by
	// default; negative means not at all. Packets flow on the best valid pair
	// meanwhile.
	HostAcceptance, ServerReflexiveAcceptance, PeerReflexiveAcceptance, RelayAcceptance time.Duration
}

// consentLimit is the bound of RFC 7675 §5.1: "Consent expires after 30 seconds."
const consentLimit = 30 * time.Second

// withDefaults returns t with every zero replaced.
func (t Timing) withDefaults() Timing {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	set(&t.Ta, 50*time.Millisecond)
	// "the Ta value MUST NOT be smaller than 5 ms" (RFC 8445 §14.2).
	t.Ta = max(t.Ta, 5*time.Millisecond)
	set(&t.RTO, 500*time.Millisecond)
	t.RTO = max(t.RTO, time.Millisecond)
	if t.Rc <= 0 {
		t.Rc = 7
	}
	set(&t.Keepalive, 5*time.Second)
	t.Keepalive = max(t.Keepalive, time.Millisecond)
	set(&t.Disconnected, 5*time.Second)
	set(&t.Failed, 25*time.Second)
	set(&t.Consent, consentLimit)
	t.Consent = min(max(t.Consent, time.Millisecond), consentLimit)
	set(&t.Patience, 39500*time.Millisecond)
	set(&t.ServerReflexiveAcceptance, 500*time.Millisecond)
	set(&t.PeerReflexiveAcceptance, time.Second)
	set(&t.RelayAcceptance, 2*time.Second)
	return t
}

// acceptance returns how long the nomination of a pair with a candidate of
// type c is held back.
func (t *Timing) acceptance(c CandidateType) time.Duration {
	switch c {
	case CandidateTypeHost:
		return max(t.HostAcceptance, 0)
	case CandidateTypeServerReflexive:
		return max(t.ServerReflexiveAcceptance, 0)
	case CandidateTypePeerReflexive:
		return max(t.PeerReflexiveAcceptance, 0)
	}
	return max(t.RelayAcceptance, 0)
}

// earliest returns the earlier of two deadlines, of which a zero one is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
