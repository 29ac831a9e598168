package ice

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// AddLocalCandidate adds a candidate of the current generation, which sends
// from the socket base: its own for a host candidate, that of the host
// candidate for a server reflexive one. Pairs with the peer's candidates are
// formed and checked at once. Candidates without an address are ignored.
func (a *Agent) AddLocalCandidate(now time.Time, c Candidate, base int) {
	if a.closed || !usable(c.Addr()) {
		return
	}
	l := a.current()
	a.addLocal(now, l, &localCandidate{cand: c, addr: plain(c.Addr()), base: base})
	a.update(now)
}

func (a *Agent) addLocal(now time.Time, l *checklist, c *localCandidate) {
	for _, old := range l.locals {
		if old.addr == c.addr && old.base == c.base && old.cand.Type() == c.cand.Type() {
			return
		}
	}
	first := l.sender(c.base, c.addr.Addr()) == nil
	l.locals, l.gathered = append(l.locals, c), true
	// In pairs a server reflexive candidate is replaced by its base, and those
	// that are redundant then are pruned (RFC 8445 §6.1.2.4): a socket has the
	// pairs of its first candidate of an IP version.
	if first {
		for _, r := range l.remotes {
			a.addPair(now, l, c, r, false)
		}
		a.tryLastRemote(l, c.base)
		a.replaySocket(now, l, c.base)
	}
}

// replaySocket processes the checks that came to a socket before its candidate.
func (a *Agent) replaySocket(now time.Time, l *checklist, base int) {
	if l.remoteKey == nil || len(l.early) == 0 {
		return
	}
	early := l.early
	l.early = nil
	for _, c := range early {
		if c.base == base && c.remoteUfrag == l.remoteUfrag {
			a.learn(now, l, c, nil)
		} else {
			l.early = append(l.early, c)
		}
	}
}

// RemoveBase says that the socket base is gone. Its candidates and pairs go
// with it; if the pair in use was one of them, another valid one takes over.
func (a *Agent) RemoveBase(now time.Time, base int) {
	if a.closed {
		return
	}
	a.packets.dropBase(base)
	a.dropTransactions(func(t *transaction) bool { return t.pair.local.base == base })
	for _, l := range a.lists {
		l.locals = slices.DeleteFunc(l.locals, func(c *localCandidate) bool { return c.base == base })
		l.early = slices.DeleteFunc(l.early, func(c earlyCheck) bool { return c.base == base })
		gone := func(p *pair) bool { return p.local.base == base }
		for _, p := range l.pairs {
			if gone(p) {
				p.fail("socket closed")
			}
		}
		l.pairs = slices.DeleteFunc(l.pairs, gone)
		l.triggered = slices.DeleteFunc(l.triggered, gone)
		if l.nominated != nil && gone(l.nominated) && l.nominated != a.selected {
			l.nominated = nil
		}
	}
	if a.selected != nil && a.selected.local.base == base {
		a.lose(now)
	}
	a.update(now)
}

// EndOfLocalCandidates says that gathering for the current generation is over
// (RFC 8838 §13).
func (a *Agent) EndOfLocalCandidates(now time.Time) {
	if a.closed {
		return
	}
	a.current().localEnd = true
	a.update(now)
}

// EndOfRemoteCandidates says that the peer has sent its last candidate of the
// current generation (RFC 8838 §14).
func (a *Agent) EndOfRemoteCandidates(now time.Time) {
	if a.closed {
		return
	}
	a.current().remoteEnd = true
	a.update(now)
}

// AddRemoteCandidate adds a candidate of the peer, for the current generation
// or the one that its ufrag extension names. Candidates of a transport that is
// not supported, and those that no packet could be sent to, are ignored and
// counted, as are those above a bound.
//
// Its error is a *rtcerr.OperationError for a candidate whose name is not
// resolved or whose ufrag belongs to no generation, and one that matches
// net.ErrClosed after Close.
func (a *Agent) AddRemoteCandidate(now time.Time, c Candidate) error {
	if a.closed {
		return &rtcerr.InvalidStateError{Err: fmt.Errorf("add a remote candidate: %w", net.ErrClosed)}
	}
	if !c.Addr().IsValid() {
		return &rtcerr.OperationError{Err: fmt.Errorf("remote candidate %q has no resolved address", c.Address())}
	}
	l := a.listFor(c.Ufrag())
	if l == nil {
		return &rtcerr.OperationError{Err: fmt.Errorf("remote candidate for username fragment %q, want %q", c.Ufrag(), a.current().remoteUfrag)}
	}
	addr := plain(c.Addr())
	if !usable(addr) || c.NetworkType().IsTCP() && c.TCPType() == TCPTypeUnspecified || !l.retire.IsZero() {
		a.counters.CandidatesIgnored++
		return nil
	}
	l.active = now
	if r := l.remoteAt(addr); r != nil {
		a.announce(l, r, c)
		a.pairRemote(now, l, r) // a check has paired it with one socket only
	} else if r := a.addRemote(l, &remoteCandidate{cand: c, addr: addr}); r != nil {
		a.pairRemote(now, l, r)
	}
	a.update(now)
	return nil
}

// listFor returns the generation that a remote candidate is for.
func (a *Agent) listFor(ufrag string) *checklist {
	cur := a.current()
	if ufrag == "" || cur.remoteKey == nil || cur.remoteUfrag == ufrag {
		return cur
	}
	for _, l := range a.lists {
		if l.remoteUfrag == ufrag {
			return l
		}
	}
	return nil
}

// announce replaces what a check told of a candidate by what the peer says
// about it: type, foundation and priority (RFC 8445 §7.3.1.3).
func (a *Agent) announce(l *checklist, r *remoteCandidate, c Candidate) {
	if !r.learned {
		return
	}
	r.cand, r.learned = c, false
	for _, p := range l.pairs {
		if p.remote == r {
			p.prioritise(a.controlling)
		}
	}
	l.sort()
	a.answerFlight() // it may have what one that nobody has announced may not
}

// addRemote stores r, at the cost of the worst one if there are too many; nil
// if r is the worst.
func (a *Agent) addRemote(l *checklist, r *remoteCandidate) *remoteCandidate {
	if len(l.remotes) >= maxRemotes {
		a.counters.CandidatesDropped++
		worst := -1
		for i, old := range l.remotes {
			if (worst < 0 || old.cand.Priority() < l.remotes[worst].cand.Priority()) && !a.needed(l, old) {
				worst = i
			}
		}
		if worst < 0 || l.remotes[worst].cand.Priority() >= r.cand.Priority() {
			return nil
		}
		a.dropRemote(l, worst)
	}
	l.remotes = append(l.remotes, r)
	return r
}

// needed says that a pair of r is valid or being checked.
func (a *Agent) needed(l *checklist, r *remoteCandidate) bool {
	return slices.ContainsFunc(l.pairs, func(p *pair) bool { return p.remote == r && a.busy(p) })
}

func (a *Agent) dropRemote(l *checklist, i int) {
	r := l.remotes[i]
	l.remotes = slices.Delete(l.remotes, i, i+1)
	for _, p := range slices.Clone(l.pairs) {
		if p.remote == r {
			a.removePair(p)
		}
	}
}

// dropForeign removes the remote candidates that came before the credentials
// and are for others.
func (l *checklist) dropForeign() {
	foreign := func(r *remoteCandidate) bool { return r.cand.Ufrag() != "" && r.cand.Ufrag() != l.remoteUfrag }
	l.remotes = slices.DeleteFunc(l.remotes, foreign)
	l.pairs = slices.DeleteFunc(l.pairs, func(p *pair) bool { return foreign(p.remote) })
}

// learnRemote makes a peer reflexive candidate of the source of a check
// (RFC 8445 §7.3.1.3).
func (a *Agent) learnRemote(l *checklist, local *localCandidate, c earlyCheck) *remoteCandidate {
	if !usable(c.from) {
		return nil
	}
	// Its foundation is any that no other remote candidate has (RFC 8445
	// §7.3.1.3).
	a.nextID++
	cand, err := NewCandidatePeerReflexive(&CandidatePeerReflexiveConfig{
		Network: local.cand.NetworkType().Protocol(), Address: c.from.Addr().String(), Port: int(c.from.Port()),
		Component: local.cand.Component(), Priority: max(c.priority, 1), Foundation: fmt.Sprintf("prflx%d", a.nextID),
	})
	if err != nil {
		a.debug("source of a check is no candidate", "addr", c.from, "err", err)
		return nil
	}
	cand.tcpType = local.cand.TCPType().opposite()
	return a.addRemote(l, &remoteCandidate{cand: cand, addr: c.from, learned: true})
}

func (a *Agent) pairRemote(now time.Time, l *checklist, r *remoteCandidate) {
	for _, c := range l.locals {
		if l.sender(c.base, c.addr.Addr()) == c {
			a.addPair(now, l, c, r, false)
		}
	}
}

// addPair makes the pair of local's socket and remote, if the two go together,
// and returns it or the one that is there already. A full checklist gives up
// its worst pair for a better one (RFC 8445 §6.1.2.5), and for one that the
// peer is checking; nil if there is no room.
func (a *Agent) addPair(now time.Time, l *checklist, local *localCandidate, remote *remoteCandidate, checked bool) *pair {
	if p := l.pairAt(local.base, remote.addr); p != nil {
		return p
	}
	// A passive candidate opens no stream: its pairs come with the peer's (RFC 6544
	// §6.2 has the others pruned).
	if !compatible(local, remote) || local.cand.TCPType() == TCPTypePassive && !checked {
		return nil
	}
	a.nextID++
	p := &pair{id: a.nextID, list: l, local: local, remote: remote, lite: a.lite}
	p.prioritise(a.controlling)
	if len(l.pairs) >= a.maxPairs {
		a.counters.PairsEvicted++
		worst := a.worst(l)
		if worst == nil || !checked && worst.state != CandidatePairStateFailed && worst.priority >= p.priority {
			return nil
		}
		a.removePair(worst)
	}
	if p.state = l.initialState(p); l.done {
		p.state = CandidatePairStateFrozen // in reserve
		if l.better(p) {
			p.state = CandidatePairStateWaiting
		}
	}
	l.insert(p)
	return p
}

// worst returns the pair that is to go first: a failed one, or the one with the
// lowest priority that is neither valid nor being checked.
func (a *Agent) worst(l *checklist) *pair {
	var worst *pair
	for _, p := range slices.Backward(l.pairs) {
		if a.busy(p) {
			continue
		}
		if p.state == CandidatePairStateFailed {
			return p
		}
		if worst == nil {
			worst = p
		}
	}
	return worst
}

// busy says that p must not be evicted.
func (a *Agent) busy(p *pair) bool {
	return p == a.selected || p.nominating || p.nominated || p.queued ||
		p.state == CandidatePairStateSucceeded || p.state == CandidatePairStateInProgress
}

// removePair takes p, not in use, out of its checklist.
func (a *Agent) removePair(p *pair) {
	l := p.list
	a.dropTransactions(func(t *transaction) bool { return t.pair == p })
	l.untrigger(p)
	if l.nominated == p {
		l.nominated = nil
	}
	l.pairs = slices.DeleteFunc(l.pairs, func(q *pair) bool { return q == p })
}

// usable says whether packets may be sent to addr.
func usable(addr netip.AddrPort) bool {
	ip := addr.Addr().Unmap()
	return addr.IsValid() && addr.Port() != 0 && !ip.IsUnspecified() && !ip.IsMulticast() &&
		ip != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
