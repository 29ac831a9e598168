package ice

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// The program sees what is authentic alone, and moves the session to the pair that it
// wants, in either role.
func TestBindingRequestHandler(t *testing.T) {
	for _, controlling := range []bool{false, true} {
		var seen []Candidate
		var want string
		w := newWire(t)
		w.delay = 10 * time.Millisecond
		a := w.agent("a", AgentConfig{Controlling: controlling, BindingRequest: func(m *stun.Message, local, remote Candidate, pair *CandidatePair) bool {
			if !m.Contains(stun.AttrMessageIntegrity) || !pair.Local.Equal(local) || !pair.Remote.Equal(remote) || local.Addr().String() != addrA {
				t.Errorf("it is shown %v on %v", m, pair)
			}
			seen = append(seen, remote)
			return remote.Addr().String() == want
		}})
		a.host(1, addrA)
		p := against(a, addrB)
		role, tie := stun.AttrICEControlling, uint64(1<<63)
		if controlling {
			role, tie = stun.AttrICEControlled, 1
		}
		check := func(from string, id byte) { p.send(from, p.checkOf(transactionID{'c', id}, role, tie, id == 0)) }
		check(addrB, 0)
		w.run(5 * time.Second)
		a.wantPath(addrA, addrB, "at first")
		p.send(addrB, p.message(stun.ClassRequest, p.id(), nil, func(*stun.Message) {}))
		p.addrs = append(p.addrs, ap(addrC))
		check(addrC, 1)
		w.run(time.Second)
		a.wantPath(addrA, addrB, "after a check from elsewhere")
		want = netip.MustParseAddrPort(addrC).String()
		check(addrC, 2)
		w.run(time.Second)
		a.wantPath(addrA, addrC, "since the program wants it")
		if len(seen) != 3 {
			t.Errorf("it is shown %d checks, want 3", len(seen))
		}
	}
}
