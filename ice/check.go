package ice

import (
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

// A transaction is one Binding request of ours that may still be answered.
type transaction struct {
	id   transactionID
	pair *pair
	// consent: sent once to renew consent (RFC 7675 §5.1), not an ordinary check.
	consent bool
	// useCandidate and controlling are what the request said.
	useCandidate, controlling bool
	// cancelled: not sent again, and its silence is no failure, but an answer
	// still counts (RFC 8445 §7.3.1.4).
	cancelled bool
	// overdue: a consent check that was not answered in time, and may be yet.
	overdue bool

	sent     time.Time // the first transmission
	attempts int
	rto      time.Duration
	deadline time.Time
	raw      []byte
}

// Rm of RFC 8489 §6.2.1: the wait after the last transmission, in RTOs.
const lastWait = 16

// lateLimit is how long an answer to a cancelled check or an overdue consent
// check is still looked out for.
const lateLimit = 8 * time.Second

// begin writes the request for p, queues it and returns its transaction.
func (a *Agent) begin(now time.Time, p *pair, consent bool) *transaction {
	var t *transaction
	if n := len(a.freed); n > 0 {
		t, a.freed = a.freed[n-1], a.freed[:n-1]
	} else {
		t = new(transaction)
	}
	*t = transaction{pair: p, consent: consent, controlling: a.controlling, sent: now, attempts: 1, raw: t.raw}
	// Only a controlling agent sends USE-CANDIDATE (RFC 8445 §7.1.2). A consent
	// check repeats it, so that a peer that missed the nomination, or that sees us
	// from a new address, learns which pair is meant.
	t.useCandidate = a.controlling && (p.nominating || consent && p.nominated)
	a.fill(t.id[:])
	t.raw = append(t.raw[:0], a.writeRequest(t)...)
	a.transactions = append(a.transactions, t)
	a.transmit(t)

	s := &p.stats
	if s.FirstRequestTimestamp.IsZero() {
		s.FirstRequestTimestamp = now
	}
	s.LastRequestTimestamp = now
	if consent {
		s.ConsentRequestsSent++
	} else {
		s.RequestsSent++
	}
	return t
}

// transmit queues t. What its destination does not afford counts as lost: the next
// check of the peer makes room for more.
func (a *Agent) transmit(t *transaction) {
	p := t.pair
	if !p.remote.affords(len(t.raw)) {
		a.counters.ChecksWithheld++
		return
	}
	a.packets.push(p.local.base, p.remote.addr, t.raw)
}

// writeRequest forms a Binding request (RFC 8445 §7.2.2) in a.out.
func (a *Agent) writeRequest(t *transaction) []byte {
	m, l := &a.out, t.pair.list
	start(m, stun.ClassRequest, t.id)
	m.Add(stun.AttrUsername, l.username)
	addUint32(m, stun.AttrPriority, reflexivePriority(t.pair.local.cand))
	// Every request says which role its sender has (RFC 8445 §7.1.3).
	if t.controlling {
		addUint64(m, stun.AttrICEControlling, a.tieBreaker)
		if t.useCandidate {
			m.Add(stun.AttrUseCandidate, nil)
			if v := t.pair.nomination; v != 0 {
				addUint32(m, a.nominationType, v)
			}
		}
	} else {
		addUint64(m, stun.AttrICEControlled, a.tieBreaker)
	}
	if r := t.pair.remote; a.flights.carrying {
		r.carried += a.flights.attach(m, r.flightRoom(r.carried))
	}
	l.remoteKey.sign(m)
	addFingerprint(m)
	return m.Raw
}

// reflexivePriority is the value of PRIORITY: what c's priority would be if it
// were peer reflexive (RFC 8445 §7.1.1).
func reflexivePriority(c Candidate) uint32 {
	preference := uint32(typePreference(CandidateTypePeerReflexive, c.NetworkType()))
	return preference<<24 | c.Priority()&0x00ffffff
}

// pace starts the checks that are due, one each Ta over all generations
// (RFC 8445 §6.1.4.2).
func (a *Agent) pace(now time.Time) {
	for !now.Before(a.paced) && !now.Before(a.flights.hold) {
		p := a.nextCheck()
		if p == nil {
			return
		}
		a.paced = now.Add(a.timing.Ta)
		turn := a.flights.next
		a.check(now, p)
		if a.flights.next != turn && a.flights.waiting() { // the rest of a flight
			a.hasten()
		}
	}
}

// nextCheck takes the pair to check: triggered checks of any generation first.
func (a *Agent) nextCheck() *pair {
	if a.lite {
		return nil
	}
	for _, l := range slices.Backward(a.lists) {
		if l.searching() && len(l.triggered) > 0 {
			return l.next()
		}
	}
	if l := a.checked(); l != nil && l.searching() && !l.held {
		return l.nextOrdinary()
	}
	return nil
}

// checkDue says when nextCheck has something, zero for never.
func (a *Agent) checkDue() time.Time {
	if a.lite {
		return time.Time{}
	}
	for _, l := range a.lists {
		if l.searching() && len(l.triggered) > 0 {
			return a.checkTime()
		}
	}
	l := a.checked()
	if l == nil || !l.searching() || l.held || l.nextOrdinary() == nil {
		return time.Time{}
	}
	return a.checkTime()
}

// checkTime is when the next check may be sent.
func (a *Agent) checkTime() time.Time {
	if a.flights.hold.After(a.paced) {
		return a.flights.hold
	}
	return a.paced
}

// check sends a connectivity check on p.
func (a *Agent) check(now time.Time, p *pair) {
	if p.check != nil {
		a.cancel(now, p.check)
	}
	if p.state != CandidatePairStateSucceeded {
		p.state = CandidatePairStateInProgress
	}
	p.check = a.begin(now, p, false)
	// The timeout grows with the checks that share the pace. The formula that
	// RFC 8445 §14.3 recommends multiplies by the number of all checks, too, so
	// that thirty pairs would wait 45 s; others are allowed from 500 ms on. This
	// one is RFC 5245 §16.1's for a single checklist.
	p.check.rto = max(a.timing.RTO, a.timing.Ta*time.Duration(p.list.load()))
	a.schedule(now, p.check)
	a.debug("check sent", "pair", p.id, "to", p.remote.addr, "nominating", p.check.useCandidate)
}

// schedule sets when t is to be sent again or has failed (RFC 8489 §6.2.1).
func (a *Agent) schedule(now time.Time, t *transaction) {
	if t.pair.tcp() {
		// A stream repeats what is lost itself: the request is sent once, and is
		// given up when one over UDP would be (RFC 8489 §6.2.2).
		t.deadline = now.Add(a.timing.RTO * (1<<(a.timing.Rc-1) - 1 + lastWait))
	} else if t.pair.remote.suspected {
		t.deadline = now.Add(t.rto) // nobody may be there: it is asked once
	} else if t.attempts < a.timing.Rc {
		t.deadline = now.Add(t.rto << (t.attempts - 1))
	} else {
		t.deadline = now.Add(t.rto * lastWait)
	}
}

// cancel stops t without a verdict on its pair.
func (a *Agent) cancel(now time.Time, t *transaction) {
	t.cancelled = true
	t.deadline = now.Add(lateLimit)
	if t.pair.check == t {
		t.pair.check = nil
	}
}

// release forgets t.
func (a *Agent) release(t *transaction) {
	if i := slices.Index(a.transactions, t); i >= 0 {
		a.transactions = slices.Delete(a.transactions, i, i+1)
	}
	if t.pair.check == t {
		t.pair.check = nil
	}
	t.pair = nil
	if len(a.freed) < 8 {
		a.freed = append(a.freed, t)
	}
}

// find returns the transaction with the given id.
func (a *Agent) find(id transactionID) *transaction {
	for _, t := range a.transactions {
		if t.id == id {
			return t
		}
	}
	return nil
}

// retransmit deals with the transactions whose time is up.
func (a *Agent) retransmit(now time.Time) {
	for i := 0; i < len(a.transactions); {
		t := a.transactions[i]
		if now.Before(t.deadline) {
			i++
			continue
		}
		switch {
		case t.cancelled, t.overdue:
			a.release(t)
		case t.consent:
			t.overdue = true
			t.deadline = now.Add(lateLimit)
			a.consentOverdue(now, t)
		case t.attempts < a.timing.Rc && !t.pair.tcp() && !t.pair.remote.suspected && !a.vain(t):
			t.attempts++
			t.pair.stats.RetransmissionsSent++
			if a.flights.carrying { // with the packet that is next
				t.raw = append(t.raw[:0], a.writeRequest(t)...)
			}
			a.transmit(t)
			a.schedule(now, t)
		default:
			p := t.pair
			a.release(t)
			a.checkFailed(now, p, "no answer")
		}
	}
}

// checkFailed takes the verdict on p (RFC 8445 §7.2.5.2).
func (a *Agent) checkFailed(now time.Time, p *pair, why string) {
	a.debug("check failed", "pair", p.id, "to", p.remote.addr, "why", why)
	if p.remote.suspected {
		a.dropStranger(p.list, p.remote)
		return
	}
	p.fail(why)
	p.nominating, p.nominateOnSuccess = false, false
	p.list.untrigger(p)
	if p == a.selected {
		a.lose(now)
	}
}
