package ice

import "time"

// consent watches the pair in use (RFC 7675).
type consent struct {
	// next is when the next periodic request is due.
	next time.Time
	// sent is when the last request was sent.
	sent time.Time
	// lossAt is when the first request was sent that has gone unanswered since
	// the last answer; zero if none has.
	lossAt time.Time
	// probe is when a pair in doubt is asked again; zero for not at all.
	probe time.Time
	// lost: the state is disconnected.
	lost bool
	// hasty: something else than the time says that the pair is gone, so the answer to
	// the next request is not waited for as long as usual. silent: that is that a busy
	// path has become silent.
	hasty, silent bool
}

const (
	// probePause is the pause between two probes of a pair that is lost.
	probePause = time.Second
	// maxAnswerWait bounds how long the answer to a consent check is awaited
	// before it counts as missing.
	maxAnswerWait = 3 * time.Second
)

// suspect says that the pair in use has left a request unanswered.
func (a *Agent) suspect() bool { return !a.consent.lossAt.IsZero() }

// answerWait is how long an answer is awaited, by the estimated
// round-trip time with an allowance for variation (RFC 7675 §5.1).
func (a *Agent) answerWait(p *pair) time.Duration {
	return max(a.timing.RTO, min(2*p.rtt, maxAnswerWait))
}

// interval draws the time to the next consent check: "each interval MUST be
// randomized from between 0.8 and 1.2 times the basic period" (RFC 7675 §5.1).
func (a *Agent) interval() time.Duration {
	const steps = 1 << 20
	return a.timing.Keepalive*8/10 + a.timing.Keepalive*4/10*time.Duration(a.random()%steps)/steps
}

// beginConsent starts the watch over a.selected, whose last answer is the
// initial consent.
func (a *Agent) beginConsent(now time.Time) {
	next := a.selected.answered().Add(a.interval())
	if next.Before(now) {
		next = now
	}
	a.consent = consent{next: next}
}

// askConsent sends one request on the pair in use, with a new transaction id
// and once only (RFC 7675 §5.1).
func (a *Agent) askConsent(now time.Time) {
	p := a.selected
	t := a.begin(now, p, true)
	wait := a.answerWait(p)
	if a.consent.hasty && p.rtt > 0 {
		wait = min(wait, max(3*p.rtt, leastHastyWait))
	}
	t.deadline = now.Add(wait)
	a.consent.sent, a.consent.probe, a.consent.hasty = now, time.Time{}, false
}

// consentOverdue notes that t was not answered in time. The pair is then asked
// again at once, and each second once it is lost: connectivity checks beside
// the periodic consent checks, whose interval they leave alone.
func (a *Agent) consentOverdue(now time.Time, t *transaction) {
	c := &a.consent
	if t.pair != a.selected || t.sent.Before(a.selected.answered()) {
		return
	}
	if c.lossAt.IsZero() {
		c.lossAt = t.sent
	}
	if t.sent.Equal(c.sent) {
		c.probe = now
		if c.lost {
			c.probe = now.Add(probePause)
		}
	}
	a.replaceSuspect(now)
	a.searchSilent(now)
}

// replaceSuspect moves to the best pair that has answered since the pair in use
// stopped to.
func (a *Agent) replaceSuspect(now time.Time) {
	for _, p := range a.selected.list.pairs {
		if p != a.selected && p.state == CandidatePairStateSucceeded && p.answered().After(a.consent.lossAt) {
			a.offer(now, p)
			return
		}
	}
}

// consentRenewed notes an authenticated answer on the pair in use.
func (a *Agent) consentRenewed(now time.Time) {
	c := &a.consent
	if l := a.selected.list; (c.lost || c.silent) && l.nominated == a.selected {
		a.finish(now, l)
	}
	c.lossAt, c.probe, c.lost, c.silent = time.Time{}, time.Time{}, false, false
}

// lostAt is when the state becomes disconnected unless an answer comes; zero
// for never. At least three requests have gone unanswered by then, where the
// clocks allow, so that a single lost datagram is not taken for a lost path.
func (a *Agent) lostAt() time.Time {
	c := &a.consent
	if a.selected == nil || c.lost || c.lossAt.IsZero() || a.timing.Disconnected < 0 {
		return time.Time{}
	}
	at := a.selected.answered().Add(a.timing.Disconnected)
	if t := c.lossAt.Add(min(3*a.answerWait(a.selected), a.timing.Disconnected/2)); t.After(at) {
		at = t
	}
	return at
}

// expiry is when the pair in use is given up: at the latest when "consent
// expires after 30 seconds" (RFC 7675 §5.1).
func (a *Agent) expiry() time.Time {
	if a.selected == nil {
		return time.Time{}
	}
	limit := a.timing.Consent
	if a.timing.Disconnected >= 0 && a.timing.Failed >= 0 {
		limit = min(limit, a.timing.Disconnected+a.timing.Failed)
	}
	return a.selected.answered().Add(limit)
}

// consentDue is the earliest of the watch's deadlines.
func (a *Agent) consentDue() time.Time {
	if a.selected == nil {
		return time.Time{}
	}
	if a.lite {
		return a.liteDue()
	}
	at := earliest(a.consent.next, a.consent.probe)
	return earliest(at, earliest(a.lostAt(), a.expiry()))
}

// watchConsent does what the watch has due.
func (a *Agent) watchConsent(now time.Time) {
	if a.selected == nil {
		return
	}
	if a.lite {
		a.watchLite(now)
		return
	}
	if !now.Before(a.expiry()) {
		a.expire(now, "consent expired")
		return
	}
	c := &a.consent
	if at := c.next; !now.Before(at) {
		c.next = now.Add(a.interval())
		a.askConsent(now)
	} else if at := c.probe; !at.IsZero() && !now.Before(at) {
		a.askConsent(now)
	}
	if at := a.lostAt(); !at.IsZero() && !now.Before(at) {
		a.consent.lost = true
		a.log.Info("selected pair does not answer", "pair", a.selected.snapshot(), "answered", now.Sub(a.selected.answered()))
		a.reopen(now, a.selected.list)
		if l := a.checked(); l != nil && l != a.selected.list {
			a.adopt(now, l)
		}
	}
}

// expire ends sending on the pair in use, whose consent is too old or was
// revoked: "the endpoint MUST cease transmission on that 5-tuple" (RFC 7675
// §5.1).
func (a *Agent) expire(now time.Time, why string) {
	p := a.selected
	a.log.Info("selected pair given up", "pair", p.snapshot(), "why", why, "answered", now.Sub(p.answered()))
	p.stats.ConsentExpiredTimestamp = now
	a.dropTransactions(func(t *transaction) bool { return t.pair == p })
	p.fail(why)
	p.list.untrigger(p)
	p.list.failed = true
	a.lose(now)
}

// lose takes the pair in use out of use and looks for another.
func (a *Agent) lose(now time.Time) {
	l := a.selected.list
	if l.nominated == a.selected {
		l.nominated = nil
	}
	l.doubted = now.Add(-recently)
	a.selected, a.consent = nil, consent{}
	for _, l := range []*checklist{a.checked(), l} {
		if l != nil && a.adopt(now, l) {
			return
		}
	}
	a.emit(SelectedPairChanged{})
	if !l.failed {
		a.reopen(now, l)
	}
}

// adopt puts the valid pair of l to use that has answered last, if its consent is
// fresh enough to find out whether it still works; false if there is none.
func (a *Agent) adopt(now time.Time, l *checklist) bool {
	var best *pair
	for _, p := range l.pairs {
		if p != a.selected && p.state == CandidatePairStateSucceeded && now.Sub(p.answered()) < a.timing.Consent/2 &&
			(best == nil || p.answered().Sub(best.answered()) > recently) {
			best = p
		}
	}
	if best == nil {
		return false
	}
	l.done, l.failed = false, false
	a.use(now, best)
	a.reopen(now, l)
	return true
}

// recently is the difference between two answers above which the later one counts for
// more than the priorities.
const recently = 2 * time.Second

// reopen has all pairs of l checked again, but that in use: the nominated one
// is in doubt or gone.
//
// RFC 8445 §8.1.1 knows only a restart for this; without one, checks among the
// known candidates cost little and find a way that is still open.
func (a *Agent) reopen(now time.Time, l *checklist) {
	if !l.confirmed() {
		return
	}
	l.done, l.reopened = false, now
	for _, p := range l.pairs {
		if p != a.selected && p.state != CandidatePairStateInProgress && !p.refused {
			p.state = CandidatePairStateWaiting
		}
	}
}
