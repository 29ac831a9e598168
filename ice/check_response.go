package ice

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// handleResponse takes the answer to a check or a consent check of ours
// (RFC 8445 §7.2.5). It reports whether it is authentic and from where the request
// went.
func (a *Agent) handleResponse(now time.Time, base int, from netip.AddrPort, r *binding) bool {
	t := a.find(r.id)
	if t == nil {
		a.counters.UnmatchedResponses++ // late, replayed or forged
		return false
	}
	p := t.pair
	// A response without integrity, or with a wrong one, is discarded as if it
	// had never been received (RFC 8489 §9.1.4).
	if !r.hasIntegrity || !p.list.remoteKey.verify(r.raw) {
		a.counters.BadIntegrity++
		return false
	}
	// Source and destination must be those of the request, the other way round
	// (RFC 8445 §7.2.5.2.1).
	if base != p.local.base || from != p.remote.addr {
		a.counters.Asymmetric++
		a.refused(now, t, "asymmetric response")
		return false
	}
	p.remote.proven = true
	a.takeFlight(now, r)
	if len(r.unknown) > 0 {
		// The transaction has failed then (RFC 8489 §6.3.3).
		a.counters.UnknownAttributes++
		a.refused(now, t, "unknown attribute")
		return true
	}
	if r.class == stun.ClassErrorResponse {
		a.handleError(now, t, r)
		return true
	}
	if !r.mapped.IsValid() {
		a.counters.BadResponses++
		a.refused(now, t, "no mapped address")
		return true
	}
	a.answered(now, t, r.mapped)
	return true
}

// refused ends t without success. A consent check goes on as one that was not
// answered: it is overdue in its time.
func (a *Agent) refused(now time.Time, t *transaction, why string) {
	if t.consent {
		return
	}
	p, check := t.pair, t == t.pair.check
	a.release(t)
	if check {
		p.refused = true
		a.checkFailed(now, p, why)
	}
}

// handleError takes an authenticated error response.
func (a *Agent) handleError(now time.Time, t *transaction, r *binding) {
	p := t.pair
	if r.errorCode == 403 && p == a.selected {
		// An authenticated 403 (Forbidden) revokes consent at once (RFC 7675 §5.2).
		a.expire(now, "consent revoked")
		return
	}
	if r.errorCode != 487 {
		// Any other error fails the pair (RFC 8445 §7.2.5.2.4).
		a.refused(now, t, fmt.Sprintf("error response %d", r.errorCode))
		return
	}
	// RFC 8445 §7.2.5.1: the peer keeps the role that our request claimed, so
	// the other one is ours, unless it was changed in the meantime; and a
	// new tie-breaker, since two equal ones would go on for ever.
	a.counters.RoleConflicts++
	if t.controlling == a.controlling {
		a.tieBreaker = a.random()
		a.switchRole(!a.controlling)
	}
	if t.consent {
		return // as in refused
	}
	a.release(t)
	if p.check != nil {
		a.cancel(now, p.check)
	}
	p.state = CandidatePairStateWaiting
	p.list.trigger(p)
}

// answered takes a success response to t (RFC 8445 §7.2.5.3).
func (a *Agent) answered(now time.Time, t *transaction, mapped netip.AddrPort) {
	p := t.pair
	s := &p.stats
	s.ResponsesReceived++
	if s.FirstResponseTimestamp.IsZero() {
		s.FirstResponseTimestamp = now
	}
	s.LastResponseTimestamp = now
	// The answer to a request that was sent more than once tells no time
	// (RFC 8489 §6.2.1, Karn's algorithm).
	if t.attempts == 1 {
		p.rtt = now.Sub(t.sent)
		s.CurrentRoundTripTime = p.rtt.Seconds()
	}
	s.TotalRoundTripTime += p.rtt.Seconds()

	consent, useCandidate := t.consent, t.useCandidate && t.controlling == a.controlling
	a.release(t)
	if p == a.selected {
		a.consentRenewed(now)
	}
	// A consent check may have carried the nomination, whose own check is lost.
	if consent && !(useCandidate && p.nominating) {
		return
	}
	a.succeeded(now, p, mapped, useCandidate)
}

// succeeded makes p valid and draws the conclusions.
func (a *Agent) succeeded(now time.Time, p *pair, mapped netip.AddrPort, nominating bool) {
	l := p.list
	if !p.nominating || nominating {
		l.untrigger(p)
		if p.check != nil { // another check, sent after the one that was answered
			a.cancel(now, p.check)
		}
	}
	p.state, p.remote.suspected = CandidatePairStateSucceeded, false
	p.mapped = a.mappedCandidate(l, p, mapped)
	// The frozen pairs of its foundation are likely to work too (RFC 8445
	// §7.2.5.3.3).
	if !l.done {
		l.unfreeze(p)
	}
	a.debug("check succeeded", "pair", p.id, "to", p.remote.addr, "rtt", p.rtt)
	if !l.valid {
		l.valid = true
		a.emit(ValidPair{Pair: p.snapshot()})
	}
	switch {
	case a.controlling && nominating:
		p.nominating = false
		a.nominated(now, p)
	case !a.controlling && p.nominateOnSuccess:
		p.nominateOnSuccess = false
		a.nominated(now, p)
	}
	a.offer(now, p)
	a.measure(p)
}

// mappedCandidate returns the local candidate that the peer sees p's checks
// come from: a known one, or a new peer reflexive one (RFC 8445 §7.2.5.3.1).
func (a *Agent) mappedCandidate(l *checklist, p *pair, mapped netip.AddrPort) *localCandidate {
	if p.local.addr == mapped || p.mapped != nil && p.mapped.addr == mapped {
		if p.local.addr == mapped {
			return p.local
		}
		return p.mapped
	}
	for _, c := range l.locals {
		if c.base == p.local.base && c.addr == mapped {
			return c
		}
	}
	if !usable(mapped) || len(l.locals) >= maxRemotes {
		return p.local
	}
	cand, err := NewCandidatePeerReflexive(&CandidatePeerReflexiveConfig{
		Network: p.local.cand.NetworkType().Protocol(), Address: mapped.Addr().String(), Port: int(mapped.Port()),
		Component: p.local.cand.Component(), Priority: reflexivePriority(p.local.cand),
		RelAddr: p.local.addr.Addr().String(), RelPort: int(p.local.addr.Port()),
	})
	if err != nil {
		a.debug("mapped address is no candidate", "addr", mapped, "err", err)
		return p.local
	}
	c := &localCandidate{cand: cand, addr: mapped, base: p.local.base}
	l.locals = append(l.locals, c)
	return c
}
