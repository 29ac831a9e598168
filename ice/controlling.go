package ice

import "time"

// nominateDue says when the controlling agent is to nominate, and what; nil if
// there is nothing to nominate yet.
//
// RFC 8445 §8.1.1 leaves the criterion to the agent. This one's: the best valid
// pair, as soon as no better one can come, and at the latest when the wait for
// its type of candidate is over (Timing). Packets flow on it in the meantime.
func (a *Agent) nominateDue() (*pair, time.Time) {
	l := a.checked()
	if !a.controlling || a.lite || l == nil || l.failed {
		return nil, time.Time{}
	}
	if l.done {
		return a.betterDue(l)
	}
	var best *pair
	for _, p := range l.pairs {
		if p.nominating {
			return nil, time.Time{}
		}
		if best == nil && p.state == CandidatePairStateSucceeded && !(p == a.selected && a.suspect()) && !p.answered().Before(l.doubted) {
			best = p
		}
	}
	if best == nil {
		return nil, time.Time{}
	}
	better := l.hopeful(best)
	if l.nominated != nil || !better && l.localEnd && l.remoteEnd {
		return best, best.answered() // the pair that was nominated is lost, or there is nothing to wait for
	}
	wait := max(a.timing.acceptance(best.local.cand.Type()), a.timing.acceptance(best.remote.cand.Type()))
	at := l.begun.Add(wait)
	if better {
		// A better path of about the same length would have answered by then.
		if t := best.stats.FirstResponseTimestamp.Add(2 * best.rtt); t.After(at) {
			at = t
		}
	}
	return best, at
}

// considerNomination nominates what is due: the check that made the pair valid
// is repeated with USE-CANDIDATE (RFC 8445 §8.1.1), ahead of all others.
func (a *Agent) considerNomination(now time.Time) {
	p, at := a.nominateDue()
	if p == nil || now.Before(at) {
		return
	}
	a.nominate(p)
}

func (a *Agent) nominate(p *pair) {
	p.nominating = true
	p.nomination = a.nextNomination(p.list)
	p.list.untrigger(p)
	p.queued = true
	p.list.triggered = append([]*pair{p}, p.list.triggered...)
}
