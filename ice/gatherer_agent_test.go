package ice

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// A connecting is a gathering with an agent, and the way to the other side: a
// whole ICE endpoint.
type connecting struct {
	*gathering
	agent *Agent
	other *connecting
	pair  Pair
	at    time.Duration // of the pair
	sent  []string      // candidates signaled
}

// connectOn returns an endpoint on a host.
func connectOn(t *testing.T, h *simnet.Host, controlling bool, configure func(*GathererConfig)) *connecting {
	c := &connecting{gathering: gatherOn(t, h, configure), agent: NewAgent(AgentConfig{Controlling: controlling})}
	c.do(func(time.Time) { c.gathering.peer = c })
	return c
}

// connect lets two endpoints gather and tell each other what they find.
func connect(a, b *connecting) {
	a.other, b.other = b, a
	for _, c := range []*connecting{a, b} {
		ufrag, pwd := c.other.agent.LocalCredentials()
		own, _ := c.agent.LocalCredentials()
		c.do(func(now time.Time) {
			c.agent.SetRemoteCredentials(now, ufrag, pwd)
			c.Gather(now, own)
		})
	}
}

// gathered gives the agent what the gatherer found, and the other side, as
// text, what may be signaled.
func (c *connecting) gathered(now time.Time, e GatherEvent) {
	if c == nil {
		return
	}
	switch e := e.(type) {
	case CandidateFound:
		c.agent.AddLocalCandidate(now, e.Candidate, e.Base)
		line := e.Candidate.Marshal()
		c.sent = append(c.sent, line)
		c.other.post(func(now time.Time) { c.other.hear(now, line) })
	case HiddenCandidate:
		c.agent.AddLocalCandidate(now, e.Candidate, e.Base)
	case SocketClosed:
		c.agent.RemoveBase(now, e.ID)
	case Resolved:
		if e.Err == nil {
			c.add(now, e.Candidate)
		}
	}
}

func (c *connecting) hear(now time.Time, line string) {
	remote, err := UnmarshalCandidate(line)
	if err != nil {
		c.t.Errorf("%s: %v", line, err)
	} else if remote.IsMulticastDNS() {
		c.Resolve(now, remote)
	} else {
		c.add(now, remote)
	}
}

func (c *connecting) add(now time.Time, remote Candidate) {
	c.Permit(now, remote.Addr().Addr())
	if err := c.agent.AddRemoteCandidate(now, remote); err != nil {
		c.t.Error(err)
	}
}

func (c *connecting) settle(now time.Time) {
	if c == nil {
		return
	}
	for e, ok := c.agent.Poll(); ok; e, ok = c.agent.Poll() {
		switch e := e.(type) {
		case Transmit:
			if conn := c.sockets[e.Base]; conn != nil {
				conn.WriteBatch([]udp.Datagram{{Buf: e.Data, N: len(e.Data), Addr: e.To}})
			}
		case SelectedPairChanged:
			c.pair, c.at = e.Pair, time.Since(c.began)
		}
	}
}

func (c *connecting) handlePacket(now time.Time, base int, from netip.AddrPort, p []byte) {
	if c != nil {
		c.agent.HandlePacket(now, base, from, p)
	}
}

func (c *connecting) handleTimeout(now time.Time) {
	if c != nil {
		c.agent.HandleTimeout(now)
	}
}

func (c *connecting) nextTimeout() time.Time {
	if c == nil {
		return time.Time{}
	}
	return c.agent.NextTimeout()
}

// wantConnected checks that the endpoint sends from a candidate of one type to
// a remote address.
func (c *connecting) wantConnected(local CandidateType, remote string) {
	c.t.Helper()
	if s := c.agent.State(); s != ConnectionStateCompleted && s != ConnectionStateConnected {
		c.t.Errorf("state %v", s)
		return
	}
	if c.pair.Local.Type() != local || c.pair.Remote.Address() != remote {
		c.t.Errorf("pair %v and %v, want %v and %s", c.pair.Local, c.pair.Remote, local, remote)
	}
}

func TestConnectThroughTwoNATs(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		restricted := simnet.NATConfig{Filtering: simnet.AddressPortDependent}
		natA, natB := n.NAT("natA", "203.0.113.1", restricted), n.NAT("natB", "203.0.113.2", restricted)
		hostA := n.Host("a", simnet.Behind(natA), simnet.Addrs("10.0.0.2"))
		hostB := n.Host("b", simnet.Behind(natB), simnet.Addrs("10.0.0.2"))
		n.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		defer serveSTUN(t, n.Host("stun", simnet.Addrs("198.51.100.1")), "198.51.100.1:3478", nil).close()
		withSTUN := func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.1") }
		a, b := connectOn(t, hostA, true, withSTUN), connectOn(t, hostB, false, withSTUN)
		defer a.close()
		defer b.close()
		connect(a, b)
		a.after(10 * time.Second)
		a.wantConnected(CandidateTypeServerReflexive, "203.0.113.2")
		b.wantConnected(CandidateTypeServerReflexive, "203.0.113.1")
	})
}

// Two hosts that have nothing but IPv6 link-local addresses: candidates carry
// no zone, and the base's socket knows its link (RFC 4007 §6).
func TestConnectOverLinkLocalAddresses(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		lan := n.LAN("cable")
		hostA := n.Host("a", simnet.On(lan), simnet.Addrs("fe80::a"))
		hostB := n.Host("b", simnet.On(lan), simnet.Addrs("fe80::b"))
		a, b := connectOn(t, hostA, true, nil), connectOn(t, hostB, false, nil)
		defer a.close()
		defer b.close()
		connect(a, b)
		a.after(10 * time.Second)
		a.wantConnected(CandidateTypeHost, "fe80::b")
		b.wantConnected(CandidateTypeHost, "fe80::a")
	})
}

// One side hides its addresses, behind a name that its peer on another link cannot
// resolve: it connects from them all the same, and its peer learns them from the
// checks alone (RFC 8445 §7.3.1.3).
func TestConnectWithHiddenAddresses(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		hostA := n.Host("a", simnet.Addrs("192.0.2.1"))
		hostB := n.Host("b", simnet.Addrs("192.0.2.2"))
		a := connectOn(t, hostA, true, func(c *GathererConfig) { c.MulticastDNS = MulticastDNSModeQueryAndGather })
		b := connectOn(t, hostB, false, nil)
		defer a.close()
		defer b.close()
		connect(a, b)
		a.after(10 * time.Second)
		a.wantConnected(CandidateTypeHost, "192.0.2.2")
		b.wantConnected(CandidateTypeHost, "192.0.2.1")
		if len(a.sent) != 1 || strings.Contains(a.sent[0], "192.0.2.1") || !strings.Contains(a.sent[0], ".local ") || b.pair.Remote.Type() != CandidateTypePeerReflexive {
			t.Errorf("signaled %v; the peer sees %v", a.sent, b.pair.Remote)
		}
	})
}

// The interface in use goes away: the gatherer closes its socket, the agent
// goes on over the other one.
func TestConnectSurvivesALostInterface(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		hostA := n.Host("a", simnet.Addrs("192.0.2.1"))
		hostA.AddInterface("wlan0", simnet.Addrs("198.51.100.7"))
		hostB := n.Host("b", simnet.Addrs("192.0.2.2"))
		a, b := connectOn(t, hostA, true, nil), connectOn(t, hostB, false, nil)
		defer a.close()
		defer b.close()
		connect(a, b)
		a.after(10 * time.Second)
		before := a.pair.Local.Address()
		used := a.sockets[a.pair.Base].LocalAddr().Addr().String()
		if used != before {
			t.Fatalf("pair from %s on the socket of %s", before, used)
		}
		hostA.Interface("eth0").Remove()
		a.do(a.Rescan)
		a.after(20 * time.Second)
		if before != "192.0.2.1" || a.pair.Local.Address() != "198.51.100.7" {
			t.Errorf("was on %s, is on %s", before, a.pair.Local.Address())
		}
		a.wantConnected(CandidateTypeHost, "192.0.2.2")
		if !slices.Contains(a.log, "10s close 1") {
			t.Errorf("%v", a.log)
		}
	})
}
