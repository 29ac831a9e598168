package ice

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

const addrC = "192.0.2.3:3000"

// candidateOf returns a candidate of any type at addr.
func candidateOf(t *testing.T, typ CandidateType, addr string) Candidate {
	t.Helper()
	a := netip.MustParseAddrPort(addr)
	line := fmt.Sprintf("%d 1 udp %d %s %d typ %s", typ, Priority(typ.Preference(), 65535, 1), a.Addr(), a.Port(), typ)
	if typ != CandidateTypeHost {
		line += " raddr 0.0.0.0 rport 0"
	}
	c, err := UnmarshalCandidate(line)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A controlling agent holds a nomination back as long as a better type of pair
// may turn up, and not at all if none can.
func TestWhenTheControllingAgentNominates(t *testing.T) {
	rtt := 20 * time.Millisecond
	for _, c := range []struct {
		name  string
		typ   CandidateType
		ended bool
		want  time.Duration
	}{
		{"host", CandidateTypeHost, false, rtt},
		{"server reflexive", CandidateTypeServerReflexive, false, 500 * time.Millisecond},
		{"peer reflexive", CandidateTypePeerReflexive, false, time.Second},
		{"relay", CandidateTypeRelay, false, 2 * time.Second},
		{"relay, and nothing else is to come", CandidateTypeRelay, true, rtt},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWire(t)
			w.delay = rtt / 2
			a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{Ta: 5 * time.Millisecond}})
			a.host(1, addrA)
			p := against(a)
			p.addrs = []netip.AddrPort{netip.MustParseAddrPort(addrB)}
			a.learnOf(candidateOf(t, c.typ, addrB))
			if c.ended {
				a.ended()
			}
			var nominatedAt time.Duration
			w.pass = func(d *flying) bool {
				if d.data[0] == 0 && readBinding(t, d.data).useCandidate && nominatedAt == 0 {
					nominatedAt = w.now.Sub(epoch)
				}
				return true
			}
			w.run(rtt)
			w.run(time.Nanosecond)
			a.wantState(ConnectionStateConnected, "after one round trip, nominated or not")
			w.run(5 * time.Second)
			if nominatedAt != c.want {
				t.Errorf("nominated after %v, want %v", nominatedAt, c.want)
			}
		})
	}
}

// A relayed pair answers first; the direct one, which is slower, is nominated.
func TestTheBetterPairIsWorthWaitingFor(t *testing.T) {
	w := newWire(t)
	w.delay = 10 * time.Millisecond
	a := w.agent("a", AgentConfig{Controlling: true})
	a.host(1, addrA)
	p := against(a)
	p.addrs = []netip.AddrPort{netip.MustParseAddrPort(addrB), netip.MustParseAddrPort(addrC)}
	a.learnOf(candidateOf(t, CandidateTypeRelay, addrB))
	w.run(100 * time.Millisecond)
	a.wantPath(addrA, addrB, "before the nomination")
	a.learnOf(candidateOf(t, CandidateTypeHost, addrC))
	w.run(time.Second)
	a.wantPath(addrA, addrC, "after the better pair answered")
	if p, _ := a.SelectedPair(); !p.Nominated {
		t.Error("the pair in use is not nominated")
	}
	// The list is done: the pair that came late is not checked any more.
	before := len(p.requests)
	a.learnOf(candidateOf(t, CandidateTypeHost, "192.0.2.4:4000"))
	w.run(time.Second)
	if len(p.requests) != before || len(a.Pairs()) != 3 {
		t.Errorf("%d checks after the end, %d pairs", len(p.requests)-before, len(a.Pairs()))
	}
}

// A peer of RFC 5245 §8.1.1.2 puts USE-CANDIDATE in every check; the nominated
// pair of the highest priority is used.
func TestAggressivePeer(t *testing.T) {
	w := newWire(t)
	w.delay = 10 * time.Millisecond
	b := w.agent("b", AgentConfig{})
	b.host(1, addrA)
	p := against(b)
	p.addrs = []netip.AddrPort{netip.MustParseAddrPort(addrB), netip.MustParseAddrPort(addrC)}
	b.learnOf(candidateOf(t, CandidateTypeServerReflexive, addrB), candidateOf(t, CandidateTypeHost, addrC))
	p.mute = true
	p.check(addrB, true)
	w.run(200 * time.Millisecond)
	if _, ok := b.SelectedPair(); ok {
		t.Error("a pair is in use that has not answered")
	}
	p.mute = false
	p.check(addrB, true) // cancels the check that was not answered
	w.run(200 * time.Millisecond)
	b.wantPath(addrA, addrB, "after the first nomination")
	if p, _ := b.SelectedPair(); !p.Nominated {
		t.Error("the pair in use is not nominated")
	}
	p.check(addrC, true)
	w.run(200 * time.Millisecond)
	b.wantPath(addrA, addrC, "after the nomination of a better pair")
	for range 10 {
		p.check(addrB, true)
		w.run(time.Second)
		b.wantPath(addrA, addrC, "when the worse pair is nominated again")
		p.check(addrC, true)
		w.run(time.Second)
		b.wantPath(addrA, addrC, "when both go on being nominated")
	}
	// A peer that has moved to the worse pair stops checking the better one.
	w.run(quietLimit)
	p.check(addrB, true)
	w.run(time.Second)
	b.wantPath(addrA, addrB, "when the peer has left the better pair")
}

// A NAT gives the peer a new port in the middle of a call. The packets of the
// side that did not move follow it, whichever role it has, and nothing is
// signalled.
func TestNATRebinding(t *testing.T) {
	for _, controlling := range []bool{true, false} {
		t.Run(fmt.Sprintf("moving side controlling=%v", controlling), func(t *testing.T) {
			w := newWire(t)
			w.delay = 20 * time.Millisecond
			inner := netip.MustParseAddrPort("10.0.0.1:1000")
			a := w.agent("a", AgentConfig{Controlling: controlling})
			b := w.agent("b", AgentConfig{Controlling: !controlling})
			a.nat[inner] = netip.MustParseAddrPort("203.0.113.1:6000")
			ca, cb := a.host(1, inner.String()), b.host(1, addrB)
			a.credentialsOf(b)
			b.credentialsOf(a)
			a.learnOf(cb)
			b.learnOf(ca)
			a.ended()
			b.ended()
			w.run(time.Minute)
			b.wantPath(addrB, "203.0.113.1:6000", "before")
			a.nat[inner] = netip.MustParseAddrPort("203.0.113.1:7777")
			var heard time.Time
			w.pass = func(d *flying) bool {
				if heard.IsZero() && d.from == ap("203.0.113.1:7777") {
					heard = w.now.Add(w.delay)
				}
				return true
			}
			w.until("b follows", 8*time.Second, func() bool {
				p, _ := b.SelectedPair()
				return p.To.String() == "203.0.113.1:7777"
			})
			// b asks the old address for a sign of life, and gives it half a second.
			if took := w.now.Sub(heard); took > 600*time.Millisecond {
				t.Errorf("b followed %v after the first check from the new address", took)
			}
			w.run(30 * time.Second)
			b.wantPath(addrB, "203.0.113.1:7777", "half a minute later")
			a.wantPath(inner.String(), addrB, "half a minute later")
			a.wantState(ConnectionStateCompleted, "half a minute later")
			b.wantState(ConnectionStateCompleted, "half a minute later")
			p, _ := b.SelectedPair()
			if !p.Nominated {
				t.Error("b's pair is not nominated")
			}
		})
	}
}

// The interface in use vanishes. The other one takes over at once on the side
// that knows, and the peer follows.
func TestBaseRemoved(t *testing.T) {
	for _, controlling := range []bool{true, false} {
		t.Run(fmt.Sprintf("losing side controlling=%v", controlling), func(t *testing.T) {
			w := newWire(t)
			w.delay = 20 * time.Millisecond
			a := w.agent("a", AgentConfig{Controlling: controlling})
			b := w.agent("b", AgentConfig{Controlling: !controlling})
			ca1, ca2, cb := a.host(1, addrA), a.host(2, "198.51.100.1:1000"), b.host(1, addrB)
			a.credentialsOf(b)
			b.credentialsOf(a)
			a.learnOf(cb)
			b.learnOf(ca1, ca2)
			a.ended()
			b.ended()
			w.run(time.Minute)
			p, _ := a.SelectedPair()
			other := map[int]string{1: "198.51.100.1:1000", 2: addrA}[p.Base]
			delete(a.sockets, p.Base)
			a.RemoveBase(w.now, p.Base)
			a.flush()
			took := w.until("both on the other interface", 10*time.Second, func() bool {
				pa, _ := a.SelectedPair()
				pb, _ := b.SelectedPair()
				return pb.To.String() == other && a.sockets[pa.Base].String() == other
			})
			if took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			w.run(10 * time.Second)
			a.wantState(ConnectionStateCompleted, "at the end")
			b.wantState(ConnectionStateCompleted, "at the end")
			if c := a.LocalCandidates(); len(c) != 1 {
				t.Errorf("a still has the candidates %v", c)
			}
		})
	}
}

// The only interface vanishes: disconnected, then failed; a new interface
// without a restart is not enough for the peer to be told, but a check is.
func TestOnlyBaseRemoved(t *testing.T) {
	w := newWire(t)
	a, _ := connected(w)
	delete(a.sockets, 1)
	a.RemoveBase(w.now, 1)
	a.flush()
	a.wantState(ConnectionStateDisconnected, "without a socket")
	if _, ok := a.SelectedPair(); ok {
		t.Error("a pair is in use without a socket")
	}
	w.run(10 * time.Second)
	a.host(2, "198.51.100.1:5")
	w.run(3 * time.Second)
	a.wantState(ConnectionStateCompleted, "with a new socket")
	a.wantPath("198.51.100.1:5", addrB, "with a new socket")

	delete(a.sockets, 2)
	a.RemoveBase(w.now, 2)
	a.flush()
	w.run(time.Minute)
	a.wantState(ConnectionStateFailed, "after a minute without a socket")
}

// Both interfaces have a valid pair when the one in use vanishes: there is no
// instant without a pair in use.
func TestBaseRemovedWithASpare(t *testing.T) {
	w := newWire(t)
	w.delay = 20 * time.Millisecond
	a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{HostAcceptance: time.Second}})
	a.host(1, addrA)
	a.host(2, "198.51.100.1:1000")
	p := against(a, addrB)
	w.run(5 * time.Second)
	first, _ := a.SelectedPair()
	valid := 0
	for _, q := range a.Pairs() {
		if q.State == CandidatePairStateSucceeded {
			valid++
		}
	}
	if valid != 2 || !first.Nominated {
		t.Fatalf("%d valid pairs; in use is %v", valid, first)
	}
	events := len(a.events)
	delete(a.sockets, first.Base)
	a.RemoveBase(w.now, first.Base)
	a.flush()
	second, ok := a.SelectedPair()
	if !ok || second.Base == first.Base {
		t.Fatalf("after the loss a uses %v", second)
	}
	nominations := 0
	before := len(p.requests)
	w.run(time.Second)
	for _, r := range p.requests[before:] {
		if r.useCandidate {
			nominations++
		}
	}
	if nominations == 0 {
		t.Error("the spare pair is not nominated")
	}
	for _, e := range a.events[events:] {
		if e, ok := e.(SelectedPairChanged); ok && e.Pair.IsZero() {
			t.Error("a was without a pair for an instant")
		}
		if e, ok := e.(StateChanged); ok && e.State != ConnectionStateConnected {
			t.Errorf("a was %v", e.State)
		}
	}
}

// A check that arrives before the socket's candidate is kept until it is known.
func TestCheckBeforeTheLocalCandidate(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.sockets[1] = ap(addrA)
	p := against(a)
	p.addrs = append(p.addrs, ap(addrB))
	p.check(addrB, true)
	w.run(time.Second)
	a.wantState(ConnectionStateNew, "without a candidate")
	a.host(1, addrA)
	w.run(time.Second)
	a.wantState(ConnectionStateConnected, "with it")
	if p, _ := a.SelectedPair(); !p.Nominated {
		t.Error("the nomination was forgotten")
	}
}

// What was queued for a socket goes with it.
func TestRemoveBaseDropsWhatWasQueued(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	against(a, addrB)
	a.AddLocalCandidate(w.now, hostCandidate(t, addrA), 1)
	a.RemoveBase(w.now, 1)
	if _, ok := a.PollTransmit(); ok {
		t.Error("a datagram is to be sent from a socket that is gone")
	}
}

// Of two valid pairs that nobody has nominated yet, the better one is used.
func TestTheBestValidPairIsUsed(t *testing.T) {
	w := newWire(t)
	b := w.agent("b", AgentConfig{})
	b.host(1, addrA)
	p := against(b)
	p.addrs = []netip.AddrPort{ap(addrB), ap(addrC), ap("192.0.2.4:4000")}
	b.learnOf(candidateOf(t, CandidateTypeServerReflexive, addrB))
	w.run(200 * time.Millisecond)
	b.wantPath(addrA, addrB, "with one valid pair")
	b.learnOf(candidateOf(t, CandidateTypeHost, addrC))
	w.run(200 * time.Millisecond)
	b.wantPath(addrA, addrC, "with a better one")
	b.learnOf(candidateOf(t, CandidateTypeRelay, "192.0.2.4:4000"))
	w.run(200 * time.Millisecond)
	b.wantPath(addrA, addrC, "with a worse one")
}

// Two direct paths, of which the better takes a little longer to answer.
func TestTheBetterOfTwoDirectPairs(t *testing.T) {
	for _, c := range []struct {
		late time.Duration
		want string
	}{{30 * time.Millisecond, addrC}, {500 * time.Millisecond, addrB}} {
		w := newWire(t)
		w.delay = 20 * time.Millisecond
		a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{Ta: 5 * time.Millisecond}})
		a.host(1, addrA)
		p := against(a)
		p.addrs = []netip.AddrPort{ap(addrB), ap(addrC)}
		p.answer = func(r *binding, from netip.AddrPort) []byte {
			raw := p.success(r, from)
			if p.last == ap(addrB) {
				return raw
			}
			w.seq++
			w.queue = append(w.queue, &flying{at: w.now.Add(w.delay + c.late), seq: w.seq, from: p.last, to: from, data: raw})
			return nil
		}
		for i, addr := range []string{addrB, addrC} {
			remote, err := UnmarshalCandidate(fmt.Sprintf("%d 1 udp %d %v %d typ host", i, 1000*(i+1), ap(addr).Addr(), ap(addr).Port()))
			if err != nil {
				t.Fatal(err)
			}
			a.learnOf(remote)
		}
		w.run(2 * time.Second)
		a.wantPath(addrA, c.want, fmt.Sprintf("when the better pair is %v late", c.late))
		if q, _ := a.SelectedPair(); !q.Nominated {
			t.Errorf("%v late: the pair is not nominated", c.late)
		}
	}
}

// After the nomination, checks of worse pairs are not repeated (RFC 8445 §8.1.2).
func TestChecksEndWithTheNomination(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{HostAcceptance: 300 * time.Millisecond}})
	a.host(1, addrA)
	p := against(a)
	p.addrs = []netip.AddrPort{ap(addrB), ap(addrC)}
	p.muteAt = []netip.AddrPort{ap(addrC)}
	a.learnOf(candidateOf(t, CandidateTypeHost, addrB), candidateOf(t, CandidateTypeRelay, addrC))
	w.run(3 * time.Second)
	asked := 0
	w.pass = func(d *flying) bool {
		if d.to == ap(addrC) {
			asked++
		}
		return true
	}
	w.run(time.Minute)
	if asked != 0 || a.Pairs()[1].State != CandidatePairStateFrozen {
		t.Errorf("the worse pair, %v, was asked %d times after the nomination", a.Pairs()[1].State, asked)
	}
}

// The peer's choice falls on a worse pair, since the better one works in its
// direction only: we have noticed too.
func TestNominationAwayFromAPairInDoubt(t *testing.T) {
	w := newWire(t)
	b := w.agent("b", AgentConfig{})
	b.host(1, addrA)
	p := against(b)
	p.addrs = []netip.AddrPort{ap(addrB), ap(addrC)}
	b.learnOf(candidateOf(t, CandidateTypeServerReflexive, addrB), candidateOf(t, CandidateTypeHost, addrC))
	w.run(time.Second)
	p.check(addrC, true)
	w.run(time.Second)
	b.wantPath(addrA, addrC, "at first")
	p.muteAt = []netip.AddrPort{ap(addrC)}
	w.until("a request unanswered", 10*time.Second, b.suspect)
	p.check(addrC, false) // it still sends there
	p.check(addrB, true)
	w.run(time.Millisecond) // the pair is checked once more before it is relied upon
	if b.wantPath(addrA, addrB, "at the nomination"); b.State() == ConnectionStateDisconnected {
		t.Error("b is disconnected")
	}
}

// One of two paths is cut and not removed: both sides are disconnected for an
// instant at most, and go on over the other one without a restart.
func TestPathCut(t *testing.T) {
	for _, controlling := range []bool{true, false} {
		w := newWire(t)
		w.delay = 20 * time.Millisecond
		a := w.agent("a", AgentConfig{Controlling: controlling})
		b := w.agent("b", AgentConfig{Controlling: !controlling})
		ca1, ca2, cb := a.host(1, addrA), a.host(2, "198.51.100.1:1000"), b.host(1, addrB)
		a.credentialsOf(b)
		b.credentialsOf(a)
		a.learnOf(cb)
		b.learnOf(ca1, ca2)
		a.ended()
		b.ended()
		w.run(time.Minute)
		cut := a.sockets[a.selected.local.base]
		w.pass = func(d *flying) bool { return d.from != cut && d.to != cut }
		w.until("both on the other path", 10*time.Second, func() bool {
			pa, _ := a.SelectedPair()
			pb, _ := b.SelectedPair()
			return a.sockets[pa.Base] != cut && pb.To != cut
		})
		w.run(20 * time.Second)
		a.wantState(ConnectionStateCompleted, "on the other path")
		b.wantState(ConnectionStateCompleted, "on the other path")
	}
}

// Both sides have a spare valid pair. The side that did not lose a socket hears
// of it by the other's checks on the spare one, and follows within the wait for
// one answer.
func TestThePeerFollowsToTheSpare(t *testing.T) {
	for _, controlling := range []bool{true, false} {
		w := newWire(t)
		w.delay = 20 * time.Millisecond
		timing := Timing{HostAcceptance: time.Second}
		a := w.agent("a", AgentConfig{Controlling: controlling, Timing: timing})
		b := w.agent("b", AgentConfig{Controlling: !controlling, Timing: timing})
		ca1, ca2, cb := a.host(1, addrA), a.host(2, "198.51.100.1:1000"), b.host(1, addrB)
		a.credentialsOf(b)
		b.credentialsOf(a)
		a.learnOf(cb)
		b.learnOf(ca1, ca2)
		w.run(time.Minute)
		lost := a.selected.local.base
		gone := a.sockets[lost]
		delete(a.sockets, lost)
		a.RemoveBase(w.now, lost)
		a.flush()
		took := w.until("b on the other path", 10*time.Second, func() bool {
			p, _ := b.SelectedPair()
			return p.To != gone
		})
		if took > 700*time.Millisecond {
			t.Errorf("controlling %v: b followed after %v", controlling, took)
		}
		w.run(10 * time.Second)
		for _, s := range []*side{a, b} {
			if p, _ := s.SelectedPair(); !p.Nominated {
				t.Errorf("controlling %v: %s uses %v, which is not nominated", controlling, s.name, p)
			}
		}
	}
}

// The peer refuses the nomination of the pair in use: it is no longer one.
func TestNominationRefused(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{HostAcceptance: 500 * time.Millisecond}})
	a.host(1, addrA)
	p := against(a, addrB)
	p.answer = func(r *binding, from netip.AddrPort) []byte {
		if r.useCandidate {
			return p.failure(r, 500)
		}
		return p.success(r, from)
	}
	w.run(400 * time.Millisecond)
	a.wantState(ConnectionStateConnected, "before the nomination")
	w.run(400 * time.Millisecond)
	if q, ok := a.SelectedPair(); ok {
		t.Errorf("after the refusal a uses %v", q)
	}
	before := len(p.requests)
	w.run(time.Minute)
	a.wantState(ConnectionStateFailed, "when no other pair has come")
	if len(p.requests) != before {
		t.Errorf("the pair is checked %d times more", len(p.requests)-before)
	}
}

// The answer to a request that was sent twice tells no round-trip time.
func TestRoundTripTimeOfARetransmission(t *testing.T) {
	w := newWire(t)
	w.delay = 20 * time.Millisecond
	a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{HostAcceptance: time.Hour}})
	a.host(1, addrA)
	p := against(a, addrB)
	w.queue = nil // the first transmission is lost
	w.run(time.Second)
	if s := a.Stats()[0]; s.ResponsesReceived != 1 || s.RetransmissionsSent != 1 || s.CurrentRoundTripTime != 0 || len(p.requests) != 1 {
		t.Errorf("statistics %+v", s)
	}
}

// A pair that is no better than the one in use does not take its place: peers
// may give several candidates one priority, and packets had to move with each
// answer.
func TestEqualPairsStayInUse(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	against(a, addrB, "192.0.2.3:7", "192.0.2.4:7", "192.0.2.5:7")
	w.run(5 * time.Second)
	var to []netip.AddrPort
	for _, e := range a.events {
		if e, ok := e.(SelectedPairChanged); ok {
			to = append(to, e.Pair.To)
		}
	}
	if len(to) != 1 || to[0] != ap(addrB) {
		t.Errorf("packets go to %v, want to %v all along", to, addrB)
	}
}
