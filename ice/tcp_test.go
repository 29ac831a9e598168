package ice

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func tcpCandidate(t *testing.T, addr string, typ TCPType) Candidate {
	t.Helper()
	a := netip.MustParseAddrPort(addr)
	c, err := NewCandidateHost(&CandidateHostConfig{Network: "tcp", Address: a.Addr().String(), Port: int(a.Port()), TCPType: typ})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tcpAgent is an agent with candidates of all TCP types, at bases 1, 2 and 3, whose
// peer's credentials are known.
func tcpAgent(t *testing.T) *Agent {
	t.Helper()
	a := NewAgent(AgentConfig{Controlling: true})
	for i, typ := range []TCPType{TCPTypeActive, TCPTypePassive, TCPTypeSimultaneousOpen} {
		addr := []string{"192.0.2.1:9", "192.0.2.1:443", "192.0.2.1:5000"}[i]
		a.AddLocalCandidate(epoch, tcpCandidate(t, addr, typ), i+1)
	}
	a.SetRemoteCredentials(epoch, "pupp", puppetPassword)
	return a
}

// RFC 6544 §6.2: active goes with passive, simultaneous-open with its like, and
// passive candidates wait.
func TestTCPPairs(t *testing.T) {
	a := tcpAgent(t)
	for _, c := range []Candidate{
		tcpCandidate(t, "192.0.2.2:9", TCPTypeActive), tcpCandidate(t, "192.0.2.2:443", TCPTypePassive),
		tcpCandidate(t, "192.0.2.2:5000", TCPTypeSimultaneousOpen), hostCandidate(t, "192.0.2.2:6000"),
	} {
		if err := a.AddRemoteCandidate(epoch, c); err != nil {
			t.Fatal(err)
		}
	}
	got := map[int]string{}
	for _, p := range a.current().pairs {
		got[p.local.base] += p.remote.addr.String()
	}
	if len(got) != 2 || got[1] != "192.0.2.2:443" || got[3] != "192.0.2.2:5000" {
		t.Errorf("pairs %v", got)
	}
	if n := reflexivePriority(a.current().locals[0].cand) >> 24; n != 110-uint32(tcpTypePenalty) {
		t.Errorf("type preference %d of a peer-reflexive TCP candidate", n)
	}
}

// A check over a stream is sent once (RFC 8489 §6.2.2), and fails with the stream.
func TestTCPChecksAreSentOnce(t *testing.T) {
	a := tcpAgent(t)
	if err := a.AddRemoteCandidate(epoch, tcpCandidate(t, "192.0.2.2:443", TCPTypePassive)); err != nil {
		t.Fatal(err)
	}
	sent := 0
	drain := func() {
		for _, ok := a.PollTransmit(); ok; _, ok = a.PollTransmit() {
			sent++
		}
	}
	p := a.current().pairs[0]
	for now := epoch; now.Before(epoch.Add(39 * time.Second)); now = now.Add(100 * time.Millisecond) {
		a.HandleTimeout(now)
		drain()
	}
	if sent != 1 || p.state != CandidatePairStateInProgress {
		t.Errorf("sent %d times, the pair is %v", sent, p.state)
	}
	a.HandleTimeout(epoch.Add(40 * time.Second))
	if p.state != CandidatePairStateFailed {
		t.Errorf("after 40 s the pair is %v", p.state)
	}

	b := tcpAgent(t)
	if err := b.AddRemoteCandidate(epoch, tcpCandidate(t, "192.0.2.2:443", TCPTypePassive)); err != nil {
		t.Fatal(err)
	}
	b.HandleTimeout(epoch)
	b.HandleStreamLost(epoch.Add(time.Second), 1, netip.MustParseAddrPort("192.0.2.2:443"))
	if p := b.current().pairs[0]; p.state != CandidatePairStateFailed || len(b.transactions) != 0 {
		t.Errorf("without a stream the pair is %v", p.state)
	}
}

// A lite agent never sends a request, whatever comes, and answers a role conflict.
func TestLiteAgentSendsNoRequests(t *testing.T) {
	a := NewAgent(AgentConfig{Lite: true, LocalUfrag: "lite", LocalPwd: puppetPassword})
	a.AddLocalCandidate(epoch, hostCandidate(t, "192.0.2.1:7000"), 1)
	a.SetRemoteCredentials(epoch, "pupp", puppetPassword)
	if err := a.AddRemoteCandidate(epoch, hostCandidate(t, "192.0.2.2:6000")); err != nil {
		t.Fatal(err)
	}
	from := netip.MustParseAddrPort("192.0.2.2:6000")
	check := func(role stun.AttrType, use bool, pwd string, id byte) []byte {
		m := stun.New()
		start(m, stun.ClassRequest, transactionID{id})
		m.Add(stun.AttrUsername, []byte("lite:pupp"))
		addUint32(m, stun.AttrPriority, 1<<24)
		addUint64(m, role, 7)
		if use {
			m.Add(stun.AttrUseCandidate, nil)
		}
		newIntegrityKey(pwd).sign(m)
		addFingerprint(m)
		return m.Raw
	}
	var answers []string
	drain := func() {
		for e, ok := a.Poll(); ok; e, ok = a.Poll() {
			if tr, isPacket := e.(Transmit); isPacket {
				m := &stun.Message{Raw: append([]byte(nil), tr.Data...)}
				if err := m.Decode(); err != nil {
					t.Fatal(err)
				}
				if m.Type.Class == stun.ClassRequest {
					t.Fatalf("a request was sent: %v", m)
				}
				answers = append(answers, m.Type.Class.String())
			}
		}
	}
	for i, c := range []struct {
		raw      []byte
		want     Verdict
		selected bool
	}{
		{check(stun.AttrICEControlling, true, "another password than ours", 1), PacketDropped, false},
		{check(stun.AttrICEControlled, true, puppetPassword, 2), PacketAuthentic, false}, // 487
		{check(stun.AttrICEControlling, false, puppetPassword, 3), PacketAuthentic, false},
		{check(stun.AttrICEControlling, true, puppetPassword, 4), PacketAuthentic, true},
	} {
		if v := a.HandlePacket(epoch, 1, from, c.raw); v != c.want {
			t.Errorf("check %d: verdict %d, want %d", i, v, c.want)
		}
		drain()
		if _, ok := a.SelectedPair(); ok != c.selected {
			t.Errorf("check %d: a pair is selected: %v", i, ok)
		}
	}
	if want := "error response error response success response success response"; len(answers) != 4 {
		t.Errorf("answers %q, want %s", answers, want)
	}
	for now := epoch; now.Before(epoch.Add(time.Minute)); now = now.Add(time.Second) {
		a.HandleTimeout(now)
		drain()
	}
	if a.State() != ConnectionStateFailed {
		t.Errorf("after a minute of silence the agent is %v", a.State())
	}
}
