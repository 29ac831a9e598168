package ice

import "time"

const (
	// retirement is how long a generation that has been replaced still answers
	// checks, for a peer that is not as far yet.
	retirement = 30 * time.Second
	// maxRetired bounds the retired generations.
	maxRetired = 2
)

// Restart begins a new generation with the given local credentials (RFC 8445
// §9). Its local candidates and the peer's credentials and candidates are to be
// given anew. If the peer began the restart, and SetRemoteCredentials has been
// called with its new credentials, Restart completes that generation, which
// does not check by itself before; with unchanged credentials it lets it begin.
// The first Restart of an agent that drew its credentials itself and has no
// candidate only sets the credentials.
//
// The pair in use goes on carrying packets, and its consent goes on, until the
// new generation has nominated one. Until then Rollback undoes the restart.
func (a *Agent) Restart(now time.Time, ufrag, pwd string) {
	if a.closed {
		return
	}
	cur := a.current()
	switch {
	case cur.localUfrag == ufrag && cur.localPwd == pwd:
		cur.remoteFirst, cur.held = false, false // the peer began a generation, and we keep our credentials
	case cur.remoteFirst, cur.drawn && !cur.gathered && len(a.lists) == 1:
		a.complete(now, cur, ufrag, pwd)
	default:
		if cur.remoteKey == nil && len(a.lists) > 1 {
			a.discard(cur) // a restart that the peer has not seen is superseded
		}
		l := newChecklist(ufrag, pwd)
		l.restarted = a.beyondNew()
		a.push(now, l)
	}
	a.update(now)
}

// SetLocalCredentials replaces the local credentials. Before the peer's are
// known and if nothing was restarted, they are those of the first generation;
// after that it is Restart.
func (a *Agent) SetLocalCredentials(now time.Time, ufrag, pwd string) {
	cur := a.current()
	if a.closed || len(a.lists) > 1 || cur.remoteKey != nil {
		a.Restart(now, ufrag, pwd)
		return
	}
	cur.localUfrag, cur.localPwd, cur.localKey = ufrag, pwd, newIntegrityKey(pwd)
	cur.early, cur.drawn = nil, false
}

// beyondNew says that the agent has left the state New.
func (a *Agent) beyondNew() bool {
	return a.state != ConnectionStateNew || a.current().restarted
}

// complete gives a generation that the peer began our new credentials.
func (a *Agent) complete(now time.Time, l *checklist, ufrag, pwd string) {
	a.dropTransactions(func(t *transaction) bool { return t.pair.list == l })
	if a.selected != nil && a.selected.list == l {
		a.selected, a.consent = nil, consent{}
		a.emit(SelectedPairChanged{})
	}
	l.localUfrag, l.localPwd, l.localKey = ufrag, pwd, newIntegrityKey(pwd)
	l.locals, l.pairs, l.triggered, l.early, l.drawn = nil, nil, nil, nil, false
	l.localEnd, l.gathered, l.remoteFirst, l.held = false, false, false, false
	l.valid, l.had, l.done, l.failed, l.nominated = false, false, false, false, nil
	l.name()
	l.begun, l.active = now, now
}

// SetRemoteCredentials gives the peer's credentials. New ones where others were
// known begin a new generation: the peer has restarted ICE (RFC 8839 §4.4.1.1.1);
// remote candidates must be given anew, and local ones too once Restart has
// given new local credentials.
func (a *Agent) SetRemoteCredentials(now time.Time, ufrag, pwd string) {
	if a.closed {
		return
	}
	a.holdForFlight(now)
	cur := a.current()
	switch {
	case cur.remoteKey == nil:
		cur.setRemote(now, ufrag, pwd)
		cur.dropForeign()
		a.replayEarly(now, cur)
	case cur.remoteUfrag == ufrag && cur.remotePwd == pwd:
		return
	default:
		a.remoteRestart(now, cur, ufrag, pwd)
	}
	a.update(now)
}

// remoteRestart begins a generation with the peer's new credentials and, for
// the time being, our old ones.
func (a *Agent) remoteRestart(now time.Time, cur *checklist, ufrag, pwd string) {
	l := newChecklist(cur.localUfrag, cur.localPwd)
	l.remoteFirst, l.restarted, l.localEnd = true, a.beyondNew(), cur.localEnd
	l.held = cur.had || cur.failed || cur.held || a.selected != nil
	l.early, cur.early = cur.early, nil
	l.setRemote(now, ufrag, pwd)
	if cur.remoteFirst && !cur.had {
		a.discard(cur)
	}
	a.push(now, l)
	for _, c := range cur.locals {
		if c.cand.Type() != CandidateTypePeerReflexive {
			a.addLocal(now, l, c)
		}
	}
	a.replayEarly(now, l)
}

// Rollback undoes the last restart, of either side, as long as the generation
// before it has not been replaced, and returns whether there was one to undo.
func (a *Agent) Rollback(now time.Time) bool {
	if a.closed || len(a.lists) < 2 || !a.lists[len(a.lists)-2].retire.IsZero() {
		return false
	}
	cur := a.current()
	lost := a.selected != nil && a.selected.list == cur
	a.discard(cur)
	if lost {
		a.selected, a.consent = nil, consent{}
		if l := a.current(); !a.adopt(now, l) {
			a.emit(SelectedPairChanged{})
			a.reopen(now, l)
		}
	}
	a.update(now)
	return true
}

// push makes l the current generation. Of the earlier ones it keeps that of the
// pair in use and the last one, to which Rollback returns.
func (a *Agent) push(now time.Time, l *checklist) {
	last := a.current()
	for _, old := range a.lists {
		if old != last && !(a.selected != nil && a.selected.list == old) {
			a.retire(now, old)
		}
	}
	l.generation = last.generation + 1
	a.lists = append(a.lists, l)
	a.forgetRetired(now)
}

// discard removes the current generation.
func (a *Agent) discard(l *checklist) {
	a.dropTransactions(func(t *transaction) bool { return t.pair.list == l })
	a.lists = a.lists[:len(a.lists)-1]
}

// retireBefore retires all generations before l.
func (a *Agent) retireBefore(now time.Time, l *checklist) {
	for _, old := range a.lists {
		if old == l {
			break
		}
		a.retire(now, old)
	}
	a.forgetRetired(now)
}

// retire reduces l to its credentials: it answers checks for a while.
func (a *Agent) retire(now time.Time, l *checklist) {
	if !l.retire.IsZero() {
		return
	}
	a.dropTransactions(func(t *transaction) bool { return t.pair.list == l })
	l.retire = now.Add(retirement)
	l.locals, l.remotes, l.pairs, l.triggered, l.early, l.nominated = nil, nil, nil, nil, nil, nil
}

// forgetRetired removes the retired generations whose time is up.
func (a *Agent) forgetRetired(now time.Time) {
	retired := 0
	for _, l := range a.lists {
		if !l.retire.IsZero() {
			retired++
		}
	}
	kept := a.lists[:0]
	for _, l := range a.lists {
		if !l.retire.IsZero() && (retired > maxRetired || !now.Before(l.retire)) {
			retired--
			continue
		}
		kept = append(kept, l)
	}
	clear(a.lists[len(kept):])
	a.lists = kept
}

// dropTransactions forgets the transactions that match.
func (a *Agent) dropTransactions(match func(*transaction) bool) {
	kept := a.transactions[:0]
	for _, t := range a.transactions {
		if !match(t) {
			kept = append(kept, t)
			continue
		}
		if t.pair.check == t {
			t.pair.check = nil
		}
	}
	clear(a.transactions[len(kept):])
	a.transactions = kept
}
