package ice

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// checkOf is an authentic check of the puppet's with the given id, role and
// attributes.
func (p *puppet) checkOf(id transactionID, role stun.AttrType, tieBreaker uint64, useCandidate bool) []byte {
	ufrag, _ := p.peer.LocalCredentials()
	return p.message(stun.ClassRequest, id, p.key(), func(m *stun.Message) {
		m.Add(stun.AttrUsername, []byte(ufrag+":"+p.ufrag))
		addUint32(m, stun.AttrPriority, 1845494271)
		addUint64(m, role, tieBreaker)
		if useCandidate {
			m.Add(stun.AttrUseCandidate, nil)
		}
	})
}

// A peer that knows the credentials sends checks in others' names. Each of them
// gets at most three bytes for each that was spent in its name, answers, triggered
// checks and all their repetitions together, for as long as it does not answer.
func TestAmplificationOfForgedChecks(t *testing.T) {
	for _, controlling := range []bool{false, true} {
		t.Run(fmt.Sprintf("controlling %v", controlling), func(t *testing.T) {
			w := newWire(t)
			a := w.agent("a", AgentConfig{Controlling: controlling})
			a.host(1, addrA)
			p := against(a)
			role := stun.AttrICEControlling
			if controlling {
				role = stun.AttrICEControlled
			}
			in, out := map[netip.AddrPort]int{}, map[netip.AddrPort]int{}
			w.pass = func(d *flying) bool { out[d.to] += len(d.data); return true }
			for round := range 3 {
				for i := range 40 {
					victim := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i + 1)}), 9)
					raw := p.checkOf(transactionID{byte(round), byte(i)}, role, 1, true)
					in[victim] += len(raw)
					a.HandlePacket(w.now, 1, victim, raw)
					a.flush()
					w.run(20 * time.Millisecond)
				}
				w.run(20 * time.Second)
			}
			w.run(2 * time.Minute)
			if len(out) != 40 || a.Counters().ChecksWithheld == 0 {
				t.Errorf("%d addresses were answered, %d checks withheld", len(out), a.Counters().ChecksWithheld)
			}
			for victim, n := range out {
				if n > 3*in[victim] {
					t.Errorf("%v got %d bytes for %d", victim, n, in[victim])
				}
			}
		})
	}
}

// What bounds amplification leaves a path alone that loses every third datagram:
// the peer's own repetitions make room for ours.
func TestPeerReflexivePathWithLoss(t *testing.T) {
	for seed := range uint64(20) {
		w := newWire(t)
		w.rng, w.loss, w.delay = newRand(seed), 0.33, 30*time.Millisecond
		a, b := w.agent("a", AgentConfig{}), w.agent("b", AgentConfig{Controlling: true})
		ca := a.host(1, addrA)
		b.host(1, addrB)
		a.credentialsOf(b)
		b.credentialsOf(a)
		b.learnOf(ca) // and a never learns of b
		w.until(fmt.Sprintf("both connected with seed %d", seed), 20*time.Second, func() bool {
			return a.State() == ConnectionStateConnected && b.State() == ConnectionStateConnected
		})
	}
}

// Everything that somebody without the credentials can send keeps nothing alive:
// garbage, indications, forged and replayed requests and answers, from the peer's
// own address and many times a second.
func TestConsentIsNotKeptByUnauthenticatedPackets(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{})
	a.host(1, addrA)
	p := against(a, addrB)
	p.check(addrB, true)
	w.run(20 * time.Second)
	recorded := [][]byte{
		p.checkOf(transactionID{'r'}, stun.AttrICEControlling, 1<<63, true),
		p.success(p.requests[0], ap(addrA)), p.success(p.requests[len(p.requests)-1], ap(addrA)),
	}
	p.send(addrB, recorded[0])
	last := a.lastAnswer()
	p.mute = true
	for w.now.Sub(last) < 40*time.Second {
		w.run(100 * time.Millisecond)
		pending := p.requests[len(p.requests)-1] // a listener sees the ids of our requests
		for _, raw := range append([][]byte{
			nil, {0x16, 0xfe, 0xfd}, bytes.Repeat([]byte{0x80}, 100),
			p.message(stun.ClassIndication, p.id(), nil, func(*stun.Message) {}),
			p.message(stun.ClassRequest, p.id(), nil, func(*stun.Message) {}),
			p.message(stun.ClassSuccessResponse, pending.id, nil, func(m *stun.Message) { addXORAddress(m, ap(addrA)) }),
			p.message(stun.ClassSuccessResponse, pending.id, newIntegrityKey("a guess"), func(m *stun.Message) { addXORAddress(m, ap(addrA)) }),
			p.message(stun.ClassErrorResponse, pending.id, nil, func(m *stun.Message) { addErrorCode(m, 403) }),
			p.message(stun.ClassErrorResponse, pending.id, nil, func(m *stun.Message) { addErrorCode(m, 487) }),
		}, recorded...) {
			p.send(addrB, raw)
		}
	}
	if got := a.sinceAnswer(last, ConnectionStateFailed); got != 30*time.Second {
		t.Errorf("failed %v after the last answer, want 30s", got)
	}
}

// A forged 403 and a forged 487 take nothing away either, while the peer answers.
func TestForgedErrorsOnAConnection(t *testing.T) {
	w := newWire(t)
	w.delay = 20 * time.Millisecond
	a, b := connected(w)
	events := len(a.events)
	w.pass = func(d *flying) bool {
		if d.by == a && d.data[0] == 0 {
			var id transactionID
			copy(id[:], d.data[8:20])
			for _, code := range []int{401, 403, 487, 500} {
				m := stun.New()
				start(m, stun.ClassErrorResponse, id)
				addErrorCode(m, code)
				addFingerprint(m)
				a.HandlePacket(w.now, 1, ap(addrB), m.Raw)
			}
		}
		return true
	}
	w.run(5 * time.Minute)
	a.wantPath(addrA, addrB, "in spite of forged errors")
	if !a.Controlling() || b.Controlling() || len(a.events) != events || a.Counters().BadIntegrity < 200 {
		t.Errorf("%d events, %d forgeries counted", len(a.events)-events, a.Counters().BadIntegrity)
	}
}

// A peer that changes its role with each check: each is answered, and nothing else
// follows but checks at their pace.
func TestRoleConflictStormOfRequests(t *testing.T) {
	w, a, p := target(t)
	p.mute = false
	p.check(addrB, true)
	w.run(time.Second)
	a.wantPath(addrA, addrB, "before the storm")
	sent, answers := w.sent, len(p.responses)
	begin := w.now
	for i := range 10_000 {
		role := []stun.AttrType{stun.AttrICEControlling, stun.AttrICEControlled}[i%2]
		p.send(addrB, p.checkOf(transactionID{'s', byte(i), byte(i >> 8)}, role, uint64(i)<<50, i%3 == 0))
		w.run(time.Millisecond)
	}
	answered := len(p.responses) - answers
	paced := int(w.now.Sub(begin)/(50*time.Millisecond)) + 10
	if checks := w.sent - sent - answered; answered > 10_000 || checks > paced {
		t.Errorf("%d answers and %d checks, want at most 10000 and %d", answered, checks, paced)
	}
	if n := len(a.transactions); n > 200 {
		t.Errorf("%d transactions are held", n)
	}
	a.wantPath(addrA, addrB, "after the storm")
}

// Ten thousand candidates make no more checks than the pace allows, and what is
// remembered of them is bounded.
func TestCandidateFloodIsPaced(t *testing.T) {
	w := newWire(t)
	a := w.agent("a", AgentConfig{Controlling: true})
	a.host(1, addrA)
	against(a)
	first := map[string]bool{} // transaction ids
	w.pass = func(d *flying) bool { first[string(d.data[8:20])] = true; return false }
	for i := range 10_000 {
		a.learnOf(hostCandidate(t, fmt.Sprintf("10.1.%d.%d:9", i>>8, i&255)))
		if n := len(a.current().remotes); n > maxRemotes || len(a.current().pairs) > DefaultMaxPairs || len(a.transactions) > 2*DefaultMaxPairs {
			t.Fatalf("%d candidates, %d pairs and %d transactions are held", n, len(a.current().pairs), len(a.transactions))
		}
		if i%10 == 0 {
			w.run(time.Millisecond)
		}
	}
	w.run(time.Minute)
	begun := int(w.now.Sub(epoch)/(50*time.Millisecond)) + 1
	if len(first) > begun || len(first) > 2*DefaultMaxPairs {
		t.Errorf("%d checks in %v", len(first), w.now.Sub(epoch))
	}
	// Each is sent at most seven times (RFC 8489 §6.2.1).
	if w.sent > 7*len(first) {
		t.Errorf("%d datagrams for %d checks", w.sent, len(first))
	}
}
