package ice

import (
	"net/netip"
	"slices"
	"time"
)

const (
	// leastHastyWait bounds how soon a pair that is in doubt is given up for another
	// one that works.
	leastHastyWait = 100 * time.Millisecond
	// doubtPause is the least time between two requests on the pair in use because of
	// such doubts.
	doubtPause = 200 * time.Millisecond
	// strangerPause is the least time between two checks of addresses that nobody
	// vouches for.
	strangerPause = 200 * time.Millisecond
)

// probe asks the pair in use for a sign of life because there is reason to believe
// that it is gone.
func (a *Agent) probe(now time.Time) {
	c := &a.consent
	if c.lost {
		return // it is being asked
	}
	at := now
	for _, last := range []time.Time{c.sent, a.selected.answered()} {
		if t := last.Add(doubtPause); t.After(at) {
			at = t
		}
	}
	c.probe, c.hasty = earliest(c.probe, at), true
	a.watchConsent(now)
}

// HandleSilence says that packets are sent on the pair in use and none has come for a
// while although they did before. The pair is asked for a sign of life, and if there
// is none, all others are checked.
func (a *Agent) HandleSilence(now time.Time) {
	if a.closed || a.lite || a.selected == nil || a.consent.silent {
		return
	}
	a.consent.silent = true
	a.probe(now)
	a.update(now)
}

// searchSilent looks for another pair when the one in use has become silent and has
// left a request unanswered, too: a path that carried packets a moment ago.
func (a *Agent) searchSilent(now time.Time) {
	if s := a.selected; s != nil && a.consent.silent && a.suspect() && s.list.done && s.list == a.checked() {
		a.reopen(now, s.list)
	}
}

// tryLastRemote has the pair of a new socket with the peer's address that was last in
// use checked first: it is the one that is most likely to work, and when the pair in
// use is lost one that has answered is there to take its place.
func (a *Agent) tryLastRemote(l *checklist, base int) {
	if !l.had || l.failed {
		return
	}
	p := l.pairAt(base, l.lastRemote)
	if p != nil && (p.state == CandidatePairStateWaiting || p.state == CandidatePairStateFrozen) {
		p.state = CandidatePairStateWaiting
		l.trigger(p)
	}
}

// nextAgain returns the pair to check next when a path has been in use before: those
// that have left the fewest requests unanswered come first, since the addresses of
// networks that were left stay in the list.
func (l *checklist) nextAgain() (next *pair) {
	for _, p := range l.pairs {
		if (p.state == CandidatePairStateWaiting || p.state == CandidatePairStateFrozen) && (next == nil || p.unanswered() < next.unanswered()) {
			next = p
		}
	}
	return next
}

// vain says that t nominates a pair which does not answer any more, and that is not the
// one in use: another may be nominated sooner than t has failed.
func (a *Agent) vain(t *transaction) bool {
	return t.pair.nominating && t.pair.list.had && t.pair != a.selected && t.attempts >= 2
}

// unanswered is how many requests on p have not been answered so far.
func (p *pair) unanswered() uint64 {
	s := &p.stats
	return s.RequestsSent + s.ConsentRequestsSent - min(s.ResponsesReceived, s.RequestsSent+s.ConsentRequestsSent)
}

// strangers is what an agent knows of addresses that packets came from which ICE does
// not vouch for.
type strangers struct {
	next time.Time // when the next one may be asked
}

// HandleStranger says that a packet of n bytes other than STUN has come to the socket
// base from an address that the agent does not know (Knows). That of a peer changes when the NAT
// before it is restarted, and the peer cannot know: its next check may be seconds away.
// So the address is checked. Whoever answers has the peer's password; who does not is
// forgotten. One address at a time is asked, once, five times a second at most, with a
// request that is no longer than three of the packets that led to it.
func (a *Agent) HandleStranger(now time.Time, base int, from netip.AddrPort, n int) {
	s := a.selected
	from = plain(from)
	if a.closed || a.lite || s == nil || s.local.base != base || s.tcp() || now.Before(a.strangers.next) || !usable(from) {
		return
	}
	l := s.list
	local := l.sender(base, from.Addr())
	if local == nil || l != a.checked() || l.failed || l.remoteAt(from) != nil {
		return
	}
	a.strangers.next = now.Add(strangerPause)
	for _, r := range slices.Clone(l.remotes) {
		if r.suspected {
			a.dropStranger(l, r)
		}
	}
	if len(l.remotes) >= maxRemotes {
		return
	}
	if len(l.pairs) >= a.maxPairs {
		// Nothing of the peer's makes room for what may be anybody's, but what failed.
		if p := a.worst(l); p == nil || p.state != CandidatePairStateFailed {
			return
		}
	}
	r := a.learnRemote(l, local, earlyCheck{base: base, from: from, priority: reflexivePriority(s.remote.cand)})
	if r == nil {
		return
	}
	r.suspected, r.credit = true, amplification*n
	if p := a.addPair(now, l, local, r, true); p != nil {
		p.state = CandidatePairStateWaiting
		l.trigger(p)
	} else {
		a.dropStranger(l, r)
	}
	a.probe(now)
	a.update(now)
}

// dropStranger forgets a remote candidate that did not turn out to be the peer's.
func (a *Agent) dropStranger(l *checklist, r *remoteCandidate) {
	if i := slices.Index(l.remotes, r); i >= 0 {
		a.dropRemote(l, i)
	}
}
