package ice

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// RFC 8445 §6.1.2.3.
func TestPairPriority(t *testing.T) {
	for _, c := range []struct {
		g, d uint32
		want uint64
	}{
		{1, 1, 1<<32 + 2},
		{2, 1, 1<<32 + 5},
		{1, 2, 1<<32 + 4},
		{2130706431, 1694498815, 1694498815<<32 + 2*2130706431 + 1},
		{1<<31 - 1, 0xffffffff, (1<<31-1)<<32 + 2*0xffffffff}, // a peer's PRIORITY above RFC 8445 §5.1.2's limit
	} {
		if got := pairPriority(c.g, c.d); got != c.want {
			t.Errorf("pairPriority(%d, %d) = %d, want %d", c.g, c.d, got, c.want)
		}
	}
	// Both sides order pairs alike: each computes with its own role.
	w := newWire(t)
	a, b := pairOfHosts(w)
	if x, y := a.Pairs()[0].Priority, b.Pairs()[0].Priority; x != y {
		t.Errorf("the sides give the pair the priorities %d and %d", x, y)
	}
	a.SetControlling(w.now, false)
	if x, y := a.Pairs()[0].Priority, b.Pairs()[0].Priority; x == y && a.Pairs()[0].Local.Priority() != a.Pairs()[0].Remote.Priority() {
		t.Errorf("after a change of role the priority is still %d", x)
	}
}

// RFC 8445 §6.1.2.2: which candidates form a pair.
func TestPairFormation(t *testing.T) {
	component := func(c Candidate) Candidate { return c.WithComponent(ComponentRTCP) }
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	if a.learnOf(component(hostCandidate(t, addrB))); len(a.Pairs()) != 0 {
		t.Error("candidates of two components form a pair")
	}
	for _, c := range []struct {
		local, remote string
		want          bool
	}{
		{"192.0.2.1:1", "198.51.100.1:1", true},
		{"[2001:db8::1]:1", "[2001:db8::2]:1", true},
		{"192.0.2.1:1", "[2001:db8::2]:1", false},
		{"[2001:db8::1]:1", "192.0.2.1:1", false},
		{"[fe80::1]:1", "[fe80::2]:1", true},
		{"[fe80::1]:1", "[2001:db8::2]:1", false},
		{"[2001:db8::1]:1", "[fe80::2]:1", false},
		{"192.0.2.1:1", "[::ffff:198.51.100.1]:1", true},
		{"127.0.0.1:1", "127.0.0.1:2", true},
		{"127.0.0.1:1", "198.51.100.1:1", false},
		{"192.0.2.1:1", "127.0.0.1:1", false},
		{"[::1]:1", "[2001:db8::2]:1", false},
	} {
		w := newWire(t)
		a := w.agent("a", AgentConfig{})
		a.host(1, c.local)
		a.learnOf(hostCandidate(t, "192.0.2.250:1").WithAddr(ap(c.remote)))
		if got := len(a.Pairs()) == 1; got != c.want {
			t.Errorf("%s and %s form a pair: %v, want %v", c.local, c.remote, got, c.want)
		}
	}
}

// RFC 8445 §6.1.2.4: a server reflexive candidate is represented by its base,
// and one base has one pair with each remote candidate.
func TestPruning(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	a.AddLocalCandidate(w.now, candidateOf(t, CandidateTypeServerReflexive, "203.0.113.1:1000"), 1)
	a.host(1, addrA) // once more
	a.learnOf(hostCandidate(t, addrB), hostCandidate(t, addrB))
	// What the peer has said of a candidate stays.
	a.learnOf(candidateOf(t, CandidateTypeRelay, addrB))
	if p := a.Pairs(); len(p) != 1 || p[0].Remote.Type() != CandidateTypeHost || p[0].Local.Type() != CandidateTypeHost {
		t.Errorf("pairs %v, want one of the host candidate", p)
	}
	if n := len(a.LocalCandidates()); n != 2 {
		t.Errorf("%d local candidates, want 2", n)
	}
	// The mapped address of a check is then known: no peer reflexive candidate.
	a.nat[ap(addrA)] = ap("203.0.113.1:1000")
	against(a, addrB)
	w.run(time.Second)
	if p, _ := a.SelectedPair(); p.Local.Type() != CandidateTypeServerReflexive {
		t.Errorf("the pair in use is of %v", p.Local)
	}
}

// A policy that hides host candidates leaves the server reflexive ones, which
// send from their sockets.
func TestServerReflexiveWithoutItsBase(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	a.sockets[1] = ap(addrA)
	a.AddLocalCandidate(w.now, candidateOf(t, CandidateTypeServerReflexive, "203.0.113.1:1000"), 1)
	against(a, addrB)
	w.run(time.Second)
	a.wantPath(addrA, addrB, "with a server reflexive candidate alone")
}

// RFC 8445 §6.1.2.6 and RFC 8838 §12: the states of new pairs, and §7.2.5.3.3,
// what a success unfreezes.
func TestFreezing(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{Ta: time.Second}})
	a.host(1, addrA)
	state := func(addr string) CandidatePairState {
		for _, p := range a.Pairs() {
			if p.To == ap(addr) {
				return p.State
			}
		}
		return 0
	}
	want := func(when string, states map[string]CandidatePairState) {
		t.Helper()
		for addr, s := range states {
			if got := state(addr); got != s {
				t.Errorf("%s: the pair with %s is %v, want %v", when, addr, got, s)
			}
		}
	}
	// Three of one foundation, one of another.
	a.learnOf(hostCandidate(t, "192.0.2.9:1"), hostCandidate(t, "192.0.2.9:2"), hostCandidate(t, "192.0.2.9:3"), hostCandidate(t, "192.0.2.10:1"))
	want("before the credentials", map[string]CandidatePairState{
		"192.0.2.9:1": CandidatePairStateWaiting, "192.0.2.9:2": CandidatePairStateFrozen, "192.0.2.9:3": CandidatePairStateFrozen,
		"192.0.2.10:1": CandidatePairStateWaiting,
	})
	p := against(a)
	p.addrs = append(p.addrs, ap("192.0.2.9:1"))
	want("after the first check", map[string]CandidatePairState{
		"192.0.2.9:1": CandidatePairStateInProgress, "192.0.2.9:2": CandidatePairStateFrozen, "192.0.2.10:1": CandidatePairStateWaiting,
	})
	w.run(time.Millisecond) // it is answered; the next check is not due yet
	want("after its success", map[string]CandidatePairState{
		"192.0.2.9:1": CandidatePairStateSucceeded, "192.0.2.9:2": CandidatePairStateWaiting, "192.0.2.9:3": CandidatePairStateWaiting,
		"192.0.2.10:1": CandidatePairStateWaiting,
	})
	a.learnOf(hostCandidate(t, "192.0.2.9:4"))
	want("a new pair of a foundation that works", map[string]CandidatePairState{"192.0.2.9:4": CandidatePairStateWaiting})
}

// The triggered-check queue goes first, in order, each pair once (RFC 8445
// §6.1.4.1); then the waiting pair of the highest priority.
func TestOrderOfChecks(t *testing.T) {
	w := newWire(t)
	w.pass = func(*flying) bool { return false }
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	for i := range 4 {
		c, err := UnmarshalCandidate(fmt.Sprintf("%d 1 udp %d 192.0.2.%d 9 typ host", i, 1000*(i+1), 10+i))
		if err != nil {
			t.Fatal(err)
		}
		a.learnOf(c)
	}
	var order []string
	w.pass = func(d *flying) bool {
		if d.data[0] == 0 {
			order = append(order, d.to.Addr().String())
		}
		return false
	}
	p := against(a)
	p.addrs = nil
	p.check("192.0.2.10:9", false)
	p.check("192.0.2.11:9", false)
	p.check("192.0.2.10:9", false)
	w.run(300 * time.Millisecond)
	if want := []string{"192.0.2.13", "192.0.2.10", "192.0.2.11", "192.0.2.12"}; !slices.Equal(order, want) {
		t.Errorf("checks went to %v, want %v", order, want)
	}
}

// RFC 8445 §6.1.2.5: the limit on pairs gives up the worst.
func TestPairLimit(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{MaxPairs: 3})
	a.host(1, addrA)
	for _, i := range []int{5, 1, 4, 2, 6, 3} {
		c, err := UnmarshalCandidate(fmt.Sprintf("%d 1 udp %d 192.0.2.%d 9 typ host", i, 1000*i, 10+i))
		if err != nil {
			t.Fatal(err)
		}
		a.learnOf(c)
	}
	var got []int
	for _, p := range a.Pairs() {
		got = append(got, int(p.Remote.Priority()/1000))
	}
	if !slices.Equal(got, []int{6, 5, 4}) || a.Counters().PairsEvicted != 3 {
		t.Errorf("the pairs %v are kept, %d given up", got, a.Counters().PairsEvicted)
	}
}

// RFC 8445 §14.3: the retransmission timeout grows with the number of checks.
func TestRetransmissionTimeoutGrowsWithTheLoad(t *testing.T) {
	w := newWire(t)
	w.pass = func(*flying) bool { return false }
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	for i := range 40 {
		a.learnOf(hostCandidate(t, fmt.Sprintf("192.0.2.%d:9", 10+i)))
	}
	against(a)
	if got, want := a.transactions[0].rto, 40*50*time.Millisecond; got != want {
		t.Errorf("the timeout with 40 pairs is %v, want %v", got, want)
	}
}
