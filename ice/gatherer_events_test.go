package ice

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

func TestGatherServerError(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		server := n.Host("stun", simnet.Addrs("198.51.100.1"))
		defer serveSTUN(t, server, "198.51.100.1:3478", func(_ int, request []byte, _ netip.AddrPort) []byte {
			return answer(request, stun.BindingError, stun.ErrorCodeAttribute{Code: 401, Reason: []byte("Unauthorized")})
		}).close()
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Servers = servers(t, "stun:198.51.100.1")
		})
		defer g.close()
		g.gather("uf")
		g.want("0s gathering", "0s open 1 192.0.2.1", "0s host 192.0.2.1 base 1",
			"0s error 401 192.0.2.1 stun:198.51.100.1: Unauthorized", "0s complete")
	})
}

// An answer from another address than the server's is not believed.
func TestGatherForgedAnswer(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		forger := n.Host("forger", simnet.Addrs("198.51.100.66"))
		lie, err := forger.ListenUDP(netip.MustParseAddrPort("198.51.100.66:3478"))
		if err != nil {
			t.Fatal(err)
		}
		defer lie.Close()
		defer serveSTUN(t, server, "198.51.100.1:3478", func(_ int, request []byte, from netip.AddrPort) []byte {
			p := answer(request, xorMapped("6.6.6.6:666"))
			lie.WriteBatch([]udp.Datagram{{Buf: p, N: len(p), Addr: from}})
			return nil
		}).close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.1") })
		defer g.close()
		g.gather("uf")
		g.after(time.Minute)
		if got := len(g.candidates()); got != 1 || g.Counters().AnswersDropped != 4 {
			t.Errorf("%d candidates, %d dropped:\n%s", got, g.Counters().AnswersDropped, strings.Join(g.log, "\n"))
		}
	})
}

func TestGatherUnsupportedServers(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Servers = servers(t, "turns:198.51.100.1?transport=udp", "stuns:198.51.100.1")
		})
		defer g.close()
		g.gather("uf")
		g.want("0s gathering",
			"0s error 701 turns:198.51.100.1?transport=udp: TURN over DTLS is not supported",
			"0s error 701 stuns:198.51.100.1: stuns servers are not supported",
			"0s open 1 192.0.2.1", "0s host 192.0.2.1 base 1", "0s complete")
		g.do(func(now time.Time) {
			token := servers(t, "turn:198.51.100.1", "stun:198.51.100.1")
			token[0].OAuth = true
			g.SetServers(token, GatherRelay)
			g.Gather(now, "u2")
		})
		g.want("0s gathering", "0s error 701 turn:198.51.100.1: the OAuth credential is not a token and a MAC key of 20 or 32 bytes, both in base64", "0s complete")
	})
}

// With the relay policy no address of the host is used or shown.
func TestGatherRelayPolicy(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		s := serveSTUN(t, server, "198.51.100.1:3478", nil)
		defer s.close()
		g := gatherOn(t, host, func(c *GathererConfig) {
			c.Servers = servers(t, "stun:198.51.100.1")
			c.Policy = GatherRelay
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		g.want("0s gathering", "0s complete")
		if len(s.requests) != 0 {
			t.Error("the STUN server was asked")
		}
		// Lifting the policy counts from the next Gather on; putting it back
		// keeps the sockets, on which a path may run, and shows nothing.
		g.do(func(now time.Time) { g.SetServers(nil, GatherAll); g.Gather(now, "u2") })
		g.want("1s gathering", "1s open 1 10.0.0.2", "1s host 10.0.0.2 base 1", "1s complete")
		g.do(func(now time.Time) { g.SetServers(nil, GatherRelay); g.Gather(now, "u3") })
		g.want("1s gathering", "1s complete")
	})
}

// Where host addresses are hidden, the agent alone learns them: host candidates are
// names, and neither related addresses nor errors show an address.
func TestGatherHidingHostAddresses(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) {
			c.Servers = servers(t, "stun:198.51.100.1", "stun:198.51.100.9")
			c.MulticastDNS = MulticastDNSModeQueryAndGather
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Minute)
		name := g.candidates()[0].Candidate.Address()
		if !strings.HasSuffix(name, ".local") || len(name) != len("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.local") {
			t.Errorf("the name is %q", name)
		}
		g.want("0s gathering", "0s open 1 10.0.0.2", "0s hidden host 10.0.0.2 base 1", "0s host "+name+" base 1",
			"200ms srflx 203.0.113.1 base 1 stun:198.51.100.1",
			"5.05s error 701 stun:198.51.100.9: the server did not answer", "5.05s complete")
		if r := g.candidates()[1].Candidate.RelatedAddress(); r == nil || *r != (CandidateRelatedAddress{"0.0.0.0", 0}) {
			t.Errorf("related address %v", r)
		}
	})
}

func TestGatherPortRange(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.Addrs("192.0.2.1"))
		within := func(c *GathererConfig) { c.PortMin, c.PortMax = 5000, 5002 }
		ports := map[int]bool{}
		for range 3 {
			g := gatherOn(t, host, within)
			defer g.close()
			g.gather("uf")
			ports[g.candidates()[0].Candidate.Port()] = true
		}
		if len(ports) != 3 || !ports[5000] || !ports[5001] || !ports[5002] {
			t.Errorf("ports %v", ports)
		}
		// The range is exhausted: an error, and gathering completes.
		g := gatherOn(t, host, within)
		defer g.close()
		g.gather("uf")
		if len(g.log) != 3 || !strings.HasPrefix(g.log[1], "0s error 701 192.0.2.1: no socket on 192.0.2.1: no port from 5000 to 5002 is free") || g.log[2] != "0s complete" {
			t.Errorf("%s", strings.Join(g.log, "\n"))
		}
		empty := gatherOn(t, host, func(c *GathererConfig) { c.PortMin, c.PortMax = 6000, 5000 })
		defer empty.close()
		empty.gather("uf")
		if !strings.Contains(empty.log[1], "the port range 6000 to 5000 is empty") {
			t.Errorf("%s", strings.Join(empty.log, "\n"))
		}
	})
}

// An ICE restart uses the same sockets: the same base, port and foundation.
func TestGatherAgainReusesSockets(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.1") })
		defer g.close()
		g.gather("one")
		g.after(time.Second)
		g.log = nil
		g.gather("two")
		g.after(2 * time.Second)
		g.want("1s gathering", "1s host 10.0.0.2 base 1", "1.2s srflx 203.0.113.1 base 1 stun:198.51.100.1", "1.2s complete")
		found := g.candidates()
		for i := range 2 {
			was, is := found[i].Candidate, found[i+2].Candidate
			if !was.Equal(is) || was.Priority() != is.Priority() || was.Foundation() != is.Foundation() || is.Ufrag() != "two" {
				t.Errorf("candidate %d was %s, is %s", i, was.Marshal(), is.Marshal())
			}
		}
	})
}

// A restart in the middle of a gathering: the old one's answers count no more.
func TestGatherAgainInTheMiddle(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		n.SetDNSDelay(50 * time.Millisecond)
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:stun.example.org") })
		defer g.close()
		// Twice before the first scan could run, then while the name resolves,
		// then while the request is under way.
		g.do(func(now time.Time) { g.Gather(now, "a"); g.Gather(now, "b") })
		g.want("0s gathering", "0s open 1 10.0.0.2", "0s host 10.0.0.2 base 1")
		g.after(20 * time.Millisecond)
		g.gather("c")
		g.after(120 * time.Millisecond)
		g.gather("d")
		g.after(time.Second)
		g.want("20ms host 10.0.0.2 base 1", "120ms host 10.0.0.2 base 1",
			"370ms srflx 203.0.113.1 base 1 stun:stun.example.org", "370ms complete")
		var ufrags []string
		for _, f := range g.candidates() {
			ufrags = append(ufrags, f.Candidate.Ufrag())
		}
		if want := []string{"b", "c", "d", "d"}; !slices.Equal(ufrags, want) {
			t.Errorf("ufrags %v, want %v", ufrags, want)
		}
		// The late answer to the request of generation c went to the agent,
		// which does not know it.
		if g.agent != 1 {
			t.Errorf("%d packets left to the agent", g.agent)
		}
	})
}

func TestGatherInterfaceGone(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.Addrs("192.0.2.1"))
		wifi := host.AddInterface("wlan0", simnet.Addrs("198.51.100.1"))
		g := gatherOn(t, host, nil)
		defer g.close()
		g.gather("one")
		g.log = nil
		wifi.Remove()
		g.do(g.Rescan)
		g.want("0s close 2")
		// A new address waits for the next Gather.
		host.AddInterface("lte0", simnet.Addrs("203.0.113.5"))
		g.do(g.Rescan)
		g.want()
		g.gather("two")
		g.want("0s gathering", "0s host 192.0.2.1 base 1", "0s open 3 203.0.113.5", "0s host 203.0.113.5 base 3", "0s complete")
		if g.State() != GatheringStateComplete {
			t.Errorf("state %v", g.State())
		}
	})
}

// The address goes while its STUN request is under way: the request has no
// answer to wait for.
func TestGatherInterfaceGoneWhileAsking(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.9") })
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		g.log = nil
		host.Interface("eth0").Remove()
		g.do(g.Rescan)
		g.want("1s close 1", "1s error 701 192.0.2.1 stun:198.51.100.9: the local address is gone", "1s complete")
	})
}

// A destination without a route is noticed at once where the owner says so.
func TestGatherSendError(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.9") })
		defer g.close()
		g.gather("uf")
		g.log = nil
		g.do(func(now time.Time) {
			g.HandleSendError(now, 1, netip.MustParseAddrPort("198.51.100.9:3478"), fmt.Errorf("no route to host"))
		})
		g.want("0s error 701 192.0.2.1 stun:198.51.100.9: no route to host", "0s complete")
	})
}

// RFC 8445 §5.1.1.4: mappings are kept alive until ICE has concluded.
func TestGatherKeepsMappingsAlive(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		nat := n.NAT("nat", "203.0.113.1", simnet.NATConfig{Timeout: 30 * time.Second})
		host := n.Host("a", simnet.Behind(nat), simnet.Addrs("10.0.0.2"))
		server := n.Host("stun", simnet.Addrs("198.51.100.1"))
		s := serveSTUN(t, server, "198.51.100.1:3478", nil)
		defer s.close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.1") })
		defer g.close()
		g.gather("uf")
		g.after(time.Minute)
		if len(s.requests) != 5 || nat.Mappings() != 1 {
			t.Errorf("%d requests in a minute, %d mappings, want 5 and 1", len(s.requests), nat.Mappings())
		}
		g.do(g.Conclude)
		g.after(10 * time.Minute)
		if len(s.requests) != 5 || !g.NextTimeout().IsZero() {
			t.Errorf("%d requests after the conclusion, next timeout %v", len(s.requests), g.NextTimeout())
		}
	})
}

// Close ends everything at whatever moment it comes.
func TestGatherCloseAnyTime(t *testing.T) {
	for _, moment := range []time.Duration{0, 10 * time.Millisecond, 35 * time.Millisecond, 60 * time.Millisecond, 400 * time.Millisecond, 700 * time.Millisecond, 7 * time.Second} {
		scenario(t, func(t *testing.T, n *simnet.Network) {
			host, server := behindNAT(n)
			n.SetDNSDelay(30 * time.Millisecond)
			defer serveSTUN(t, server, "198.51.100.1:3478", func(int, []byte, netip.AddrPort) []byte { return nil }).close()
			g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:stun.example.org", "stun:198.51.100.1") })
			if moment == 0 {
				// In the same breath as Gather.
				g.post(func(now time.Time) { g.Gather(now, "uf"); g.Resolve(now, namedCandidate(t, testName)) })
				g.Close()
			} else {
				g.do(func(now time.Time) { g.Gather(now, "uf"); g.Resolve(now, namedCandidate(t, testName)) })
				g.after(moment)
				g.Close()
			}
			synctest.Wait()
			before := len(g.events)
			g.do(func(now time.Time) {
				g.Gather(now, "again")
				g.Rescan(now)
				g.Resolve(now, namedCandidate(t, "other.local"))
				g.HandleTimeout(now.Add(time.Hour))
				if _, ok := g.Poll(); ok || !g.NextTimeout().IsZero() {
					t.Error("a closed gatherer has events or deadlines")
				}
			})
			g.after(moment + time.Minute)
			if len(g.events) != before {
				t.Errorf("events after Close: %v", g.log)
			}
			g.close() // again, which changes nothing, and ends the owner
		})
	}
}

// brokenNetwork is a host whose interfaces cannot be listed, or whose sockets
// cannot be opened.
type brokenNetwork struct {
	udp.Network
	interfaces, listen error
}

func (n brokenNetwork) Interfaces() ([]udp.Interface, error) {
	if n.interfaces != nil {
		return nil, n.interfaces
	}
	return n.Network.Interfaces()
}

func (n brokenNetwork) ListenUDP(netip.AddrPort) (udp.Conn, error) { return nil, n.listen }

func (n brokenNetwork) ListenMulticastUDP(udp.Interface, netip.AddrPort) (udp.Conn, error) {
	return nil, n.listen
}

func TestGatherOnABrokenHost(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.Addrs("192.0.2.1"))
		blind := gatherOn(t, brokenNetwork{Network: host, interfaces: errors.New("permission denied")}, nil)
		defer blind.close()
		blind.gather("uf")
		blind.resolve(testName)
		blind.want("0s gathering", "0s error 701: network interfaces cannot be listed: permission denied", "0s complete",
			"0s resolved "+testName+`: resolve "`+testName+`": no interface speaks multicast`)
		deaf := gatherOn(t, brokenNetwork{Network: host, listen: errors.New("too many open files")}, func(c *GathererConfig) {
			c.Servers = servers(t, "stun:198.51.100.1")
		})
		defer deaf.close()
		deaf.gather("uf")
		deaf.resolve(testName)
		deaf.want("0s gathering", "0s error 701 192.0.2.1: no socket on 192.0.2.1: too many open files",
			"0s error 701 stun:198.51.100.1: this host has no address of the server's IP version", "0s complete",
			"0s resolved "+testName+`: resolve "`+testName+`": no interface speaks multicast`)
		// What is hidden is not in the errors either.
		hidden := gatherOn(t, brokenNetwork{Network: host, listen: errors.New("too many open files")}, func(c *GathererConfig) {
			c.MulticastDNS = MulticastDNSModeQueryAndGather
		})
		defer hidden.close()
		hidden.gather("uf")
		hidden.want("0s gathering", "0s error 701: no socket on a local address", "0s complete")
	})
}

// A host with addresses by the hundred does not get sockets by the hundred.
func TestGatherBoundsItsSockets(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		var addrs []string
		for i := range 200 {
			addrs = append(addrs, fmt.Sprintf("10.0.0.%d", i+1))
		}
		host := n.Host("a", simnet.Addrs(addrs...))
		g := gatherOn(t, host, nil)
		defer g.close()
		g.gather("uf")
		if len(g.sockets) != maxLocalAddresses || len(g.candidates()) != maxLocalAddresses {
			t.Errorf("%d sockets, %d candidates", len(g.sockets), len(g.candidates()))
		}
		// An address that comes before those in use closes none of them.
		host.Interface("eth0").AddAddr("2001:db8::1")
		g.gather("again")
		if len(g.sockets) != maxLocalAddresses+1 || strings.Contains(strings.Join(g.log, "\n"), "close") {
			t.Errorf("%d sockets:\n%s", len(g.sockets), strings.Join(g.log, "\n"))
		}
	})
}

// Thousands of restarts leave nothing behind but the newest generation.
func TestGatherThousandTimes(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.1", "stun:198.51.100.9") })
		defer g.close()
		for i := range 1000 {
			g.post(func(now time.Time) { g.Gather(now, fmt.Sprint("u", i)) })
			if i%3 == 0 {
				g.after(time.Duration(i) * time.Millisecond)
			}
		}
		g.after(time.Hour)
		if g.State() != GatheringStateComplete || len(g.sockets) != 1 || len(g.found) != 2 || len(g.servers) != 2 ||
			len(g.stun.active)+len(g.stun.waiting) != 0 || len(g.mappings) != 1 || len(g.foundations.byKey) != 2 {
			t.Errorf("state %v, %d sockets, %d found, %d servers, %d transactions, %d mappings, %d foundations", g.State(), len(g.sockets),
				len(g.found), len(g.servers), len(g.stun.active)+len(g.stun.waiting), len(g.mappings), len(g.foundations.byKey))
		}
	})
}

// slowNetwork takes a second for everything.
type slowNetwork struct{ udp.Network }

func (n slowNetwork) Interfaces() ([]udp.Interface, error) {
	time.Sleep(time.Second)
	return n.Network.Interfaces()
}

func (n slowNetwork) ListenUDP(local netip.AddrPort) (udp.Conn, error) {
	time.Sleep(time.Second)
	return n.Network.ListenUDP(local)
}

func (n slowNetwork) ListenMulticastUDP(ifi udp.Interface, group netip.AddrPort) (udp.Conn, error) {
	time.Sleep(time.Second)
	return n.Network.ListenMulticastUDP(ifi, group)
}

// A socket that is being opened when Close comes is closed too: its port is
// free again.
func TestGatherCloseWhileOpening(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.On(n.LAN("home")), simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, slowNetwork{host}, func(c *GathererConfig) { c.PortMin, c.PortMax = 5000, 5000 })
		g.do(func(now time.Time) { g.Gather(now, "uf"); g.Resolve(now, namedCandidate(t, testName)) })
		g.after(1500 * time.Millisecond)
		g.close()
		g.want("0s gathering")
		conn, err := host.ListenUDP(netip.MustParseAddrPort("192.0.2.1:5000"))
		if err != nil {
			t.Fatalf("the port is still taken: %v", err)
		}
		conn.Close()
	})
}
