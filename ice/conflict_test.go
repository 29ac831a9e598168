package ice

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// Both sides start in the same role. The one with the larger tie-breaker ends
// up controlling, whoever's check arrives first (RFC 8445 §7.3.1.1).
func TestRoleConflict(t *testing.T) {
	for _, c := range []struct {
		name        string
		controlling bool
		tieA, tieB  uint64
	}{
		{"both controlling, a larger", true, 9, 3},
		{"both controlling, b larger", true, 3, 9},
		{"both controlled, a larger", false, 9, 3},
		{"both controlled, b larger", false, 3, 9},
	} {
		for _, lead := range []time.Duration{0, 70 * time.Millisecond, -70 * time.Millisecond} {
			t.Run(c.name+" "+lead.String(), func(t *testing.T) {
				w := newWire(t)
				w.delay = 25 * time.Millisecond
				a := w.agent("a", AgentConfig{Controlling: c.controlling, TieBreaker: c.tieA})
				b := w.agent("b", AgentConfig{Controlling: c.controlling, TieBreaker: c.tieB})
				ca, cb := a.host(1, addrA), b.host(1, addrB)
				begin := func(s, o *side, remote Candidate) {
					s.credentialsOf(o)
					s.learnOf(remote)
					s.ended()
				}
				if lead >= 0 {
					begin(a, b, cb)
					w.run(lead)
					begin(b, a, ca)
				} else {
					begin(b, a, ca)
					w.run(-lead)
					begin(a, b, cb)
				}
				w.run(3 * time.Second)
				a.wantState(ConnectionStateCompleted, "after the conflict")
				b.wantState(ConnectionStateCompleted, "after the conflict")
				if a.Controlling() != (c.tieA > c.tieB) || b.Controlling() != (c.tieB > c.tieA) {
					t.Errorf("controlling: a %v, b %v", a.Controlling(), b.Controlling())
				}
				changes := 0
				for _, s := range []*side{a, b} {
					for _, e := range s.events {
						if r, ok := e.(RoleChanged); ok {
							changes++
							if r.Controlling == c.controlling {
								t.Errorf("%s changes to the role it had", s.name)
							}
						}
					}
					if s.Counters().RoleConflicts > 4 {
						t.Errorf("%s noticed %d conflicts", s.name, s.Counters().RoleConflicts)
					}
				}
				if changes != 1 {
					t.Errorf("%d changes of role, want 1", changes)
				}
			})
		}
	}
}

// With equal tie-breakers both sides give way; new tie-breakers end it
// (RFC 8445 §7.2.5.1).
func TestRoleConflictWithEqualTieBreakers(t *testing.T) {
	for _, controlling := range []bool{true, false} {
		w := newWire(t)
		w.delay = 25 * time.Millisecond
		a := w.agent("a", AgentConfig{Controlling: controlling, TieBreaker: 5})
		b := w.agent("b", AgentConfig{Controlling: controlling, TieBreaker: 5})
		ca, cb := a.host(1, addrA), b.host(1, addrB)
		a.credentialsOf(b)
		b.credentialsOf(a)
		a.learnOf(cb)
		b.learnOf(ca)
		a.ended()
		b.ended()
		w.run(5 * time.Second)
		a.wantState(ConnectionStateCompleted, "after the conflict")
		b.wantState(ConnectionStateCompleted, "after the conflict")
		if a.Controlling() == b.Controlling() {
			t.Errorf("both controlling: %v", a.Controlling())
		}
	}
}

// Every cell of RFC 8445 §7.3.1.1: what the agent answers, and what it is then.
func TestRoleConflictOnRequest(t *testing.T) {
	for _, c := range []struct {
		controlling      bool // our role
		theirs           stun.AttrType
		tie              uint64 // theirs; ours is 100
		wantCode         int    // 0 is success
		wantControlling  bool
		conflictsCounted uint64
	}{
		{true, stun.AttrICEControlled, 1, 0, true, 0},
		{true, stun.AttrICEControlled, 200, 0, true, 0},
		{true, stun.AttrICEControlling, 99, 487, true, 1},
		{true, stun.AttrICEControlling, 100, 487, true, 1},
		{true, stun.AttrICEControlling, 101, 0, false, 1},
		{false, stun.AttrICEControlling, 1, 0, false, 0},
		{false, stun.AttrICEControlling, 200, 0, false, 0},
		{false, stun.AttrICEControlled, 99, 0, true, 1},
		{false, stun.AttrICEControlled, 100, 0, true, 1},
		{false, stun.AttrICEControlled, 101, 487, false, 1},
	} {
		w := newWire(t)
		a := w.agent("a", AgentConfig{Controlling: c.controlling, TieBreaker: 100})
		a.host(1, addrA)
		p := against(a)
		p.addrs = []netip.AddrPort{netip.MustParseAddrPort(addrB)}
		ufrag, _ := a.LocalCredentials()
		p.send(addrB, p.message(stun.ClassRequest, p.id(), p.key(), func(m *stun.Message) {
			m.Add(stun.AttrUsername, []byte(ufrag+":"+p.ufrag))
			addUint32(m, stun.AttrPriority, 1)
			addUint64(m, c.theirs, c.tie)
		}))
		w.run(time.Millisecond)
		if len(p.responses) != 1 || p.responses[0].errorCode != c.wantCode {
			t.Errorf("%+v: %d answers, want one with code %d", c, len(p.responses), c.wantCode)
			continue
		}
		if !p.key().verify(p.responses[0].raw) {
			t.Errorf("%+v: the answer is not signed", c)
		}
		if a.Controlling() != c.wantControlling || a.Counters().RoleConflicts != c.conflictsCounted {
			t.Errorf("%+v: controlling %v, %d conflicts", c, a.Controlling(), a.Counters().RoleConflicts)
		}
		if learned := len(a.RemoteCandidates()) == 1; learned != (c.wantCode == 0) {
			t.Errorf("%+v: a peer reflexive candidate was learned: %v", c, learned)
		}
	}
}

// The pair whose check met a role conflict is checked again ahead of better
// ones (RFC 8445 §7.2.5.1).
func TestCheckAgainAfterAConflict(t *testing.T) {
	const better = "192.0.2.3:7"
	w := newWire(t)
	w.delay = 10 * time.Millisecond
	var to []netip.AddrPort
	w.pass = func(d *flying) bool {
		to = append(to, d.to)
		return true
	}
	a := w.agent("a", AgentConfig{Controlling: true})
	a.host(1, addrA)
	p := against(a)
	p.addrs = []netip.AddrPort{ap(addrB), ap(better)}
	p.answer = func(r *binding, from netip.AddrPort) []byte {
		p.answer = nil
		return p.failure(r, 487)
	}
	reflexive, err := NewCandidateServerReflexive(&CandidateServerReflexiveConfig{
		Network: "udp", Address: "192.0.2.2", Port: 2000, Component: ComponentRTP, RelAddr: "10.0.0.1", RelPort: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	a.learnOf(reflexive)
	a.learnOf(hostCandidate(t, better))
	w.run(time.Second)
	if want := []netip.AddrPort{ap(addrB), ap(addrB), ap(better)}; !slices.Equal(to, want) {
		t.Errorf("the checks go to %v, want %v", to, want)
	}
}

// A storm of 487: each costs one repeated check, no more.
func TestRoleConflictStorm(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	a.host(1, addrA)
	p := against(a, addrB)
	p.answer = func(r *binding, _ netip.AddrPort) []byte { return p.failure(r, 487) }
	w.run(10 * time.Second)
	// One check each Ta, 50 ms, is the most that pacing allows.
	if n := len(p.requests); n < 2 || n > 201 {
		t.Errorf("%d checks in ten seconds", n)
	}
	if len(a.transactions) > 1 || len(a.events) > 250 {
		t.Errorf("%d transactions and %d events are held", len(a.transactions), len(a.events))
	}
}
