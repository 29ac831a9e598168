package ice

import "time"

// quietLimit is how long the pair in use must have been without a check of the
// peer before a nomination of a worse pair is believed to replace it. A peer
// that nominates aggressively (RFC 5245 §8.1.1.2) goes on checking the best.
const quietLimit = 3 * time.Second

// peerNominated takes USE-CANDIDATE in a check of p (RFC 8445 §7.3.1.5).
func (a *Agent) peerNominated(now time.Time, p *pair, nomination uint32) {
	if !p.renominated(nomination) {
		return
	}
	if p.state != CandidatePairStateSucceeded {
		// Its own check is on its way or queued; the nomination takes effect
		// when it succeeds.
		p.nominateOnSuccess = true
		return
	}
	a.nominated(now, p)
}

// nominated makes p the pair that the controlling agent chose, in either role.
func (a *Agent) nominated(now time.Time, p *pair) {
	l := p.list
	p.nominated = true
	if q := l.nominated; q != nil && q != p && !a.replaces(now, p, q) {
		return
	}
	l.nominated = p
	l.remoteFirst = false
	a.finish(now, l)
	a.use(now, p)
	a.retireBefore(now, l)
}

// replaces says whether p, just nominated, takes the place of q.
func (a *Agent) replaces(now time.Time, p, q *pair) bool {
	if p.demanded {
		return true
	}
	if !a.controlling && p.nomination != 0 && p.nomination < q.nomination {
		return false
	}
	// With aggressive nomination several pairs are nominated, of which the one
	// with the highest priority is used (RFC 5245 §8.1.1.2).
	if p.priority > q.priority || q.state == CandidatePairStateFailed || q != a.selected {
		return true
	}
	if a.controlling {
		return true // our own choice, made because q was in doubt
	}
	if p.nomination != 0 {
		return p.nomination >= q.nomination
	}
	// A worse pair replaces q when the peer has left q: its address has changed,
	// or its path is gone.
	return a.suspect() || now.Sub(q.stats.LastRequestReceivedTimestamp) >= quietLimit
}

// offer puts p, valid, to use if nothing better is in use.
func (a *Agent) offer(now time.Time, p *pair) {
	s := a.selected
	switch {
	case s == p:
		return
	case s == nil && p.list != a.checked() && !p.list.had:
		return // of a peer that another one has taken the place of, before it was used
	case s == nil:
		// Data may be sent on any valid pair before one is selected (RFC 8445 §12.1).
	case a.suspect() && p.answered().After(a.consent.lossAt):
		// The pair in use has stopped answering, this one answers.
		a.forsake(now, s, p)
	case s.list != p.list:
		return // make before break: the old generation's pair serves until a nomination
	case s.list.nominated != nil || p.priority <= s.priority:
		return
	}
	a.use(now, p)
}

// forsake gives the pair s in use up for p. RFC 8445 §8.1.1 has the session
// restarted for this; but the peer may have moved already, and a controlling
// agent nominates p at once.
func (a *Agent) forsake(now time.Time, s, p *pair) {
	a.dropTransactions(func(t *transaction) bool { return t.pair == s })
	p.list.doubted = a.consent.lossAt
	s.fail("no answer to consent checks")
	s.nominated, s.nominating = false, false
	if s.list.nominated == s {
		s.list.nominated = nil
	}
	if p.nominated && !a.controlling { // the peer chose it when we still held on to s
		p.list.nominated = p
		a.finish(now, p.list)
		return
	}
	p.list.done = false
}

// finish ends the search for pairs with the nomination of l.nominated: the
// others are removed from the checklist and the triggered-check queue, and
// checks of worse ones are not repeated (RFC 8445 §8.1.2). They stay in
// reserve, for when the pair in use is lost; and a peer that goes on checking
// them may still get one nominated.
func (a *Agent) finish(now time.Time, l *checklist) {
	// Better pairs that came after an earlier nomination are still to be checked.
	again := !l.finished.IsZero()
	l.done, l.finished = true, now
	for _, p := range l.pairs {
		switch {
		case p == l.nominated || p.nominateOnSuccess || again && l.better(p):
		case p.state == CandidatePairStateWaiting:
			l.untrigger(p)
			p.state = CandidatePairStateFrozen
		case p.state == CandidatePairStateInProgress && p.check != nil && p.priority < l.nominated.priority:
			a.cancel(now, p.check)
			p.state = CandidatePairStateFrozen
		}
	}
}

// use makes p the pair that carries packets.
func (a *Agent) use(now time.Time, p *pair) {
	p.list.had, p.list.lastRemote = true, p.remote.addr
	if a.selected == p {
		return
	}
	a.selected = p
	a.beginConsent(now)
	a.emit(SelectedPairChanged{Pair: p.snapshot()})
	a.debug("selected pair changed", "pair", p.id, "to", p.remote.addr, "nominated", p.nominated)
}
