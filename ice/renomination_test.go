package ice

import (
	"fmt"
	"testing"
	"time"
)

// twoPaths returns agents that are connected over a worse path, and a better
// candidate of b's that a has not been told of.
func twoPaths(w *wire, config AgentConfig, valued bool) (a, b *side, better Candidate) {
	w.t.Helper()
	w.delay = 10 * time.Millisecond
	config.Controlling = true
	a, b = w.agent("a", config), w.agent("b", AgentConfig{})
	ca := a.host(1, addrA)
	b.sockets[1] = ap(addrB)
	b.AddLocalCandidate(w.now, candidateOf(w.t, CandidateTypeRelay, addrB), 1)
	a.SetRemoteRenomination(valued)
	b.SetRemoteRenomination(valued)
	a.credentialsOf(b)
	b.credentialsOf(a)
	a.learnOf(candidateOf(w.t, CandidateTypeRelay, addrB))
	b.learnOf(ca)
	a.ended()
	b.ended()
	w.run(3 * time.Second)
	a.wantPath(addrA, addrB, "at first")
	return a, b, candidateOf(w.t, CandidateTypeHost, addrC)
}

// A better pair that comes after the nomination is nominated in its turn, with a value
// where the peer knows of such, and by its priority where it does not.
func TestABetterPairLater(t *testing.T) {
	for _, valued := range []bool{true, false} {
		t.Run(fmt.Sprint("renomination ", valued), func(t *testing.T) {
			w := newWire(t)
			a, b, better := twoPaths(w, AgentConfig{}, valued)
			b.sockets[2] = ap(addrC)
			b.AddLocalCandidate(w.now, better, 2)
			b.flush()
			a.learnOf(better)
			w.until("both have moved", time.Second, func() bool {
				p, _ := a.SelectedPair()
				q, _ := b.SelectedPair()
				return p.To == ap(addrC) && q.Base == 2
			})
			if got, want := a.selected.nomination, map[bool]uint32{true: 2}[valued]; got != want || b.selected.nomination != want {
				t.Errorf("the nominations have the values %d and %d, want %d", got, b.selected.nomination, want)
			}
			w.run(10 * time.Minute)
			a.wantPath(addrA, addrC, "later")
			b.wantPath(addrC, addrA, "later")
			for _, s := range []*side{a, b} {
				if s.wantState(ConnectionStateCompleted, "later"); len(s.states) != 3 {
					t.Errorf("%s went through %v", s.name, s.states)
				}
			}
		})
	}
}

// A worse candidate that comes later is kept in reserve.
func TestAWorsePairLater(t *testing.T) {
	w := newWire(t)
	a, b := connected(w)
	w.run(3 * time.Second)
	asked := 0
	w.pass = func(d *flying) bool {
		if d.to == ap(addrC) {
			asked++
		}
		return true
	}
	a.learnOf(candidateOf(t, CandidateTypeRelay, addrC))
	w.run(10 * time.Second)
	if asked != 0 || a.Pairs()[1].State != CandidatePairStateFrozen {
		t.Errorf("%d datagrams for a pair that is %v", asked, a.Pairs()[1].State)
	}
	a.wantPath(addrA, addrB, "later")
	b.wantPath(addrB, addrA, "later")
}

// The controlled side follows the highest value, also to a worse pair and when checks
// overtake each other.
func TestTheHighestNominationCounts(t *testing.T) {
	w := newWire(t)
	b := w.agent("b", AgentConfig{})
	b.host(1, addrA)
	p := against(b)
	p.addrs = append(p.addrs[:0], ap(addrB), ap(addrC))
	b.learnOf(candidateOf(t, CandidateTypeHost, addrB), candidateOf(t, CandidateTypeRelay, addrC))
	steps := []struct {
		from  string
		value uint32
		want  string
	}{
		{addrB, 1, addrB}, {addrC, 2, addrC}, {addrB, 1, addrC}, {addrB, 3, addrB}, {addrC, 2, addrB},
		{addrC, 3, addrC}, // the same nomination, which comes from another address now
	}
	for i, s := range steps {
		p.nomination = s.value
		p.check(s.from, true)
		w.run(time.Second)
		b.wantPath(addrA, s.want, fmt.Sprintf("after step %d, %d from %s", i, s.value, s.from))
	}
}

// Values come from the program if it has a say, rise in any case, and stay within what
// peers can read.
func TestNominationValues(t *testing.T) {
	values := []uint32{7, 3, 1 << 30, 100}
	a := NewAgent(AgentConfig{Renominate: true, NominationValue: func() uint32 {
		v := values[0]
		values = values[1:]
		return v
	}})
	l := a.current()
	for i, want := range []uint32{7, 8, 9, 100} {
		if got := a.nextNomination(l); got != want {
			t.Errorf("value %d is %d, want %d", i, got, want)
		}
	}
	l.nomination = maxNomination
	if got := a.nextNomination(l); got != maxNomination {
		t.Errorf("after the highest value comes %d", got)
	}
	if got := NewAgent(AgentConfig{}).nextNomination(l); got != maxNomination {
		t.Errorf("without renomination the value is %d", got)
	}
	for attribute, want := range map[uint16]uint16{0: 0xC001, 0x24: 0xC001, 0xC0FE: 0xC0FE} {
		if got := NewAgent(AgentConfig{NominationAttribute: attribute}).nominationType; uint16(got) != want {
			t.Errorf("attribute %#x became %#x, want %#x", attribute, uint16(got), want)
		}
	}
}

// With an interval, a better pair that had failed is found when it works again.
func TestABetterPairThatRecovers(t *testing.T) {
	w := newWire(t)
	a, b, better := twoPaths(w, AgentConfig{BetterInterval: 10 * time.Second, Timing: Timing{Rc: 2}}, true)
	open := false
	w.pass = func(d *flying) bool { return open || d.from != ap(addrC) && d.to != ap(addrC) }
	b.sockets[2] = ap(addrC)
	a.learnOf(better)
	w.run(time.Minute)
	a.wantPath(addrA, addrB, "while the better path is closed")
	open = true
	b.AddLocalCandidate(w.now, better, 2)
	b.flush()
	w.until("a has moved", 30*time.Second, func() bool {
		p, _ := a.SelectedPair()
		return p.To == ap(addrC)
	})
	w.wakes = 0
	w.run(10 * time.Minute)
	if w.wakes > 2*151 {
		t.Errorf("with the best pair in use, two agents woke %d times in ten minutes", w.wakes)
	}
}
