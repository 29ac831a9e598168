package ice

import (
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// An earlyCheck is a check that came before the peer's credentials; it
// is answered, and followed up once they are known (RFC 8445 §7.3).
type earlyCheck struct {
	base         int
	from         netip.AddrPort
	remoteUfrag  string
	priority     uint32
	useCandidate bool
	nomination   uint32
	again        bool
	// credit is what the check entitles its source to (amplification), less the
	// answer.
	credit int
}

// maxEarly bounds the early checks of a generation: one per pair that a peer
// would check at first.
const maxEarly = 32

// HandlePacket takes a STUN message that came from the address from to the
// socket base. It does not keep p. What is not a connectivity check of this
// session or an answer to one of ours is dropped and counted. It returns what the
// packet shows about its source.
func (a *Agent) HandlePacket(now time.Time, base int, from netip.AddrPort, p []byte) Verdict {
	if a.closed {
		return PacketDropped
	}
	from = plain(from)
	if !usable(from) {
		a.counters.Malformed++
		return PacketDropped
	}
	if !a.parse(p) {
		return PacketDropped
	}
	verdict := PacketDropped
	switch a.read.class {
	case stun.ClassRequest:
		if a.handleRequest(now, base, from, &a.read) {
			verdict = PacketAuthentic
		}
	case stun.ClassIndication:
		// It only keeps NAT bindings alive (RFC 8445 §11).
		a.counters.Indications++
		return PacketDropped
	default:
		if a.handleResponse(now, base, from, &a.read) {
			verdict = PacketProven
		}
	}
	a.update(now)
	return verdict
}

// A Verdict says what a packet that HandlePacket took shows about its source.
type Verdict byte

const (
	// PacketDropped: nothing.
	PacketDropped Verdict = iota
	// PacketAuthentic: it is a check of somebody who knows the credentials; its
	// source may be forged all the same.
	PacketAuthentic
	// PacketProven: it answers a check of ours that went to the source.
	PacketProven
)

// parse reads p into a.read; false if it is to be dropped.
func (a *Agent) parse(p []byte) bool {
	if len(p) > maxMessage {
		a.counters.Oversized++
		return false
	}
	// The engine accepts bytes after the message's end and lengths that are no
	// multiple of four (RFC 8489 §5).
	if len(p) < stunHeader || len(p)%4 != 0 || int(p[2])<<8|int(p[3]) != len(p)-stunHeader || p[0]&0xc0 != 0 {
		a.counters.Malformed++
		return false
	}
	// Write copies p: the engine never sees the caller's buffer.
	if _, err := a.in.Write(p); err != nil {
		a.counters.Malformed++
		return false
	}
	// FINGERPRINT must be used for checks (RFC 8445 §7.2.4), and what lacks it
	// where it must be used is no message of ours (RFC 8489 §7).
	switch present, right := fingerprint(a.in.Raw); {
	case !present:
		a.counters.NoFingerprint++
		return false
	case !right:
		a.counters.BadFingerprint++
		return false
	}
	if a.in.Type.Method != stun.MethodBinding {
		a.counters.OtherMethod++
		return false
	}
	a.read.read(&a.in)
	return true
}

// handleRequest serves a connectivity check (RFC 8445 §7.3). It reports whether it
// was authentic.
func (a *Agent) handleRequest(now time.Time, base int, from netip.AddrPort, r *binding) bool {
	l := a.authenticate(now, base, from, r)
	if l == nil {
		return false
	}
	again, replayed := a.remember(base, from, r)
	// An address that signaling named is the peer's, though somebody who listens
	// may have been faster with a copy of the request.
	if remote := l.remoteAt(from); replayed && (remote == nil || remote.learned) {
		a.counters.Replayed++
		return false
	}
	if len(r.unknown) > 0 {
		a.counters.UnknownAttributes++
		a.respondError(base, from, r, l, 420)
		return true
	}
	// PRIORITY must be in every check (RFC 8445 §7.1.1).
	if !r.hasPriority || r.malformedAttr {
		a.counters.BadRequests++
		a.respondError(base, from, r, l, 400)
		return true
	}
	if !a.repairRole(base, from, r, l) {
		return true
	}
	a.takeFlight(now, r)
	spent := a.respond(base, from, r, l)
	a.learn(now, l, earlyCheck{
		base: base, from: from, again: again, priority: r.priority,
		useCandidate: r.useCandidate || r.nomination != 0, nomination: r.nomination,
		credit: amplification*len(r.raw) - spent,
	}, r)
	return true
}

// A seenRequest is one of the last authenticated requests.
type seenRequest struct {
	id   transactionID
	base int
	from netip.AddrPort
}

// maxSeen is how many requests are remembered.
const maxSeen = 32

// remember notes a request. again says that it is a retransmission, replayed
// that somebody sends the peer's request from another address: to answer it
// would lead our checks to whatever address that is (RFC 8445 §19.4.1).
func (a *Agent) remember(base int, from netip.AddrPort, r *binding) (again, replayed bool) {
	for i := range a.seen {
		if s := &a.seen[i]; s.id == r.id {
			same := s.base == base && s.from == from
			return same, !same
		}
	}
	s := seenRequest{r.id, base, from}
	if len(a.seen) < maxSeen {
		a.seen = append(a.seen, s)
		return false, false
	}
	a.seen[a.seenNext] = s
	a.seenNext = (a.seenNext + 1) % maxSeen
	return false, false
}

// authenticate finds the generation that a request belongs to (RFC 8489 §9.1.3):
// by the first half of USERNAME, and by the second where both fit.
func (a *Agent) authenticate(now time.Time, base int, from netip.AddrPort, r *binding) *checklist {
	if !r.hasUsername || !r.hasIntegrity {
		a.counters.Unauthenticated++
		a.respondUnauthenticated(now, base, from, r, 400)
		return nil
	}
	var found *checklist
	for _, l := range a.lists {
		if string(r.localUfrag) == l.localUfrag && (found == nil || found.remoteUfrag != string(r.remoteUfrag) || l.remoteUfrag == string(r.remoteUfrag)) {
			found = l
		}
	}
	if found == nil {
		a.counters.UnknownUsername++
		a.respondUnauthenticated(now, base, from, r, 401)
		return nil
	}
	if !found.localKey.verify(r.raw) {
		a.counters.BadIntegrity++
		a.respondUnauthenticated(now, base, from, r, 401)
		return nil
	}
	return found
}

// repairRole detects and repairs a role conflict (RFC 8445 §7.3.1.1); false
// means that the request was refused.
func (a *Agent) repairRole(base int, from netip.AddrPort, r *binding, l *checklist) bool {
	conflict := a.controlling && r.controlling || !a.controlling && r.controlled
	if !conflict {
		return true
	}
	a.counters.RoleConflicts++
	if a.lite {
		return a.repairLite(base, from, r, l)
	}
	// The larger tie-breaker is to control; whoever already has the role that
	// follows from it answers 487 and keeps it.
	if larger := a.tieBreaker >= r.tieBreaker; larger == a.controlling {
		a.respondError(base, from, r, l, 487)
		return false
	}
	a.switchRole(!a.controlling)
	return true
}

// switchRole changes the role because of a conflict.
func (a *Agent) switchRole(controlling bool) {
	a.setRole(controlling)
	a.emit(RoleChanged{Controlling: controlling})
	a.debug("role conflict repaired", "controlling", controlling)
}

// respond answers a check (RFC 8445 §7.3.1.2) and returns the answer's size.
func (a *Agent) respond(base int, from netip.AddrPort, r *binding, l *checklist) int {
	m := &a.out
	start(m, stun.ClassSuccessResponse, r.id)
	addXORAddress(m, from)
	if a.flights.carrying {
		a.flights.attach(m, amplification*len(r.raw))
	}
	l.localKey.sign(m)
	addFingerprint(m)
	a.packets.push(base, from, m.Raw)
	return len(m.Raw)
}

// respondError refuses a request that was authenticated.
func (a *Agent) respondError(base int, from netip.AddrPort, r *binding, l *checklist, code int) {
	m := &a.out
	start(m, stun.ClassErrorResponse, r.id)
	addErrorCode(m, code)
	if code == 420 {
		addUnknownAttributes(m, r.unknown)
	}
	l.localKey.sign(m)
	addFingerprint(m)
	a.packets.push(base, from, m.Raw)
}

// An errorBudget limits the answers to requests that nobody can be held to:
// their source address may be forged.
type errorBudget struct {
	left  int
	until time.Time
}

// errorsPerSecond is how many unauthenticated requests are answered.
const errorsPerSecond = 10

// respondUnauthenticated refuses a request without integrity, as RFC 8489
// §9.1.3 prescribes. The answer is no larger than the smallest request that can ask
// for it, but for 8 bytes, and the rate is bounded.
func (a *Agent) respondUnauthenticated(now time.Time, base int, from netip.AddrPort, r *binding, code int) {
	if !now.Before(a.errors.until) {
		a.errors = errorBudget{left: errorsPerSecond, until: now.Add(time.Second)}
	}
	if a.errors.left == 0 {
		a.counters.ErrorsWithheld++
		return
	}
	a.errors.left--
	m := &a.out
	start(m, stun.ClassErrorResponse, r.id)
	addErrorCode(m, code)
	addFingerprint(m)
	a.packets.push(base, from, m.Raw)
}

// learn draws the conclusions from an accepted check: a peer-reflexive
// candidate, a triggered check, a nomination (RFC 8445 §7.3.1.3 to §7.3.1.5).
func (a *Agent) learn(now time.Time, l *checklist, c earlyCheck, r *binding) {
	if !l.retire.IsZero() {
		return // a generation that has been replaced only answers
	}
	if l.remoteKey == nil || r != nil && string(r.remoteUfrag) != l.remoteUfrag {
		a.keepEarly(l, c, r)
		return
	}
	l.active, l.held = now, false // it checks both credentials: there is no other answer to wait for
	p := l.pairAt(c.base, c.from)
	if p == nil {
		if p = a.discover(now, l, c); p == nil {
			return
		}
	}
	// Packets made it suspected; this check shows it to be the peer's.
	p.remote.suspected = false
	p.remote.credit += c.credit
	p.remote.asked += c.credit / amplification
	s := &p.stats
	if s.FirstRequestReceivedTimestamp.IsZero() {
		s.FirstRequestReceivedTimestamp = now
	}
	s.LastRequestReceivedTimestamp = now
	s.RequestsReceived++
	s.ResponsesSent++
	if c.again {
		s.RetransmissionsReceived++
	}
	if l.failed {
		return // "only a restart leads out" (webrtc-pc §5.6.4)
	}
	wanted := r != nil && a.wants(p)
	if a.lite {
		c.useCandidate = c.useCandidate || wanted
		a.learnLite(now, p, c)
		return
	}
	a.triggerCheck(now, p)
	a.doubt(now, p)
	if c.useCandidate && !a.controlling {
		a.peerNominated(now, p, c.nomination)
	}
	if wanted {
		a.demand(now, p)
	}
}

// keepEarly holds a check whose sender's credentials are not known yet.
func (a *Agent) keepEarly(l *checklist, c earlyCheck, r *binding) {
	if r != nil {
		c.remoteUfrag = string(r.remoteUfrag)
	}
	for i := range l.early {
		if e := &l.early[i]; e.base == c.base && e.from == c.from && e.remoteUfrag == c.remoteUfrag {
			e.useCandidate, e.nomination = e.useCandidate || c.useCandidate, max(e.nomination, c.nomination)
			e.credit += c.credit
			return
		}
	}
	if len(l.early) >= maxEarly {
		a.counters.EarlyDropped++
		return
	}
	l.early = append(l.early, c)
}

// replayEarly processes the held checks of the peer whose credentials l now has.
func (a *Agent) replayEarly(now time.Time, l *checklist) {
	early := l.early
	l.early = nil
	for _, c := range early {
		if c.remoteUfrag == l.remoteUfrag {
			a.learn(now, l, c, nil)
		}
	}
}

// discover makes the pair of a check that came unexpectedly: with a new peer
// reflexive candidate, if its source is no known candidate (RFC 8445 §7.3.1.3).
func (a *Agent) discover(now time.Time, l *checklist, c earlyCheck) *pair {
	local := l.sender(c.base, c.from.Addr())
	if local == nil {
		a.keepEarlyFor(l, c)
		return nil
	}
	remote := l.remoteAt(c.from)
	if remote != nil && remote.suspected {
		a.dropStranger(l, remote) // it is the peer
		remote = nil
	}
	if remote == nil {
		if remote = a.learnRemote(l, local, c); remote == nil {
			return nil
		}
	}
	return a.addPair(now, l, local, remote, true)
}

// keepEarlyFor holds a check that came to a socket whose candidate has not been
// added yet.
func (a *Agent) keepEarlyFor(l *checklist, c earlyCheck) {
	c.remoteUfrag = l.remoteUfrag
	a.keepEarly(l, c, nil)
}

// stray says that the peer checks p although another pair was nominated, and
// that p has not been heard of lately.
func (a *Agent) stray(now time.Time, p *pair) bool {
	return p.list.done && p != a.selected && now.Sub(p.answered()) >= strayPause
}

// strayPause is the least time between two checks of a pair that is not in use
// and of the pair in use because of it.
const strayPause = time.Second

// doubt asks the pair in use for a sign of life when the peer checks another
// one: its address may have changed, or its path to us may be gone, and it
// knows nothing of it or has moved already. If no answer comes, replaceSuspect
// follows the peer.
func (a *Agent) doubt(now time.Time, p *pair) {
	s := a.selected
	if s == nil || s == p || !p.list.done {
		return
	}
	a.probe(now)
}

// triggerCheck queues a check in the other direction (RFC 8445 §7.3.1.4).
func (a *Agent) triggerCheck(now time.Time, p *pair) {
	switch p.state {
	case CandidatePairStateSucceeded:
		// Nothing is to be done then (RFC 8445 §7.3.1.4); but the peer may be
		// about to move to this pair, see doubt.
		if !a.stray(now, p) || p.nominating {
			return
		}
	case CandidatePairStateInProgress:
		if p.check != nil {
			a.cancel(now, p.check)
		}
	}
	p.state, p.refused = CandidatePairStateWaiting, false
	p.list.trigger(p)
}
