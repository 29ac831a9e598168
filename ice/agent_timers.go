package ice

import "time"

// HandleTimeout does what is due at now. To call it early, late or for nothing
// does no harm.
func (a *Agent) HandleTimeout(now time.Time) {
	if a.closed {
		return
	}
	a.retransmit(now)
	a.watchConsent(now)
	a.forgetRetired(now)
	a.reviewBetter(now)
	a.update(now)
}

// NextTimeout returns when HandleTimeout is to be called; the zero time means
// that nothing is pending. A time in the past means at once. Every call that
// takes now may change it.
func (a *Agent) NextTimeout() time.Time {
	if a.closed {
		return time.Time{}
	}
	at := earliest(a.checkDue(), a.consentDue())
	for _, t := range a.transactions {
		at = earliest(at, t.deadline)
	}
	if p, due := a.nominateDue(); p != nil {
		at = earliest(at, due)
	}
	for _, l := range a.lists {
		at = earliest(at, l.retire)
	}
	return earliest(earliest(at, a.reviewAt()), a.failureDue())
}

// update takes the steps that follow from what has just happened, and announces
// a new state.
func (a *Agent) update(now time.Time) {
	if !a.closed {
		a.considerNomination(now)
		a.considerLite(now)
		a.pace(now)
		a.considerFailure(now)
	}
	if s := deriveState(a.facts()); s != a.state {
		a.debug("state changed", "from", a.state, "to", s)
		a.state = s
		a.emit(StateChanged{State: s})
	}
}

// facts gathers what the state depends on.
func (a *Agent) facts() stateFacts {
	l := a.current()
	f := stateFacts{
		closed: a.closed, failed: l.failed, selected: a.selected != nil, lost: a.consent.lost,
		had: l.had, restarted: l.restarted, remote: l.remoteKey != nil && len(l.remotes) > 0,
	}
	if p := a.selected; p != nil {
		f.old = p.list != l
		f.finished = l.done && l.nominated == p && l.localEnd && l.remoteEnd
	}
	return f
}

// failureDue is when the newest generation, without a pair in use, fails if
// nothing happens until then; zero for never.
func (a *Agent) failureDue() time.Time {
	l := a.checked()
	if l == nil || l.failed || a.selected != nil || l != a.current() {
		return time.Time{}
	}
	if l.had && !l.reopened.IsZero() && a.timing.Disconnected >= 0 && a.timing.Failed >= 0 {
		// The pair in use is gone. A socket or a candidate that comes in time may
		// replace it, as an answer would have.
		return l.reopened.Add(a.timing.Disconnected + a.timing.Failed)
	}
	var at time.Time
	if l.exhausted() {
		switch {
		case l.localEnd && l.remoteEnd && !l.gathered:
			// Where nothing was gathered there is nothing to wait for
			// (webrtc-pc §5.6.4).
			at = l.begun
		case l.localEnd && l.remoteEnd:
			// ICE must not be concluded to have failed before the PAC timer has
			// expired (RFC 8863 §4): a check of the peer may yet come.
			at = l.begun.Add(a.timing.Patience)
		case len(l.pairs) > 0:
			// A peer that never says that its candidates are at an end: silence
			// for as long says it.
			at = l.active.Add(a.timing.Patience)
		}
	}
	return at
}

// considerFailure fails the newest generation when that is due.
func (a *Agent) considerFailure(now time.Time) {
	if at := a.failureDue(); !at.IsZero() && !now.Before(at) {
		a.fail()
	}
}

// fail gives the newest generation up.
func (a *Agent) fail() {
	l := a.checked()
	l.failed = true
	a.dropTransactions(func(t *transaction) bool { return t.pair.list == l })
	why := map[string]int{}
	for _, p := range l.pairs {
		if p.state != CandidatePairStateFailed {
			p.fail("given up")
		}
		p.queued = false
		why[p.why]++
	}
	l.triggered = nil
	// Who looks into a failure wants to know of how many candidates and pairs, and
	// what became of them; the statistics say it of each.
	a.log.Warn("no path to the peer", "local", len(l.locals), "remote", len(l.remotes), "pairs", len(l.pairs), "why", why)
}
