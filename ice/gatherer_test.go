package ice

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// scenario runs a story on a fresh network in virtual time.
func scenario(t *testing.T, story func(t *testing.T, n *simnet.Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		defer n.Close()
		story(t, n)
	})
}

func TestGatherHostCandidates(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1", "2001:db8::1")), nil)
		defer g.close()
		if g.State() != GatheringStateNew {
			t.Errorf("state %v before Gather", g.State())
		}
		g.gather("uf")
		g.want(
			"0s gathering",
			"0s open 1 2001:db8::1",
			"0s host 2001:db8::1 base 1",
			"0s open 2 192.0.2.1",
			"0s host 192.0.2.1 base 2",
			"0s complete",
		)
		found := g.candidates()
		for i, f := range found {
			c := f.Candidate
			if c.Ufrag() != "uf" || c.Component() != ComponentRTP || c.Addr() != g.sockets[f.Base].LocalAddr() || c.RelatedAddress() != nil {
				t.Errorf("candidate %d: %s", i, c.Marshal())
			}
			// The recommended formula, with local preferences from 65535 down in
			// the order of the addresses.
			if want := Priority(126, 65535-uint16(i), 1); c.Priority() != want {
				t.Errorf("priority %d, want %d", c.Priority(), want)
			}
		}
		if found[0].Candidate.Foundation() == found[1].Candidate.Foundation() {
			t.Error("two bases share a foundation")
		}
	})
}

func TestGatherOnSeveralInterfaces(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		h := n.Host("a", simnet.Addrs("192.0.2.1"))
		h.AddInterface("wlan0", simnet.Addrs("198.51.100.1"))
		h.AddInterface("down0", simnet.Addrs("203.0.113.1")).Down()
		g := gatherOn(t, h, func(c *GathererConfig) {
			c.IPFilter = func(a netip.Addr) bool { return a.String() != "203.0.113.9" }
		})
		defer g.close()
		g.gather("uf")
		g.want("0s gathering",
			"0s open 1 192.0.2.1", "0s host 192.0.2.1 base 1",
			"0s open 2 198.51.100.1", "0s host 198.51.100.1 base 2",
			"0s complete")
		if e := g.events[1].(SocketOpened); e.Interface != "eth0" {
			t.Errorf("interface %q", e.Interface)
		}
	})
}

func TestGatherLoopbackWhenAsked(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		g := gatherOn(t, n.Host("a"), nil)
		defer g.close()
		g.gather("uf")
		g.want("0s gathering", "0s complete")
		l := gatherOn(t, n.Host("b"), func(c *GathererConfig) {
			c.IncludeLoopback = true
			c.NetworkTypes = []NetworkType{NetworkTypeUDP4}
		})
		defer l.close()
		l.gather("uf")
		l.want("0s gathering", "0s open 1 127.0.0.1", "0s host 127.0.0.1 base 1", "0s complete")
	})
}

// behindNAT is a host at 10.0.0.2 behind a NAT at 203.0.113.1, and a STUN
// server at 198.51.100.1 that is 100 ms away in each direction.
func behindNAT(n *simnet.Network) (host, server *simnet.Host) {
	nat := n.NAT("nat", "203.0.113.1", simnet.NATConfig{})
	host = n.Host("a", simnet.Behind(nat), simnet.Addrs("10.0.0.2"))
	server = n.Host("stun", simnet.Addrs("198.51.100.1"))
	n.DNS("stun.example.org", "198.51.100.1")
	n.SetDefaultPath(simnet.Path{Delay: 100 * time.Millisecond})
	return host, server
}

func TestGatherServerReflexive(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		n.SetDNSDelay(30 * time.Millisecond)
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:stun.example.org") })
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		g.want("0s gathering",
			"0s open 1 10.0.0.2",
			"0s host 10.0.0.2 base 1",
			"230ms srflx 203.0.113.1 base 1 stun:stun.example.org",
			"230ms complete")
		found := g.candidates()
		c, host0 := found[1].Candidate, found[0].Candidate
		if r := c.RelatedAddress(); r == nil || r.Address != "10.0.0.2" || r.Port != host0.Port() {
			t.Errorf("related address %v", r)
		}
		if c.Priority() != Priority(100, 65535, 1) || c.Foundation() == host0.Foundation() || c.Ufrag() != "uf" {
			t.Errorf("%s", c.Marshal())
		}
	})
}

// Without a NAT the server sees the host candidate: the reflexive one is
// redundant (RFC 8445 §5.1.3).
func TestGatherDropsRedundantCandidates(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		server := n.Host("stun", simnet.Addrs("198.51.100.1"))
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		defer serveSTUN(t, server, "198.51.100.1:3479", nil).close()
		open := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Servers = servers(t, "stun:198.51.100.1")
		})
		defer open.close()
		open.gather("uf")
		open.want("0s gathering", "0s open 1 192.0.2.1", "0s host 192.0.2.1 base 1", "0s complete")
	})
	// Two servers that see the same mapping make one candidate, that of the
	// first; the second server's answer comes 50 ms later, by pacing.
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		defer serveSTUN(t, server, "198.51.100.1:3479", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) {
			c.Servers = servers(t, "stun:198.51.100.1", "stun:198.51.100.1:3479")
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		g.want("0s gathering", "0s open 1 10.0.0.2", "0s host 10.0.0.2 base 1",
			"200ms srflx 203.0.113.1 base 1 stun:198.51.100.1", "250ms complete")
	})
}

// Behind a symmetric NAT each server sees another mapping, and each makes a
// candidate with a priority of its own (RFC 8445 §5.1.2).
func TestGatherBehindSymmetricNAT(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		nat := n.NAT("nat", "203.0.113.1", simnet.NATConfig{Mapping: simnet.AddressPortDependent})
		host := n.Host("a", simnet.Behind(nat), simnet.Addrs("10.0.0.2", "10.0.0.3"))
		server := n.Host("stun", simnet.Addrs("198.51.100.1"))
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		defer serveSTUN(t, server, "198.51.100.1:3479", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) {
			c.Servers = servers(t, "stun:198.51.100.1", "stun:198.51.100.1:3479")
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		priorities := map[uint32]bool{}
		foundations := map[string]bool{}
		for _, f := range g.candidates() {
			priorities[f.Candidate.Priority()] = true
			foundations[f.Candidate.Foundation()] = true
		}
		if len(g.candidates()) != 6 || len(priorities) != 6 || len(foundations) != 6 {
			t.Errorf("%d candidates, %d priorities, %d foundations, want 6 of each:\n%s",
				len(g.candidates()), len(priorities), len(foundations), strings.Join(g.log, "\n"))
		}
	})
}

// A name with both kinds of address is asked over both, each from bases of its
// own version.
func TestGatherDualStackServer(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		server := n.Host("stun", simnet.Addrs("198.51.100.1", "2001:db8:5::1"))
		n.DNS("stun.example.org", "2001:db8:5::1", "198.51.100.1", "198.51.100.2")
		v4 := serveSTUN(t, server, "198.51.100.1:3478", nil)
		defer v4.close()
		v6 := serveSTUN(t, server, "[2001:db8:5::1]:3478", nil)
		defer v6.close()
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1", "2001:db8::1")), func(c *GathererConfig) {
			c.Servers = servers(t, "stun:stun.example.org")
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		if len(v4.requests) != 1 || len(v6.requests) != 1 || g.State() != GatheringStateComplete {
			t.Errorf("%d requests over IPv4, %d over IPv6, %v", len(v4.requests), len(v6.requests), g.State())
		}
	})
}

// Lost packets are repeated after 0.5, 1 and 2 s; the answer ends the gathering
// early.
func TestGatherSurvivesLoss(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		s := serveSTUN(t, server, "198.51.100.1:3478", func(k int, request []byte, from netip.AddrPort) []byte {
			if k < 3 {
				return nil
			}
			return answer(request, xorMapped(from.String()))
		})
		defer s.close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.1") })
		defer g.close()
		g.gather("uf")
		g.after(10 * time.Second)
		g.want("0s gathering", "0s open 1 10.0.0.2", "0s host 10.0.0.2 base 1",
			"1.7s srflx 203.0.113.1 base 1 stun:198.51.100.1", "1.7s complete")
		var at []time.Duration
		for _, r := range s.requests {
			at = append(at, r.Sub(g.began)-100*time.Millisecond)
		}
		if want := seconds(0, .5, 1.5); !slices.Equal(at, want) {
			t.Errorf("requests at %v, want %v", at, want)
		}
	})
}

// A server that is dead gives one 701 after 5 s, whatever the number of bases,
// and gathering completes.
func TestGatherDeadServer(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1", "192.0.2.2")), func(c *GathererConfig) {
			c.Servers = servers(t, "stun:198.51.100.9")
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Minute)
		g.want("0s gathering",
			"0s open 1 192.0.2.1", "0s host 192.0.2.1 base 1",
			"0s open 2 192.0.2.2", "0s host 192.0.2.2 base 2",
			"5.05s error 701 192.0.2.1 stun:198.51.100.9: the server did not answer",
			"5.05s complete")
		e := g.events[len(g.events)-2].(CandidateError)
		if e.Port != g.sockets[1].LocalAddr().Port() {
			t.Errorf("port %d", e.Port)
		}
	})
}

// A server that answers from one base only is reachable: no 701.
func TestGatherServerReachableFromOneBase(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.Addrs("192.0.2.1"))
		host.AddInterface("lte0", simnet.Addrs("192.0.2.129"))
		server := n.Host("stun", simnet.Addrs("198.51.100.1"))
		n.Cut(host.Interface("eth0"), server)
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.1") })
		defer g.close()
		g.gather("uf")
		g.after(time.Minute)
		for _, line := range g.log {
			if strings.Contains(line, "error") {
				t.Error(line)
			}
		}
		if got := g.log[len(g.log)-1]; got != "5s complete" {
			t.Errorf("ends with %q", got)
		}
	})
}

func TestGatherTimeoutIsSettable(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Servers = servers(t, "stun:198.51.100.9")
			c.STUNTimeout = time.Hour
		})
		defer g.close()
		g.gather("uf")
		g.after(2 * time.Minute)
		if got := g.log[len(g.log)-1]; got != "39.5s complete" {
			t.Errorf("ends with %q, want the end of the transaction (RFC 8489 §6.2.1)", got)
		}
	})
}

func TestGatherNameFailures(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Servers = servers(t, "stun:nowhere.example.org")
		})
		defer g.close()
		n.SetDNSDelay(300 * time.Millisecond)
		g.gather("uf")
		g.after(time.Minute)
		g.want("0s gathering", "0s open 1 192.0.2.1", "0s host 192.0.2.1 base 1",
			"300ms error 701 stun:nowhere.example.org: the name cannot be resolved: lookup nowhere.example.org: no such host",
			"300ms complete")
		e := g.events[len(g.events)-2].(CandidateError)
		if e.Address != "" || e.Port != 0 {
			t.Errorf("a name that did not resolve was asked from %s:%d", e.Address, e.Port)
		}
	})
	// A resolver that does not answer is given up at the limit.
	scenario(t, func(t *testing.T, n *simnet.Network) {
		n.SetDNSDelay(time.Hour)
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Servers = servers(t, "stun:stun.example.org")
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Minute)
		if got := g.log[len(g.log)-1]; got != "5s complete" {
			t.Errorf("ends with %q", got)
		}
	})
	// A server without an address of ours' version.
	scenario(t, func(t *testing.T, n *simnet.Network) {
		n.DNS("six.example.org", "2001:db8:5::1")
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Servers = servers(t, "stun:six.example.org")
		})
		defer g.close()
		g.gather("uf")
		g.want("0s gathering", "0s open 1 192.0.2.1", "0s host 192.0.2.1 base 1",
			"0s error 701 stun:six.example.org: this host has no address of the server's IP version",
			"0s complete")
	})
}
