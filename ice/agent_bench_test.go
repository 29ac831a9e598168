package ice

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// inUse returns an agent with a nominated pair, and its peer.
func inUse(b testing.TB) (now time.Time, agent, peer *Agent) {
	now = epoch
	agent = NewAgent(AgentConfig{Controlling: true, Rand: seeded{rand.NewChaCha8([32]byte{1})}})
	peer = NewAgent(AgentConfig{Rand: seeded{rand.NewChaCha8([32]byte{2})}})
	ca, cb := hostCandidate(b, addrA), hostCandidate(b, addrB)
	agent.AddLocalCandidate(now, ca, 1)
	peer.AddLocalCandidate(now, cb, 1)
	agent.SetRemoteCredentials(now, peer.current().localUfrag, peer.current().localPwd)
	peer.SetRemoteCredentials(now, agent.current().localUfrag, agent.current().localPwd)
	_ = agent.AddRemoteCandidate(now, cb)
	_ = peer.AddRemoteCandidate(now, ca)
	for _, a := range []*Agent{agent, peer} {
		a.EndOfLocalCandidates(now)
		a.EndOfRemoteCandidates(now)
	}
	for range 40 {
		exchange(now, agent, peer)
		now = now.Add(50 * time.Millisecond)
		agent.HandleTimeout(now)
		peer.HandleTimeout(now)
	}
	exchange(now, agent, peer)
	if agent.State() != ConnectionStateCompleted || peer.State() != ConnectionStateCompleted {
		b.Fatalf("the agents are %v and %v", agent.State(), peer.State())
	}
	return now, agent, peer
}

// exchange carries packets until there are none.
func exchange(now time.Time, agent, peer *Agent) {
	for more := true; more; {
		more = false
		for t, ok := agent.PollTransmit(); ok; t, ok = agent.PollTransmit() {
			peer.HandlePacket(now, 1, ap(addrA), t.Data)
			more = true
		}
		for t, ok := peer.PollTransmit(); ok; t, ok = peer.PollTransmit() {
			agent.HandlePacket(now, 1, ap(addrB), t.Data)
			more = true
		}
		for len(agent.events)+len(peer.events) > 0 {
			agent.Poll()
			peer.Poll()
		}
	}
}

// consentCheck has agent do what is due next, and carries the packets.
func consentCheck(agent, peer *Agent) time.Time {
	now := agent.NextTimeout()
	agent.HandleTimeout(now)
	for t, ok := agent.PollTransmit(); ok; t, ok = agent.PollTransmit() {
		peer.HandlePacket(now, 1, benchA, t.Data)
	}
	for t, ok := peer.PollTransmit(); ok; t, ok = peer.PollTransmit() {
		agent.HandlePacket(now, 1, benchB, t.Data)
	}
	return now
}

var benchA, benchB = ap(addrA), ap(addrB)

// A whole consent check: the request is sent, answered by the peer, and the
// response handled.
func BenchmarkConsentCheck(b *testing.B) {
	_, agent, peer := inUse(b)
	b.ReportAllocs()
	for b.Loop() {
		consentCheck(agent, peer)
	}
	if agent.State() != ConnectionStateCompleted {
		b.Fatalf("the agent is %v", agent.State())
	}
}

// The response to a consent check alone.
func BenchmarkHandlePacketResponse(b *testing.B) {
	now, agent, peer := inUse(b)
	m, to := stun.New(), ap(addrB)
	key := newIntegrityKey(peer.current().localPwd)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		agent.askConsent(now)
		agent.PollTransmit()
		start(m, stun.ClassSuccessResponse, agent.transactions[0].id)
		addXORAddress(m, ap(addrA))
		key.sign(m)
		addFingerprint(m)
		b.StartTimer()
		agent.HandlePacket(now, 1, to, m.Raw)
	}
	if len(agent.transactions) != 0 {
		b.Fatal("the responses were not taken")
	}
}

// A timer that comes for nothing.
func BenchmarkIdleTick(b *testing.B) {
	now, agent, _ := inUse(b)
	b.ReportAllocs()
	for b.Loop() {
		agent.HandleTimeout(now)
		if agent.NextTimeout().IsZero() {
			b.Fatal("no timer")
		}
	}
}

// Neither a consent check, from the timer to the response, nor a timer that
// comes for nothing allocates.
func TestNoAllocations(t *testing.T) {
	now, agent, peer := inUse(t)
	tick := testing.AllocsPerRun(100, func() {
		agent.HandleTimeout(now)
		agent.NextTimeout()
	})
	check := testing.AllocsPerRun(100, func() { now = consentCheck(agent, peer) })
	if tick != 0 || check != 0 {
		t.Errorf("%v allocations for an idle tick, %v for a consent check", tick, check)
	}
	if s := agent.Stats()[0]; s.ConsentRequestsSent < 100 || s.ResponsesReceived < 100 {
		t.Errorf("%d consent checks and %d answers", s.ConsentRequestsSent, s.ResponsesReceived)
	}
}
