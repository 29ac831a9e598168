package ice

import (
	"fmt"
	"testing"
	"time"
)

// freshCredentials are those of the n-th restart of s.
func (s *side) freshCredentials(n int) (ufrag, pwd string) {
	return fmt.Sprintf("%sgen%d", s.name, n), fmt.Sprintf("password-of-%s-number-%02d", s.name, n)
}

// restart begins generation n of s, with its socket's candidate.
func (s *side) restart(n int) {
	ufrag, pwd := s.freshCredentials(n)
	s.Restart(s.w.now, ufrag, pwd)
	s.regather()
}

// regather gives the current generation of s its sockets' candidates.
func (s *side) regather() {
	for base, addr := range s.sockets {
		s.AddLocalCandidate(s.w.now, hostCandidate(s.w.t, addr.String()), base)
	}
	s.EndOfLocalCandidates(s.w.now)
	s.flush()
}

// remoteOf tells s everything about the current generation of o.
func (s *side) remoteOf(o *side) {
	s.credentialsOf(o)
	for _, c := range o.LocalCandidates() {
		if c.Type() == CandidateTypeHost {
			s.learnOf(c)
		}
	}
	s.EndOfRemoteCandidates(s.w.now)
	s.flush()
}

// An ICE restart while packets flow (RFC 8445 §9): there is a pair in use at
// every instant, and in the end it is one of the new generation.
func TestRestartMakesBeforeItBreaks(t *testing.T) {
	for _, controlling := range []bool{true, false} {
		for _, signalling := range []time.Duration{0, 200 * time.Millisecond, 20 * time.Second} {
			t.Run(fmt.Sprintf("offerer controlling=%v, signalling %v", controlling, signalling), func(t *testing.T) {
				w := newWire(t)
				w.delay = 20 * time.Millisecond
				a, b := connected(w)
				w.run(20 * time.Second)
				offerer, answerer := a, b
				if !controlling {
					offerer, answerer = b, a
				}
				first, _ := offerer.SelectedPair()
				events := [2]int{len(offerer.events), len(answerer.events)}

				offerer.restart(1)
				offerer.wantState(ConnectionStateConnected, "when the restart begins in completed")
				w.run(signalling)
				answerer.remoteOf(offerer) // the offer arrives
				w.run(signalling)
				answerer.restart(1) // the answer is made
				w.run(signalling)
				offerer.remoteOf(answerer)
				w.run(5 * time.Second)
				for i, s := range []*side{offerer, answerer} {
					s.wantState(ConnectionStateCompleted, "after the restart")
					for _, e := range s.events[events[i]:] {
						switch e := e.(type) {
						case SelectedPairChanged:
							if e.Pair.IsZero() {
								t.Errorf("%s was without a pair", s.name)
							}
						case StateChanged:
							if e.State != ConnectionStateConnected && e.State != ConnectionStateCompleted {
								t.Errorf("%s was %v", s.name, e.State)
							}
						}
					}
				}
				p, _ := offerer.SelectedPair()
				if p.ID == first.ID || !p.Nominated {
					t.Errorf("the offerer's pair is %v, nominated %v", p, p.Nominated)
				}
				if c := answerer.Counters(); c.UnknownUsername != 0 || c.BadIntegrity != 0 {
					t.Errorf("the answerer refused %+v", c)
				}
				// The old generation is forgotten after a while.
				w.run(time.Minute)
				for _, s := range []*side{offerer, answerer} {
					s.wantState(ConnectionStateCompleted, "a minute later")
					if len(s.lists) != 1 || s.Stats()[0].Generation != 1 {
						t.Errorf("%s keeps %d generations", s.name, len(s.lists))
					}
				}
			})
		}
	}
}

// While an offer to restart is not answered, the consent of the old pair goes
// on, and the peer's checks with the old credentials are answered.
func TestRestartThatIsNeverAnswered(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	a.restart(1)
	w.run(10 * time.Minute)
	a.wantState(ConnectionStateConnected, "while the restart waits")
	b.wantState(ConnectionStateCompleted, "while the restart waits")
	if age := w.now.Sub(a.lastAnswer()); age > 7*time.Second {
		t.Errorf("a's consent is %v old", age)
	}
	if got := w.now.Sub(b.lastAnswer()); got > 7*time.Second {
		t.Errorf("b's consent is %v old", got)
	}
}

// A rolled-back restart leaves everything as it was: state, pair, credentials.
func TestRollbackOfALocalOffer(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	before, _ := a.SelectedPair()
	ufrag, pwd := a.LocalCredentials()
	a.restart(1)
	a.restart(2) // offered anew: the first try is superseded
	w.run(time.Second)
	if !a.Rollback(w.now) {
		t.Fatal("there was nothing to roll back")
	}
	a.flush()
	if u, p := a.LocalCredentials(); u != ufrag || p != pwd {
		t.Errorf("credentials %q %q, want %q %q", u, p, ufrag, pwd)
	}
	if p, _ := a.SelectedPair(); p.ID != before.ID {
		t.Errorf("pair %v, want %v", p, before)
	}
	a.wantState(ConnectionStateCompleted, "after the rollback")
	if a.Rollback(w.now) {
		t.Error("a second rollback found something")
	}
	w.run(time.Minute)
	a.wantState(ConnectionStateCompleted, "a minute later")
	b.wantState(ConnectionStateCompleted, "a minute later")
}

func TestRollbackOfARemoteOffer(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	a.restart(1)
	b.remoteOf(a)
	w.run(time.Second)
	if !a.Rollback(w.now) || !b.Rollback(w.now) {
		t.Fatal("there was nothing to roll back")
	}
	a.flush()
	b.flush()
	w.run(time.Minute)
	a.wantState(ConnectionStateCompleted, "a minute later")
	b.wantState(ConnectionStateCompleted, "a minute later")
	// And the next restart works.
	a.restart(2)
	b.remoteOf(a)
	b.restart(2)
	a.remoteOf(b)
	w.run(time.Minute)
	a.wantState(ConnectionStateCompleted, "after the next restart")
	b.wantState(ConnectionStateCompleted, "after the next restart")
	if len(a.lists) != 1 || len(b.lists) != 1 {
		t.Errorf("%d and %d generations", len(a.lists), len(b.lists))
	}
}

func TestRollbackOfAProvisionalAnswer(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	w.pass = func(d *flying) bool { return d.data[0] != 0 || len(d.data) < 20 } // no check passes
	a.restart(1)
	b.remoteOf(a)
	b.restart(1)
	a.remoteOf(b)
	if !a.Rollback(w.now) || !b.Rollback(w.now) {
		t.Fatal("there was nothing to roll back")
	}
	w.pass = nil
	w.run(time.Minute)
	a.wantState(ConnectionStateCompleted, "a minute later")
	b.wantState(ConnectionStateCompleted, "a minute later")
}

func TestRollbackOfNothing(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	if a.Rollback(w.now) {
		t.Error("the first generation was rolled back")
	}
	a.restart(1)
	b.remoteOf(a)
	b.restart(1)
	a.remoteOf(b)
	w.run(5 * time.Second)
	if a.Rollback(w.now) {
		t.Error("a generation was rolled back whose predecessor has been replaced")
	}
}

// webrtc-pc §5.6.4: a restart leaves failed, through checking.
func TestRestartAfterFailure(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	w.pass = func(*flying) bool { return false }
	w.run(time.Minute)
	a.wantState(ConnectionStateFailed, "after a minute of silence")
	w.pass = nil
	w.run(time.Minute)
	a.wantState(ConnectionStateFailed, "although the path is back")
	a.restart(1)
	a.wantState(ConnectionStateChecking, "when the restart begins")
	b.remoteOf(a)
	b.wantState(ConnectionStateChecking, "when the restart begins")
	b.restart(1)
	a.remoteOf(b)
	w.run(5 * time.Second)
	a.wantState(ConnectionStateCompleted, "after the restart")
	b.wantState(ConnectionStateCompleted, "after the restart")
}

func TestRollbackOfARestartAfterFailure(t *testing.T) {
	w := newWire(t)
	a, _ := connected(w)
	w.pass = func(*flying) bool { return false }
	w.run(time.Minute)
	a.restart(1)
	a.Rollback(w.now)
	a.flush()
	a.wantState(ConnectionStateFailed, "after the rollback")
}

// "If begun in the transient disconnected state, it causes a transition to
// checking" (webrtc-pc §5.6.4). The restart finds another path, since only the
// old one is cut.
func TestRestartWhenDisconnected(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	w.pass = func(d *flying) bool { return d.from.String() != addrA && d.to.String() != addrA }
	w.run(9 * time.Second)
	a.wantState(ConnectionStateDisconnected, "after the cut")
	a.sockets[2] = ap("198.51.100.1:1000")
	a.restart(1)
	a.wantState(ConnectionStateChecking, "when the restart begins")
	b.remoteOf(a)
	b.restart(1)
	a.remoteOf(b)
	took := w.until("connected", 5*time.Second, func() bool {
		return a.State() >= ConnectionStateConnected && a.State() <= ConnectionStateCompleted && b.State() >= ConnectionStateConnected && b.State() <= ConnectionStateCompleted
	})
	if took > time.Second {
		t.Errorf("it took %v", took)
	}
	w.run(5 * time.Second)
	a.wantState(ConnectionStateCompleted, "after the restart")
	b.wantPath(addrB, "198.51.100.1:1000", "after the restart")
}

// Both sides restart at once; the offerers' collision is resolved by a rollback
// on one side.
func TestRestartGlare(t *testing.T) {
	w := newWire(t)
	w.delay = 20 * time.Millisecond
	a, b := connected(w)
	a.restart(1)
	b.restart(1)
	w.run(100 * time.Millisecond)
	// b is polite: it takes a's offer.
	b.Rollback(w.now)
	b.remoteOf(a)
	b.restart(2)
	a.remoteOf(b)
	w.run(time.Minute)
	a.wantState(ConnectionStateCompleted, "after the collision")
	b.wantState(ConnectionStateCompleted, "after the collision")
	if u, _ := a.LocalCredentials(); u != "agen1" {
		t.Errorf("a's username fragment is %q", u)
	}
	if u, _ := b.LocalCredentials(); u != "bgen2" {
		t.Errorf("b's username fragment is %q", u)
	}
}

// A hundred restarts leave no generation, pair or transaction behind.
func TestManyRestarts(t *testing.T) {
	w := newWire(t)
	w.delay = time.Millisecond
	a, b := connected(w)
	for n := range 100 {
		a.restart(n)
		b.remoteOf(a)
		b.restart(n)
		a.remoteOf(b)
		if n%3 == 0 {
			continue // the next one comes before this one has been checked
		}
		w.run(500 * time.Millisecond)
		a.wantState(ConnectionStateCompleted, fmt.Sprintf("restart %d", n))
		b.wantState(ConnectionStateCompleted, fmt.Sprintf("restart %d", n))
	}
	w.run(time.Minute)
	for _, s := range []*side{a, b} {
		if len(s.lists) != 1 || len(s.Pairs()) != 1 || len(s.transactions) > 1 {
			t.Errorf("%s keeps %d generations, %d pairs, %d transactions", s.name, len(s.lists), len(s.Pairs()), len(s.transactions))
		}
	}
}

// A fork: the provisional answer and the answer come from different peers, with
// different credentials and the same offer.
func TestAnswerOfAnotherPeerThanTheProvisionalOne(t *testing.T) {
	w := newWire(t)
	a, b := w.agent("a", AgentConfig{Controlling: true}), w.agent("b", AgentConfig{})
	ca, cb := a.host(1, addrA), b.host(1, addrB)
	a.SetRemoteCredentials(w.now, "fork", "0123456789012345678901")
	a.learnOf(hostCandidate(t, addrC))
	a.EndOfLocalCandidates(w.now)
	w.run(time.Second)
	a.credentialsOf(b)
	a.learnOf(cb)
	a.EndOfRemoteCandidates(w.now)
	b.credentialsOf(a)
	b.learnOf(ca)
	w.run(3 * time.Second)
	a.wantState(ConnectionStateCompleted, "with the second peer")
	a.wantPath(addrA, addrB, "with the second peer")
}

// The provisional answer's peer answers late, when the answer has come from
// another one: its pair must not be used.
func TestLateAnswerOfTheOtherFork(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	a.host(1, addrA)
	p := against(a, addrB)
	p.mute = true
	w.run(100 * time.Millisecond)
	late := p.success(p.requests[0], ap(addrA))
	a.SetRemoteCredentials(w.now, "final", "0123456789012345678901xyz")
	a.learnOf(hostCandidate(t, addrC))
	p.send(addrB, late)
	w.run(time.Second)
	if q, ok := a.SelectedPair(); ok {
		t.Errorf("a uses %v", q)
	}
	a.wantState(ConnectionStateChecking, "after the late answer")
}

// A peer that begins a restart and keeps checking with our old credentials does
// not wait for new ones; nor does one to which we answer with the old ones.
func TestRestartOfThePeerAlone(t *testing.T) {
	for _, kept := range []bool{true, false} {
		w := newWire(t)
		a, b := connected(w)
		ufrag, pwd := b.LocalCredentials()
		a.restart(1)
		b.remoteOf(a)
		w.run(time.Second)
		if len(b.Pairs()) != 2 || b.Pairs()[1].State != CandidatePairStateWaiting {
			t.Errorf("b checks the new generation before its answer: %v", b.Pairs())
		}
		if kept {
			b.SetLocalCredentials(w.now, ufrag, pwd)
			b.flush()
		}
		a.remoteOf(b)
		w.run(5 * time.Second)
		a.wantState(ConnectionStateCompleted, "after half a restart")
		b.wantState(ConnectionStateCompleted, "after half a restart")
		if s := b.Stats(); s[len(s)-1].Generation != 1 || !s[len(s)-1].Pair.Nominated {
			t.Errorf("b uses %+v", s)
		}
	}
}

// SetLocalCredentials before anything else replaces the random ones.
func TestSetLocalCredentials(t *testing.T) {
	w := newWire(t)
	a, b := w.agent("a", AgentConfig{Controlling: true}), w.agent("b", AgentConfig{LocalUfrag: "bbbb", LocalPwd: "0123456789012345678901"})
	a.SetLocalCredentials(w.now, "aaaa", "1123456789012345678901")
	if ufrag, pwd := a.LocalCredentials(); ufrag != "aaaa" || pwd != "1123456789012345678901" {
		t.Errorf("credentials %q %q", ufrag, pwd)
	}
	if ufrag, _ := b.LocalCredentials(); ufrag != "bbbb" {
		t.Errorf("credentials %q", ufrag)
	}
	ca, cb := a.host(1, addrA), b.host(1, addrB)
	a.credentialsOf(b)
	b.credentialsOf(a)
	a.learnOf(cb)
	b.learnOf(ca)
	w.run(time.Second)
	a.wantState(ConnectionStateConnected, "with given credentials")
	if ufrag, pwd := a.RemoteCredentials(); ufrag != "bbbb" || pwd != "0123456789012345678901" {
		t.Errorf("remote credentials %q %q", ufrag, pwd)
	}
	a.SetLocalCredentials(w.now, "cccc", "1123456789012345678901")
	if len(a.lists) != 2 {
		t.Error("new credentials in a session are no restart")
	}
}

// The owner draws the credentials and gives them by Restart, whether it knows
// the peer's first, as an answerer does, or not: no generation is spent on it.
func TestFirstRestartSetsTheCredentials(t *testing.T) {
	w := newWire(t)
	offerer, answerer := w.agent("offerer", AgentConfig{Controlling: true}), w.agent("answerer", AgentConfig{})
	offerer.sockets[1], answerer.sockets[1] = ap(addrA), ap(addrB)
	offerer.restart(0)
	ufrag, pwd := offerer.LocalCredentials()
	answerer.SetRemoteCredentials(w.now, ufrag, pwd)
	answerer.learnOf(hostCandidate(t, addrA))
	answerer.restart(0)
	answerer.EndOfRemoteCandidates(w.now)
	offerer.remoteOf(answerer)
	w.run(2 * time.Second)
	for _, s := range []*side{offerer, answerer} {
		s.wantStates(ConnectionStateChecking, ConnectionStateConnected, ConnectionStateCompleted)
		if st := s.Stats(); len(st) != 1 || st[0].Generation != 0 {
			t.Errorf("%s has the pairs %+v", s.name, st)
		}
	}
}

// The old pair is valid and not nominated when the restart comes: the new
// generation's pair waits for its nomination all the same.
func TestRestartBeforeTheFirstNomination(t *testing.T) {
	w := newWire(t)
	w.delay = 10 * time.Millisecond
	a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{HostAcceptance: 2 * time.Second}})
	b := w.agent("b", AgentConfig{})
	ca, cb := a.host(1, addrA), b.host(1, addrB)
	a.credentialsOf(b)
	b.credentialsOf(a)
	a.learnOf(cb)
	b.learnOf(ca)
	w.run(time.Second)
	first, _ := a.SelectedPair()
	a.restart(1)
	b.remoteOf(a)
	b.restart(1)
	a.credentialsOf(b)
	a.learnOf(hostCandidate(t, addrB))
	w.run(time.Second)
	if p, _ := a.SelectedPair(); p.ID != first.ID || p.Nominated || a.Pairs()[1].State != CandidatePairStateSucceeded {
		t.Errorf("before the nomination a uses %v of %v", p, a.Pairs())
	}
	w.run(3 * time.Second)
	if p, _ := a.SelectedPair(); p.ID == first.ID || !p.Nominated {
		t.Errorf("after the nomination a uses %v", p)
	}
}

// The generation whose pair is in use is rolled back: the session before it had
// failed, and has again.
func TestRollbackOfThePairInUse(t *testing.T) {
	w := newWire(t)
	w.delay = 10 * time.Millisecond
	a := w.agent("a", AgentConfig{Controlling: true, Timing: Timing{HostAcceptance: time.Minute}})
	a.host(1, addrA)
	p := against(a, addrB)
	p.mute = true
	a.ended()
	w.run(time.Minute)
	a.wantState(ConnectionStateFailed, "without an answer")
	p.mute = false
	a.restart(1)
	a.SetRemoteCredentials(w.now, p.ufrag, p.pwd)
	a.learnOf(hostCandidate(t, addrB))
	w.run(time.Second)
	a.wantState(ConnectionStateConnected, "after the restart")
	if !a.Rollback(w.now) {
		t.Fatal("there was nothing to roll back")
	}
	a.flush()
	a.wantState(ConnectionStateFailed, "after the rollback")
	if q, ok := a.SelectedPair(); ok {
		t.Errorf("a uses %v", q)
	}
	if e, ok := a.events[len(a.events)-2].(SelectedPairChanged); !ok || !e.Pair.IsZero() {
		t.Error("a does not say that no pair is in use")
	}
}
