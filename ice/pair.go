package ice

import (
	"net/netip"
	"time"
)

// A localCandidate is one of ours, with the socket that it sends from.
type localCandidate struct {
	cand Candidate
	addr netip.AddrPort
	base int
}

// A remoteCandidate is one of the peer's.
type remoteCandidate struct {
	cand Candidate
	addr netip.AddrPort
	// learned: a check of the peer came from it before anyone announced it
	// (RFC 8445 §7.3.1.3).
	learned bool
	// proven: an answer to a check of ours came from it.
	proven bool
	// credit is how many bytes may be sent to it before it is announced or proven.
	credit int
	// suspected: packets came from it that nothing shows to be the peer's yet (see
	// HandleStranger).
	suspected bool
	// asked is how many bytes came in checks from it, less a part for the answers, and
	// carried how many of the DTLS handshake it was sent in checks.
	asked, carried int
}

// amplification is how many bytes are sent for each byte that came from an address
// which may be forged: nobody but the sender of a check vouches for a peer reflexive
// candidate, and its sender may want to flood somebody else (RFC 8445 §19.5.1). It
// is the limit of RFC 9000 §8.1.
const amplification = 3

// affords takes n bytes that are to be sent to r from its credit; false means that
// they must not be sent.
func (r *remoteCandidate) affords(n int) bool {
	if !r.learned || r.proven {
		return true
	}
	if n > r.credit {
		return false
	}
	r.credit -= n
	return true
}

// A pair is a candidate pair of a checklist (RFC 8445 §6.1.2). There is one for
// each socket of ours and address of the peer, since a second pair with the
// same base and the same remote candidate is redundant (RFC 8445 §6.1.2.4). A
// check that succeeds makes the pair valid itself, since the valid pair of RFC
// 8445 §7.2.5.3.2 has the same base and remote candidate; mapped is its local
// candidate.
type pair struct {
	id       uint64
	list     *checklist
	local    *localCandidate
	remote   *remoteCandidate
	mapped   *localCandidate
	priority uint64
	state    CandidatePairState

	// nominated: the controlling agent's choice fell on it.
	nominated bool
	// nomination is the value of its last nomination, 0 for one without
	// (see renomination.go).
	nomination uint32
	// nominating (controlling): its next check or the one on its way carries
	// USE-CANDIDATE.
	nominating bool
	// nominateOnSuccess (controlled): the peer sent USE-CANDIDATE before our
	// own check of the pair succeeded (RFC 8445 §7.3.1.5).
	nominateOnSuccess bool
	// demanded: the program chose it, see BindingRequestHandler.
	demanded bool
	// refused: the peer answered its last check with an error; only a check of
	// the peer's makes it worth another.
	refused bool
	// queued: it is in the triggered-check queue.
	queued bool
	// why says what made it Failed.
	why string
	// check is the ordinary check on its way.
	check *transaction
	// rtt is the last round-trip time, 0 if none was measured.
	rtt time.Duration

	// lite: this agent sends no checks, and knows from the peer's that it is there.
	lite bool

	stats PairStats
}

// sameFoundation says whether p and q have one foundation: a pair's consists of
// those of its two candidates (RFC 8445 §6.1.2.6).
func (p *pair) sameFoundation(q *pair) bool {
	return p.local.cand.Foundation() == q.local.cand.Foundation() &&
		p.remote.cand.Foundation() == q.remote.cand.Foundation()
}

// answered is when the last authenticated response arrived, or what a lite agent
// has in its place.
func (p *pair) answered() time.Time {
	if p.lite {
		return p.stats.LastRequestReceivedTimestamp
	}
	return p.stats.LastResponseTimestamp
}

// tcp says that the pair's packets travel in a stream.
func (p *pair) tcp() bool { return p.local.cand.NetworkType().IsTCP() }

// reported is the local candidate to show: the one that the peer sees.
func (p *pair) reported() *localCandidate {
	if p.mapped != nil {
		return p.mapped
	}
	return p.local
}

// fail makes p Failed and notes why.
func (p *pair) fail(why string) { p.state, p.why = CandidatePairStateFailed, why }

func (p *pair) snapshot() Pair {
	if p == nil {
		return Pair{}
	}
	return Pair{
		ID: p.id, Local: p.reported().cand, Remote: p.remote.cand, Base: p.local.base, To: p.remote.addr,
		Priority: p.priority, State: p.state, Nominated: p.nominated,
	}
}

// prioritise recomputes the priority, which depends on the role.
func (p *pair) prioritise(controlling bool) {
	l, r := p.local.cand.Priority(), p.remote.cand.Priority()
	if controlling {
		p.priority = pairPriority(l, r)
	} else {
		p.priority = pairPriority(r, l)
	}
}

// compatible says whether a check can go from l to r: the two have the same
// component, protocol and IP version, and link-local IPv6 addresses go only
// together (RFC 8445 §6.1.2.2). So do loopback addresses: a host may answer on
// 127.0.0.1 what another address of its own asks, but the answer's way back is
// not the way that was checked, and some peers refuse it.
func compatible(l *localCandidate, r *remoteCandidate) bool {
	a, b := l.addr.Addr(), r.addr.Addr()
	return l.cand.Component() == r.cand.Component() &&
		l.cand.NetworkType().Protocol() == r.cand.NetworkType().Protocol() &&
		l.cand.TCPType().opposite() == r.cand.TCPType() &&
		a.Is4() == b.Is4() && a.IsLoopback() == b.IsLoopback() &&
		(a.Is4() || a.IsLinkLocalUnicast() == b.IsLinkLocalUnicast())
}

// plain returns a as candidates hold it: unmapped and without a zone. (A socket
// that is bound to a link-local address knows its interface.)
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
