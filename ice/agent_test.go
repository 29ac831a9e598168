package ice

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// The offerer knows its peer when the answer arrives; the answerer's checks
// arrive with it. One round trip later the offerer has a valid pair, and the
// answerer had one half a round trip earlier.
func TestRoundTripsToTheFirstValidPair(t *testing.T) {
	w := newWire(t)
	w.delay = 50 * time.Millisecond
	offerer, answerer := w.agent("offerer", AgentConfig{Controlling: true}), w.agent("answerer", AgentConfig{})
	ca, cb := offerer.host(1, addrA), answerer.host(1, addrB)
	answerer.credentialsOf(offerer)
	answerer.learnOf(ca)
	answerer.ended()
	w.run(w.delay) // the answer's way
	offerer.credentialsOf(answerer)
	offerer.learnOf(cb)
	offerer.ended()
	arrival := w.now
	w.run(time.Second)

	when := func(s *side, state ConnectionState) time.Duration {
		for i, e := range s.events {
			if e == (StateChanged{State: state}) {
				return s.times[i].Sub(arrival)
			}
		}
		t.Fatalf("%s is never %v", s.name, state)
		return 0
	}
	rtt := 2 * w.delay
	for _, c := range []struct {
		s     *side
		state ConnectionState
		want  time.Duration
	}{
		{answerer, ConnectionStateConnected, rtt / 2},
		{offerer, ConnectionStateConnected, rtt},
		{answerer, ConnectionStateCompleted, rtt + rtt/2},
		{offerer, ConnectionStateCompleted, 2 * rtt},
	} {
		if got := when(c.s, c.state); got != c.want {
			t.Errorf("%s is %v %v after the answer's arrival, want %v", c.s.name, c.state, got, c.want)
		}
	}
}

func TestTwoHostsConnect(t *testing.T) {
	w := newWire(t)
	w.delay = 20 * time.Millisecond
	a, b := pairOfHosts(w)
	a.ended()
	b.ended()
	w.run(2 * time.Second)
	for _, s := range []*side{a, b} {
		s.wantStates(ConnectionStateChecking, ConnectionStateConnected, ConnectionStateCompleted)
		valid, selected := 0, 0
		for _, e := range s.events {
			switch e.(type) {
			case ValidPair:
				valid++
			case SelectedPairChanged:
				selected++
			case RoleChanged:
				t.Errorf("%s changes its role", s.name)
			}
		}
		if valid != 1 || selected != 1 {
			t.Errorf("%s announces %d valid and %d selected pairs, want 1 and 1", s.name, valid, selected)
		}
	}
	a.wantPath(addrA, addrB, "after two seconds")
	b.wantPath(addrB, addrA, "after two seconds")
	if p, _ := b.SelectedPair(); !p.Nominated || p.Local.Type() != CandidateTypeHost {
		t.Errorf("b's pair %+v is not the nominated one of hosts", p)
	}
	if c := a.Counters(); c != (Counters{}) {
		t.Errorf("a dropped %+v", c)
	}
	s := a.Stats()
	if len(s) != 1 || s[0].CurrentRoundTripTime != 0.04 || s[0].ResponsesReceived == 0 || s[0].RequestsReceived == 0 ||
		s[0].FirstRequestTimestamp != epoch || s[0].ResponsesSent != s[0].RequestsReceived {
		t.Errorf("a's statistics are %+v", s)
	}
}

// Without end-of-candidates a better pair may still come: connected, not
// completed (webrtc-pc §5.6.4).
func TestCompletedNeedsBothEnds(t *testing.T) {
	w := newWire(t)
	a, b := pairOfHosts(w)
	w.run(3 * time.Second)
	a.wantState(ConnectionStateConnected, "before any end")
	a.EndOfLocalCandidates(w.now)
	a.flush()
	a.wantState(ConnectionStateConnected, "before the peer's end")
	a.EndOfRemoteCandidates(w.now)
	a.flush()
	a.wantState(ConnectionStateCompleted, "after both ends")
	b.wantState(ConnectionStateConnected, "without an end")
	b.EndOfRemoteCandidates(w.now)
	b.flush()
	b.wantState(ConnectionStateConnected, "before its own end")
}

// The first check goes out with the first pair, and further ones each Ta
// (RFC 8445 §6.1.4.2).
func TestChecksArePaced(t *testing.T) {
	w := newWire(t)
	w.pass = func(*flying) bool { return false }
	a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{Ta: 20 * time.Millisecond, RTO: time.Hour}})
	a.host(1, addrA)
	a.SetRemoteCredentials(w.now, "abcd", "0123456789012345678901")
	var at []time.Duration
	w.pass = func(d *flying) bool { at = append(at, w.now.Sub(epoch)); return false }
	for _, addr := range []string{"192.0.2.9:1", "192.0.2.10:1", "192.0.2.10:2", "192.0.2.11:1", "192.0.2.12:1"} {
		a.learnOf(hostCandidate(t, addr))
	}
	w.run(time.Second)
	// The second pair of 192.0.2.10 has the foundation of the first, which is
	// still being checked: it stays frozen.
	want := []time.Duration{0, 20 * time.Millisecond, 40 * time.Millisecond, 60 * time.Millisecond}
	if len(at) != 4 || at[0] != want[0] || at[1] != want[1] || at[2] != want[2] || at[3] != want[3] {
		t.Errorf("checks at %v, want %v", at, want)
	}
}

// RFC 8489 §6.2.1: seven transmissions, 500 ms doubling, and failure 39.5 s
// after the first.
func TestRetransmission(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	var at []time.Duration
	w.pass = func(d *flying) bool { at = append(at, w.now.Sub(epoch)); return false }
	a.host(1, addrA)
	a.SetRemoteCredentials(w.now, "abcd", "0123456789012345678901")
	a.learnOf(hostCandidate(t, addrB))
	a.ended()
	w.run(39*time.Second + 499*time.Millisecond)
	want := []int{0, 500, 1500, 3500, 7500, 15500, 31500}
	if len(at) != len(want) {
		t.Fatalf("transmissions at %v, want %v ms", at, want)
	}
	for i := range want {
		if at[i] != time.Duration(want[i])*time.Millisecond {
			t.Errorf("transmission %d at %v, want %d ms", i, at[i], want[i])
		}
	}
	a.wantState(ConnectionStateChecking, "before the last wait is over")
	w.run(2 * time.Millisecond)
	a.wantState(ConnectionStateFailed, "after the last wait")
	if at := a.NextTimeout(); !at.IsZero() {
		t.Errorf("a failed agent waits for %v", at)
	}
}

// RFC 8863 §4: with candidates of our own, a checklist that is exhausted at once
// waits for the peer's checks; webrtc-pc §5.6.4: without any, it does not.
func TestFailingEarlyAndPatiently(t *testing.T) {
	w := newWire(t)
	early, patient := w.agent("early", AgentConfig{}), w.agent("patient", AgentConfig{})
	patient.host(1, addrA)
	for _, s := range []*side{early, patient} {
		s.SetRemoteCredentials(w.now, "abcd", "0123456789012345678901")
		s.ended()
	}
	early.wantState(ConnectionStateFailed, "without candidates on either side")
	w.run(39499 * time.Millisecond)
	patient.wantState(ConnectionStateNew, "while a check may come")
	w.run(2 * time.Millisecond)
	patient.wantState(ConnectionStateFailed, "after the PAC timer")
}

// The check that patience waits for: the peer's candidates never arrive by
// signalling, its check does.
func TestPatienceIsRewarded(t *testing.T) {
	w := newWire(t)
	a, b := w.agent("a", AgentConfig{Controlling: true}), w.agent("b", AgentConfig{})
	ca := a.host(1, addrA)
	b.host(1, addrB)
	a.credentialsOf(b)
	a.ended()
	w.run(30 * time.Second)
	b.credentialsOf(a)
	b.learnOf(ca)
	b.ended()
	w.run(2 * time.Second)
	a.wantState(ConnectionStateCompleted, "after a late check")
	if p, _ := a.SelectedPair(); p.Remote.Type() != CandidateTypePeerReflexive {
		t.Errorf("a's remote candidate is %v, want a peer reflexive one", p.Remote)
	}
}

// A peer that never says that its candidates are at an end.
func TestFailsWithoutEndOfCandidates(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	a.host(1, addrA)
	a.SetRemoteCredentials(w.now, "abcd", "0123456789012345678901")
	a.learnOf(hostCandidate(t, addrB))
	w.run(2 * time.Minute)
	a.wantStates(ConnectionStateChecking, ConnectionStateFailed)
}

// The peer's checks arrive before its answer: they are answered, and followed
// up once its credentials are known (RFC 8445 §7.3).
func TestChecksBeforeTheAnswer(t *testing.T) {
	w := newWire(t)
	w.delay = 10 * time.Millisecond
	a, b := w.agent("a", AgentConfig{Controlling: true}), w.agent("b", AgentConfig{})
	ca := a.host(1, addrA)
	b.host(1, addrB)
	b.credentialsOf(a)
	b.learnOf(ca)
	w.run(300 * time.Millisecond)
	b.wantState(ConnectionStateConnected, "before the answer is there")
	a.wantState(ConnectionStateNew, "before the answer is there")
	a.credentialsOf(b) // and no candidate
	took := w.until("a connected", time.Second, func() bool { return a.State() == ConnectionStateConnected })
	if took != 2*w.delay {
		t.Errorf("a took %v from the answer, want one round trip", took)
	}
	w.run(2 * time.Second)
	p, _ := b.SelectedPair()
	if !p.Nominated {
		t.Error("b's pair is not nominated")
	}
	// The candidate is announced after all: it takes the place of the learned one.
	a.learnOf(hostCandidate(t, addrB))
	if p, _ := a.SelectedPair(); p.Remote.Type() != CandidateTypeHost || len(a.Pairs()) != 1 {
		t.Errorf("after the announcement a has %v, selected %v", a.Pairs(), p)
	}
}

// Behind a NAT each side learns the address in front of it: the peer a remote
// peer reflexive candidate, the host a local one (RFC 8445 §7.2.5.3.1, §7.3.1.3).
func TestPeerReflexiveCandidates(t *testing.T) {
	w := newWire(t)
	a, b := w.agent("a", AgentConfig{Controlling: true}), w.agent("b", AgentConfig{})
	a.nat[netip.MustParseAddrPort("10.0.0.1:1000")] = netip.MustParseAddrPort("203.0.113.1:6000")
	ca, cb := a.host(1, "10.0.0.1:1000"), b.host(1, addrB)
	a.credentialsOf(b)
	b.credentialsOf(a)
	a.learnOf(cb)
	b.learnOf(ca)
	a.ended()
	b.ended()
	w.run(3 * time.Second)
	a.wantState(ConnectionStateCompleted, "through the NAT")
	b.wantState(ConnectionStateCompleted, "through the NAT")
	pa, _ := a.SelectedPair()
	pb, _ := b.SelectedPair()
	if pa.Local.Type() != CandidateTypePeerReflexive || pa.Local.Addr().String() != "203.0.113.1:6000" {
		t.Errorf("a sees itself as %v", pa.Local)
	}
	if pb.Remote.Type() != CandidateTypePeerReflexive || pb.To.String() != "203.0.113.1:6000" {
		t.Errorf("b sees a as %v", pb.Remote)
	}
	if want := reflexivePriority(ca); pb.Remote.Priority() != want || pa.Local.Priority() != want {
		t.Errorf("priorities %d and %d, want that of PRIORITY, %d", pb.Remote.Priority(), pa.Local.Priority(), want)
	}
	if got := len(a.LocalCandidates()); got != 2 {
		t.Errorf("a has %d local candidates, want the host and the peer reflexive one", got)
	}
}

// 30 % of all datagrams are lost each way, and nothing else happens for ten
// minutes: the agents connect and never give up.
func TestLossyPath(t *testing.T) {
	for seed := range uint64(40) {
		w := newWire(t)
		w.rng = newRand(seed)
		w.loss, w.delay = 0.3, 40*time.Millisecond
		a, b := pairOfHosts(w)
		a.ended()
		b.ended()
		took := w.until("both completed", 30*time.Second, func() bool {
			return a.State() == ConnectionStateCompleted && b.State() == ConnectionStateCompleted
		})
		w.run(10 * time.Minute)
		for _, s := range []*side{a, b} {
			for i, state := range s.states {
				if state == ConnectionStateFailed {
					t.Errorf("seed %d: %s failed (state %d, connected after %v)", seed, s.name, i, took)
				}
			}
		}
	}
}

func TestRemoteCandidateErrors(t *testing.T) {
	w := newWire(t)
	a, b := pairOfHosts(w)
	var operation *rtcerr.OperationError
	if err := a.AddRemoteCandidate(w.now, Candidate{}); !errors.As(err, &operation) {
		t.Errorf("no candidate: %v", err)
	}
	named, err := UnmarshalCandidate("1 1 udp 2130706431 0b5a4dc0-15a0-4b16-8b3b-3d1f2b1f7a7e.local 5000 typ host")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.AddRemoteCandidate(w.now, named); !errors.As(err, &operation) {
		t.Errorf("an unresolved candidate: %v", err)
	}
	if err := a.AddRemoteCandidate(w.now, named.WithAddr(netip.MustParseAddrPort("192.0.2.77:5000"))); err != nil {
		t.Errorf("a resolved candidate: %v", err)
	}
	if err := a.AddRemoteCandidate(w.now, hostCandidate(t, "192.0.2.3:1").WithUfrag("nobody")); !errors.As(err, &operation) {
		t.Errorf("a candidate of an unknown generation: %v", err)
	}
	ufrag, _ := b.LocalCredentials()
	if err := a.AddRemoteCandidate(w.now, hostCandidate(t, "192.0.2.4:1").WithUfrag(ufrag)); err != nil {
		t.Errorf("a candidate of this generation: %v", err)
	}
	before := len(a.RemoteCandidates())
	for _, addr := range []string{"0.0.0.0:9", "224.0.0.1:9", "255.255.255.255:9", "[ff02::1]:9", "192.0.2.5:0"} {
		if err := a.AddRemoteCandidate(w.now, hostCandidate(t, "192.0.2.6:6").WithAddr(netip.MustParseAddrPort(addr))); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	if got := len(a.RemoteCandidates()); got != before || a.Counters().CandidatesIgnored != 5 {
		t.Errorf("%d unusable candidates were kept, %d counted", got-before, a.Counters().CandidatesIgnored)
	}
	a.Close(w.now)
	if err := a.AddRemoteCandidate(w.now, hostCandidate(t, addrB)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// An agent that was closed in the middle of its checks has nothing left to do.
func TestCloseWhileChecking(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	a.host(1, addrA)
	p := against(a, addrB, "192.0.2.3:7", "192.0.2.4:7")
	p.mute = true
	w.run(60 * time.Millisecond)
	if a.NextTimeout().IsZero() {
		t.Fatal("no check is due")
	}
	a.restart(1)
	a.Close(w.now)
	if !a.NextTimeout().IsZero() {
		t.Error("a closed agent has a timer")
	}
}

func TestCloseIsFinal(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	a.Close(w.now)
	a.flush()
	a.wantState(ConnectionStateClosed, "after Close")
	if _, ok := a.SelectedPair(); ok || !a.NextTimeout().IsZero() {
		t.Error("a closed agent has a pair or a timer")
	}
	sent := w.sent
	b.HandleTimeout(w.now)
	w.run(time.Minute)
	b.wantState(ConnectionStateFailed, "when its peer has closed")
	for _, s := range a.states[len(a.states)-1:] {
		if s != ConnectionStateClosed {
			t.Errorf("a ends in %v", s)
		}
	}
	a.Restart(w.now, "abcdefgh", "0123456789012345678901")
	a.SetRemoteCredentials(w.now, "abcd", "0123456789012345678901")
	a.HandleTimeout(w.now)
	a.RemoveBase(w.now, 1)
	a.SetControlling(w.now, false)
	a.EndOfLocalCandidates(w.now)
	a.EndOfRemoteCandidates(w.now)
	a.Close(w.now)
	if _, ok := a.Poll(); ok {
		t.Error("a closed agent has something to say")
	}
	for _, d := range w.queue {
		if d.by == a {
			t.Error("a closed agent sends")
		}
	}
	if w.sent-sent > 40 {
		t.Errorf("%d datagrams to a peer that has closed", w.sent-sent)
	}
}
