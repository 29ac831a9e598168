package ice

import (
	"time"

	"github.com/pion/stun/v4"
)

// DefaultNominationAttribute is the type of the attribute NOMINATION of
// draft-thatcher-ice-renomination, as browsers' engines and other libraries have it.
const DefaultNominationAttribute uint16 = 0xC001

// maxNomination is the highest value that every peer can read: three of the
// attribute's four bytes hold it.
const maxNomination = 1<<24 - 1

// renominating is how an agent nominates again. RFC 8445 §8.1.1 has one nomination in
// a session. With draft-thatcher-ice-renomination each has a value, the peer follows
// that with the highest, and the controlling agent may change its mind: when a better
// pair turns up, or when the one in use is gone. A peer that has not announced it gets
// USE-CANDIDATE alone, of which it follows that of the pair with the highest priority,
// as it must be able to with peers that nominate aggressively (RFC 5245 §8.1.1.2).
type renominating struct {
	nominationType stun.AttrType
	nextValue      func() uint32
	insists        bool // whatever the peer has announced
	announced      bool // the peer has announced it
	betterInterval time.Duration
}

func (r *renominating) configure(config AgentConfig) {
	r.nominationType = stun.AttrType(config.NominationAttribute)
	if r.nominationType < 0x8000 {
		r.nominationType = stun.AttrType(DefaultNominationAttribute)
	}
	r.nextValue, r.insists, r.betterInterval = config.NominationValue, config.Renominate, config.BetterInterval
}

// SetRemoteRenomination says whether the peer's description has the ICE option
// "renomination" (draft-thatcher-ice-renomination). Nominations carry values then.
// Values of the peer's are followed in any case.
func (a *Agent) SetRemoteRenomination(renomination bool) { a.announced = renomination }

// nextNomination is the value of the next nomination in l, 0 for none.
func (a *Agent) nextNomination(l *checklist) uint32 {
	if !a.insists && !a.announced || l.nomination >= maxNomination {
		return l.nomination
	}
	value := l.nomination + 1
	if a.nextValue != nil {
		if v := a.nextValue(); v > value && v <= maxNomination {
			value = v
		}
	}
	l.nomination = value
	return value
}

// renominated takes note of a nomination of the peer's and reports whether it counts:
// one with a lower value than another has been overtaken by that. One with the same
// value is the same nomination, which comes from another address now.
func (p *pair) renominated(value uint32) bool {
	if value == 0 {
		return true
	}
	if value < p.list.nomination {
		return false
	}
	p.list.nomination, p.nomination = value, value
	return true
}

// better says whether p would be preferred to the nominated pair.
func (l *checklist) better(p *pair) bool {
	return l.nominated != nil && p != l.nominated && p.priority > l.nominated.priority
}

// nextBetter returns a pair to check after the nomination: one that came later and
// would be better.
func (l *checklist) nextBetter() *pair {
	if l.nominated == nil {
		return nil
	}
	for _, p := range l.pairs {
		if !l.better(p) {
			return nil
		}
		if p.state == CandidatePairStateWaiting && !p.queued {
			return p
		}
	}
	return nil
}

// slower says whether p answers so much later than q, as far as is known, that it is
// not worth a change, whatever the priorities say.
func slower(p, q *pair) bool { return p.rtt == 0 || p.rtt > 2*q.rtt+slowerMargin }

const (
	slowerMargin = 50 * time.Millisecond
	// maxMeasures is how many answers a better pair may take to tell its round-trip
	// time.
	maxMeasures = 3
)

// measure has a better pair checked again if its answer has told no time, because the
// request had been sent more than once.
func (a *Agent) measure(p *pair) {
	if a.controlling && p.list.done && p.list.better(p) && p.rtt == 0 && p.stats.ResponsesReceived < maxMeasures {
		p.list.trigger(p)
	}
}

// betterDue returns a pair that is to be nominated in place of the nominated one, and
// since when: a better one that has answered after the nomination.
func (a *Agent) betterDue(l *checklist) (*pair, time.Time) {
	if l.nominated == nil || l.nominated != a.selected {
		return nil, time.Time{}
	}
	var best *pair
	for _, p := range l.pairs {
		if p.nominating {
			return nil, time.Time{}
		}
		if best == nil && l.better(p) && p.state == CandidatePairStateSucceeded && p.answered().After(l.finished) && !slower(p, l.nominated) {
			best = p
		}
	}
	if best == nil {
		return nil, time.Time{}
	}
	return best, best.answered()
}

// reviewAt is when failed pairs that would be better are checked again, zero for never.
func (a *Agent) reviewAt() time.Time {
	l := a.checked()
	if a.betterInterval <= 0 || !a.controlling || a.lite || l == nil || !l.done || l.failed || len(l.pairs) == 0 || !l.better(l.pairs[0]) {
		return time.Time{}
	}
	return l.finished.Add(a.betterInterval)
}

// reviewBetter checks such pairs again.
func (a *Agent) reviewBetter(now time.Time) {
	at := a.reviewAt()
	if at.IsZero() || now.Before(at) {
		return
	}
	l := a.checked()
	l.finished = now
	for _, p := range l.pairs {
		if l.better(p) && (p.state == CandidatePairStateFailed || p.state == CandidatePairStateFrozen) && !p.refused {
			p.state = CandidatePairStateWaiting
		}
	}
}
