package ice

import (
	"net/netip"
	"time"
)

// A lite agent sends no checks, so that it has no answers to tell by whether its
// peer is there and wants its packets (RFC 7675 has no other way). What it has are
// the peer's own checks, whose integrity is as good: while the peer keeps its
// consent to us fresh, we take it to consent as well.

// liteGrace is added to the limits on silence: a peer's consent checks may be six
// seconds apart (RFC 7675 §5.1), where a full agent asks when it wants to know.
const liteGrace = 6 * time.Second

// SetRemoteLite says whether the peer is a lite agent. Two lite agents send no
// checks at all: they take each other's word (RFC 8445 §8.2).
func (a *Agent) SetRemoteLite(now time.Time, lite bool) {
	if a.closed || a.remoteLite == lite {
		return
	}
	a.remoteLite = lite
	a.update(now)
}

// repairLite answers a role conflict: whoever sends checks is a full agent, and
// controls a lite one (RFC 8445 §6.1.1).
func (a *Agent) repairLite(base int, from netip.AddrPort, r *binding, l *checklist) bool {
	if a.controlling {
		a.switchRole(false)
		return true
	}
	a.respondError(base, from, r, l, 487)
	return false
}

// learnLite takes a check of the peer's: one with USE-CANDIDATE makes the pair valid
// and nominated (RFC 8445 §7.3.2).
func (a *Agent) learnLite(now time.Time, p *pair, c earlyCheck) {
	if p == a.selected {
		a.consentRenewed(now)
	}
	if !c.useCandidate || a.controlling || !p.renominated(c.nomination) {
		return
	}
	a.makeValid(p)
	a.nominated(now, p)
}

func (a *Agent) makeValid(p *pair) {
	p.state = CandidatePairStateSucceeded
	if l := p.list; !l.valid {
		l.valid = true
		a.emit(ValidPair{Pair: p.snapshot()})
	}
}

// considerLite concludes between two lite agents: each puts the other's candidates
// together with its own, and both come to the same pair of the highest priority,
// since neither can find out which works (RFC 8445 §8.2).
func (a *Agent) considerLite(now time.Time) {
	l := a.checked()
	if !a.lite || !a.remoteLite || l == nil || l.failed {
		return
	}
	for _, p := range l.pairs {
		if p.tcp() {
			continue // nobody would open the stream
		}
		if p != l.nominated {
			a.makeValid(p)
			a.nominated(now, p)
		}
		return
	}
}

// liteLostAt is when the state becomes disconnected unless a check comes.
func (a *Agent) liteLostAt() time.Time {
	if a.consent.lost || a.timing.Disconnected < 0 {
		return time.Time{}
	}
	return a.selected.answered().Add(a.timing.Disconnected + liteGrace)
}

// liteExpiry is when the pair in use is given up.
func (a *Agent) liteExpiry() time.Time {
	limit := a.timing.Consent
	if a.timing.Disconnected >= 0 && a.timing.Failed >= 0 {
		limit = min(limit, a.timing.Disconnected+a.timing.Failed+liteGrace)
	}
	return a.selected.answered().Add(limit)
}

// liteDue is the next deadline of watchLite.
func (a *Agent) liteDue() time.Time {
	if a.remoteLite {
		return time.Time{}
	}
	return earliest(a.liteLostAt(), a.liteExpiry())
}

// watchLite does what consent has due.
func (a *Agent) watchLite(now time.Time) {
	if a.remoteLite {
		return
	}
	if !now.Before(a.liteExpiry()) {
		a.expire(now, "no check of the peer")
		return
	}
	if at := a.liteLostAt(); !at.IsZero() && !now.Before(at) {
		a.consent.lost = true
		a.debug("selected pair silent", "pair", a.selected.id)
	}
}

// HandleStreamLost says that the stream from the TCP socket base to remote has
// ended or could not be opened (RFC 6544). A check that waits for its answer has
// failed; on the pair in use a check finds out whether a stream can be opened again.
func (a *Agent) HandleStreamLost(now time.Time, base int, remote netip.AddrPort) {
	if a.closed {
		return
	}
	for _, l := range a.lists {
		p := l.pairAt(base, plain(remote))
		if p == nil {
			continue
		}
		switch {
		case p == a.selected:
			if !a.lite {
				a.consent.probe = now
			}
		case p.state == CandidatePairStateInProgress, p.local.cand.TCPType() == TCPTypePassive:
			a.dropTransactions(func(t *transaction) bool { return t.pair == p })
			a.checkFailed(now, p, "the stream has ended")
		}
	}
	a.update(now)
}
