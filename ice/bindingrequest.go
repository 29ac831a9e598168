package ice

import (
	"time"

	"github.com/pion/stun/v4"
)

// CandidatePair is Pair under the name that other libraries give it.
type CandidatePair = Pair

// A BindingRequestHandler sees each check of the peer's that is authentic and names
// this session, with the pair that it came on, as it is before the check has taken
// effect. If it returns true the pair is used from its next answer on: the
// controlling agent nominates it, a controlled one takes it for nominated. It runs
// inside HandlePacket: it must not block, call the agent, or keep m.
type BindingRequestHandler = func(m *stun.Message, local, remote Candidate, pair *CandidatePair) bool

// wants shows the check in a.in to the program, and reports whether it wants p used.
func (a *Agent) wants(p *pair) bool {
	if a.sees == nil {
		return false
	}
	s := p.snapshot()
	return a.sees(&a.in, s.Local, s.Remote, &s)
}

// demand makes p, which the program wants, the pair in use.
func (a *Agent) demand(now time.Time, p *pair) {
	for _, q := range p.list.pairs {
		q.demanded = q == p
	}
	switch {
	case p == p.list.nominated || p.nominating:
	case a.controlling:
		a.nominate(p)
	case p.state == CandidatePairStateSucceeded:
		a.nominated(now, p)
	default:
		p.nominateOnSuccess = true
	}
}
