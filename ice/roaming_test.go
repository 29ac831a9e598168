package ice

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// rebound returns agents that are connected for a minute; a is behind a NAT, which
// then maps its address anew.
func rebound(w *wire, controlling bool) (a, b *side, outer netip.AddrPort) {
	w.t.Helper()
	w.delay = 20 * time.Millisecond
	inner := ap("10.0.0.1:1000")
	a = w.agent("a", AgentConfig{Controlling: controlling})
	b = w.agent("b", AgentConfig{Controlling: !controlling})
	a.nat[inner] = ap("203.0.113.1:6000")
	ca, cb := a.host(1, inner.String()), b.host(1, addrB)
	for _, s := range []*side{a, b} {
		s.SetRemoteRenomination(true)
	}
	a.credentialsOf(b)
	b.credentialsOf(a)
	a.learnOf(cb)
	b.learnOf(ca)
	a.ended()
	b.ended()
	w.run(time.Minute)
	b.wantPath(addrB, "203.0.113.1:6000", "before")
	outer = ap("203.0.113.1:7777")
	a.nat[inner] = outer
	return a, b, outer
}

// wantNever checks that s was never in a state.
func (s *side) wantNever(state ConnectionState) {
	s.w.t.Helper()
	if slices.Contains(s.states, state) {
		s.w.t.Errorf("%s went through %v", s.name, s.states)
	}
}

// Packets from an address that nobody vouches for show that the peer's NAT has been
// restarted: the address is checked, belongs to the peer from its answer on, and is
// followed as soon as the old one does not answer.
func TestPacketsFromANewAddress(t *testing.T) {
	for _, controlling := range []bool{true, false} {
		t.Run(fmt.Sprintf("moving side controlling=%v", controlling), func(t *testing.T) {
			w := newWire(t)
			a, b, outer := rebound(w, controlling)
			begun := w.now
			b.HandleStranger(w.now, 1, outer, 100)
			b.flush()
			if b.Knows(outer) {
				t.Error("the address is believed before it has answered")
			}
			if took := w.until("the address is known", time.Second, func() bool { return b.Knows(outer) }); took > 41*time.Millisecond {
				t.Errorf("known after %v, want a round trip", took)
			}
			w.until("b follows", time.Second, func() bool {
				p, _ := b.SelectedPair()
				return p.To == outer
			})
			if took := w.now.Sub(begun); took > 400*time.Millisecond {
				t.Errorf("b has followed after %v", took)
			}
			w.run(time.Minute)
			b.wantPath(addrB, outer.String(), "a minute later")
			a.wantPath("10.0.0.1:1000", addrB, "a minute later")
			for _, s := range []*side{a, b} {
				s.wantState(ConnectionStateCompleted, "a minute later")
				s.wantNever(ConnectionStateDisconnected)
			}
		})
	}
}

// Somebody who sends packets from made-up addresses gets a check to five of them in a
// second, and nothing is remembered of them.
func TestStrangersAreForgotten(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	w.run(time.Minute)
	checks := 0
	w.pass = func(d *flying) bool {
		if d.to != ap(addrA) && d.to != ap(addrB) {
			checks++
		}
		return true
	}
	const seconds = 10
	for i := range 1000 * seconds {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), 1234)
		a.HandleStranger(w.now, 1, from, 100)
		a.flush()
		if a.Knows(from) {
			t.Fatal("a stranger is known")
		}
		w.run(time.Millisecond)
	}
	w.run(time.Minute)
	if checks == 0 || checks > 5*seconds {
		t.Errorf("%d checks in %d seconds", checks, seconds)
	}
	if n := len(a.RemoteCandidates()); n != 1 || len(a.Pairs()) != 1 {
		t.Errorf("%d remote candidates and %d pairs", n, len(a.Pairs()))
	}
	a.wantPath(addrA, addrB, "afterwards")
	b.wantPath(addrB, addrA, "afterwards")
	a.wantState(ConnectionStateCompleted, "afterwards")
}

// What may be anybody's address takes no place from what the peer has announced.
func TestStrangersTakeNobodysPlace(t *testing.T) {
	w := newWire(t)
	a, _ := connected(w)
	announced, err := UnmarshalCandidate("1 1 udp 1000 192.0.2.77 7777 typ relay raddr 0.0.0.0 rport 0")
	if err != nil {
		t.Fatal(err)
	}
	a.learnOf(announced)
	w.run(time.Minute)
	a.maxPairs = len(a.Pairs())
	a.HandleStranger(w.now, 1, ap("198.51.100.7:1234"), 100)
	a.flush()
	if n := len(a.RemoteCandidates()); n != 2 || len(a.Pairs()) != 2 || a.current().pairAt(1, announced.Addr()) == nil {
		t.Errorf("%d remote candidates and the pairs %v", n, a.Pairs())
	}
}

// A path that was busy and is silent is asked for a sign of life; if there is none the
// other pairs are checked, long before the connection counts as disconnected.
func TestABusyPathBecomesSilent(t *testing.T) {
	w := newWire(t)
	a, b, better := twoPaths(w, AgentConfig{}, true)
	b.sockets[2] = ap(addrC)
	b.AddLocalCandidate(w.now, better, 2)
	b.flush()
	a.learnOf(better)
	w.run(4 * time.Second)
	a.wantPath(addrA, addrC, "before")

	asked := w.sent
	a.HandleSilence(w.now)
	a.flush()
	w.run(200 * time.Millisecond)
	if w.sent == asked {
		t.Error("the pair was not asked")
	}
	a.wantPath(addrA, addrC, "after the answer")
	w.run(10 * time.Second)

	w.pass = func(d *flying) bool { return d.from != ap(addrC) && d.to != ap(addrC) }
	a.HandleSilence(w.now)
	a.flush()
	w.until("a has moved", 500*time.Millisecond, func() bool {
		p, _ := a.SelectedPair()
		return p.To == ap(addrB)
	})
	w.until("b has followed", 500*time.Millisecond, func() bool {
		p, _ := b.SelectedPair()
		return p.Base == 1
	})
	w.run(10 * time.Second)
	for _, s := range []*side{a, b} {
		s.wantState(ConnectionStateCompleted, "afterwards")
		s.wantNever(ConnectionStateDisconnected)
	}
}

// A false alarm leaves everything as it was, also if the first request is lost.
func TestSilenceThatWasNothing(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	w.run(time.Minute)
	lost := 0
	w.pass = func(d *flying) bool { lost++; return lost > 1 }
	a.HandleSilence(w.now)
	a.flush()
	w.run(time.Minute)
	a.wantPath(addrA, addrB, "afterwards")
	b.wantPath(addrB, addrA, "afterwards")
	a.wantState(ConnectionStateCompleted, "afterwards")
	a.wantNever(ConnectionStateDisconnected)
	w.wakes = 0
	w.run(10 * time.Minute)
	if w.wakes > 2*151 {
		t.Errorf("two agents woke %d times in ten minutes", w.wakes)
	}
}

// The interface in use goes and another one comes: the new socket's pair with the
// peer's address is checked before all others.
func TestTheNewSocketTriesThePathInUseFirst(t *testing.T) {
	for _, controlling := range []bool{true, false} {
		w := newWire(t)
		w.delay = 20 * time.Millisecond
		a, b := w.agent("a", AgentConfig{Controlling: controlling}), w.agent("b", AgentConfig{Controlling: !controlling})
		ca, cb := a.host(1, addrA), b.host(1, addrB)
		a.credentialsOf(b)
		b.credentialsOf(a)
		for i := range 20 { // candidates that lead nowhere
			a.learnOf(candidateOf(t, CandidateTypeHost, fmt.Sprintf("192.0.2.%d:9", 100+i)))
		}
		a.learnOf(cb)
		b.learnOf(ca)
		a.ended()
		b.ended()
		w.run(time.Minute)
		delete(a.sockets, 1)
		a.RemoveBase(w.now, 1)
		a.flush()
		a.host(2, "198.51.100.7:1000")
		if took := w.until("a has a path", time.Second, func() bool { _, ok := a.SelectedPair(); return ok }); took > 60*time.Millisecond {
			t.Errorf("controlling %v: a path after %v", controlling, took)
		}
		if took := w.until("b follows", time.Second, func() bool {
			p, _ := b.SelectedPair()
			return p.To == ap("198.51.100.7:1000")
		}); took > 500*time.Millisecond {
			t.Errorf("controlling %v: b follows after %v", controlling, took)
		}
	}
}
