package ice

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// A checklist is one generation of a session: the credentials of both sides,
// their candidates, and the pairs made of them (RFC 8445 §6.1.2). An ICE
// restart begins another one.
type checklist struct {
	localUfrag, localPwd   string
	remoteUfrag, remotePwd string
	localKey, remoteKey    *integrityKey // remoteKey is nil until the peer's are known
	// username is the value of USERNAME in our checks: peer's, colon, ours.
	username []byte

	locals  []*localCandidate
	remotes []*remoteCandidate
	// pairs is sorted, the highest priority first.
	pairs []*pair
	// triggered is the triggered-check queue (RFC 8445 §6.1.4.1).
	triggered []*pair
	// early holds checks that came before the peer's credentials.
	early []earlyCheck

	// drawn: nobody was told the local credentials, which the agent drew itself.
	drawn bool
	// generation counts the restarts before it.
	generation int

	localEnd, remoteEnd bool
	// gathered: it had a local candidate.
	gathered bool
	// begun is when both sides' credentials were known: the start of the PAC
	// timer (RFC 8863 §4) and of the acceptance waits.
	begun time.Time
	// active is when the peer last gave a sign of life: a candidate or a check.
	active time.Time

	// nominated is the pair that the controlling agent chose.
	nominated *pair
	// nomination is the highest value of a nomination so far (see renomination.go).
	nomination uint32
	// done: ordinary checks have ended with a nomination (RFC 8445 §8.1.2), at
	// finished; better pairs may still come.
	done     bool
	finished time.Time
	// doubted is when a pair in use was given up: what had answered before may be gone
	// as well.
	doubted time.Time
	// lastRemote is that of the last pair in use.
	lastRemote netip.AddrPort
	// valid: ValidPair was announced.
	valid bool
	// had: one of its pairs was in use.
	had bool
	// failed: no path, or consent lost on all.
	failed bool
	// restarted: it followed one that had gone beyond New.
	restarted bool
	// remoteFirst: begun by new credentials of the peer while ours were still
	// the old ones; the Restart that answers it changes only ours.
	remoteFirst bool
	// held keeps it from checking by itself until that Restart: after a session
	// that worked, the peer's new credentials are an offer to restart.
	held bool
	// reopened is when the search began anew because the pair in use was lost.
	reopened time.Time
	// retire, if not zero, is when the generation stops answering checks: its
	// pairs are gone, a later one has taken over.
	retire time.Time
}

func newChecklist(ufrag, pwd string) *checklist {
	return &checklist{localUfrag: ufrag, localPwd: pwd, localKey: newIntegrityKey(pwd)}
}

// setRemote takes the peer's credentials.
func (l *checklist) setRemote(now time.Time, ufrag, pwd string) {
	l.remoteUfrag, l.remotePwd, l.remoteKey = ufrag, pwd, newIntegrityKey(pwd)
	l.name()
	l.begun, l.active = now, now
}

// name forms USERNAME of our checks (RFC 8445 §7.2.2).
func (l *checklist) name() {
	l.username = []byte(l.remoteUfrag + ":" + l.localUfrag)
}

// confirmed says that both sides' credentials are known.
func (l *checklist) confirmed() bool { return l.remoteKey != nil && l.retire.IsZero() }

// searching says that checks of the generation may be sent.
func (l *checklist) searching() bool { return l.confirmed() && !l.failed }

// sender returns the candidate that checks from base to addresses of the IP
// version of like are sent for. A relay can have one of each version.
func (l *checklist) sender(base int, like netip.Addr) *localCandidate {
	for _, c := range l.locals {
		if c.base == base && c.addr.Addr().Is4() == like.Is4() && c.cand.Type() != CandidateTypePeerReflexive {
			return c
		}
	}
	return nil
}

func (l *checklist) remoteAt(addr netip.AddrPort) *remoteCandidate {
	for _, r := range l.remotes {
		if r.addr == addr {
			return r
		}
	}
	return nil
}

func (l *checklist) pairAt(base int, addr netip.AddrPort) *pair {
	for _, p := range l.pairs {
		if p.local.base == base && p.remote.addr == addr {
			return p
		}
	}
	return nil
}

// insert puts p in its place by priority.
func (l *checklist) insert(p *pair) {
	i, _ := slices.BinarySearchFunc(l.pairs, p, comparePairs)
	l.pairs = slices.Insert(l.pairs, i, p)
}

// comparePairs orders by falling priority, and by age where that is equal.
func comparePairs(a, b *pair) int {
	return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.id, b.id))
}

func (l *checklist) sort() { slices.SortFunc(l.pairs, comparePairs) }

// initialState says whether a new pair's check may start by itself. RFC 8838
// §12: Waiting if a pair of its foundation has succeeded, or if it leads those
// of its foundation and none is being checked; Frozen otherwise.
func (l *checklist) initialState(p *pair) CandidatePairState {
	state := CandidatePairStateWaiting
	if l.had {
		return state // the network has changed, and what was learned of foundations with it
	}
	for _, q := range l.pairs {
		if q == p || !q.sameFoundation(p) {
			continue
		}
		switch q.state {
		case CandidatePairStateSucceeded:
			return CandidatePairStateWaiting
		case CandidatePairStateWaiting, CandidatePairStateInProgress:
			state = CandidatePairStateFrozen
		case CandidatePairStateFrozen:
			if q.priority > p.priority {
				state = CandidatePairStateFrozen
			}
		}
	}
	return state
}

// unfreeze makes the frozen pairs of p's foundation Waiting, after a success
// of p (RFC 8445 §7.2.5.3.3).
func (l *checklist) unfreeze(p *pair) {
	for _, q := range l.pairs {
		if q.state == CandidatePairStateFrozen && q.sameFoundation(p) {
			q.state = CandidatePairStateWaiting
		}
	}
}

// next returns the pair whose check is due (RFC 8445 §6.1.4.2) and takes it off
// the triggered-check queue if it was there; nil if there is none.
func (l *checklist) next() *pair {
	if len(l.triggered) > 0 {
		p := l.triggered[0]
		l.triggered = slices.Delete(l.triggered, 0, 1)
		p.queued = false
		return p
	}
	return l.nextOrdinary()
}

func (l *checklist) nextOrdinary() *pair {
	if l.done {
		return l.nextBetter()
	}
	if l.had {
		return l.nextAgain()
	}
	for _, p := range l.pairs {
		if p.state == CandidatePairStateWaiting {
			return p
		}
	}
	// If none is Waiting, the best frozen one whose foundation is not being
	// checked is unfrozen (RFC 8445 §6.1.4.2).
	for _, p := range l.pairs {
		if p.state == CandidatePairStateFrozen && !l.checking(p) {
			return p
		}
	}
	return nil
}

// checking says whether a pair of p's foundation is Waiting or In-Progress.
func (l *checklist) checking(p *pair) bool {
	for _, q := range l.pairs {
		if (q.state == CandidatePairStateWaiting || q.state == CandidatePairStateInProgress) && q.sameFoundation(p) {
			return true
		}
	}
	return false
}

// trigger queues p for a triggered check, once.
func (l *checklist) trigger(p *pair) {
	if !p.queued {
		p.queued = true
		l.triggered = append(l.triggered, p)
	}
}

// untrigger takes p off the triggered-check queue.
func (l *checklist) untrigger(p *pair) {
	if p.queued {
		p.queued = false
		l.triggered = slices.DeleteFunc(l.triggered, func(q *pair) bool { return q == p })
	}
}

// load is the number of pairs Waiting or In-Progress, which sets the
// retransmission timeout (RFC 8445 §14.3).
func (l *checklist) load() int {
	n := 0
	for _, p := range l.pairs {
		if p.state == CandidatePairStateWaiting || p.state == CandidatePairStateInProgress {
			n++
		}
	}
	return n
}

// hopeful says whether a pair better than p may still succeed.
func (l *checklist) hopeful(p *pair) bool {
	for _, q := range l.pairs {
		if q.priority <= p.priority {
			return false
		}
		switch q.state {
		case CandidatePairStateFrozen, CandidatePairStateWaiting, CandidatePairStateInProgress:
			return true
		}
	}
	return false
}

// exhausted says that no pair is left that could succeed.
func (l *checklist) exhausted() bool {
	for _, p := range l.pairs {
		if p.state != CandidatePairStateFailed {
			return false
		}
	}
	return len(l.triggered) == 0
}
