package ice

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/turntest"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// serveTURN runs a TURN server on a host of its own, relaying from the host's
// addresses.
func serveTURN(t *testing.T, n *simnet.Network, address string, configure func(*turntest.Config)) *turntest.Server {
	t.Helper()
	host := n.Host("turn "+address, simnet.Addrs(address))
	return serveTURNOn(t, host, address, configure)
}

func serveTURNOn(t *testing.T, host *simnet.Host, address string, configure func(*turntest.Config)) *turntest.Server {
	t.Helper()
	ip := netip.MustParseAddr(address)
	cfg := turntest.Config{Username: "user", Password: "secret", Relays: []netip.Addr{ip}}
	if configure != nil {
		configure(&cfg)
	}
	s, err := turntest.Listen(host, netip.AddrPortFrom(ip, 3478), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// turnServers are servers with the credentials of serveTURN's user.
func turnServers(t *testing.T, urls ...string) []Server {
	out := servers(t, urls...)
	for i := range out {
		out[i].Username, out[i].Credential = "user", "secret"
	}
	return out
}

var symmetricNAT = simnet.NATConfig{Mapping: simnet.AddressPortDependent, Filtering: simnet.AddressPortDependent, Ports: simnet.RandomPorts}

// behindSymmetricNATs returns two hosts that only a relay can connect. Their addresses
// differ, so that no check for the one reaches a socket of the other.
func behindSymmetricNATs(n *simnet.Network) (a, b *simnet.Host) {
	n.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
	natA, natB := n.NAT("natA", "203.0.113.1", symmetricNAT), n.NAT("natB", "203.0.113.2", symmetricNAT)
	return n.Host("a", simnet.Behind(natA), simnet.Addrs("10.0.0.2")), n.Host("b", simnet.Behind(natB), simnet.Addrs("10.0.1.2"))
}

// say sends a packet that is no STUN on the pair in use.
func (c *connecting) say(what string) {
	c.t.Helper()
	c.do(func(time.Time) {
		conn := c.sockets[c.pair.Base]
		if conn == nil {
			c.t.Errorf("no socket for %q", what)
			return
		}
		if _, err := conn.WriteBatch([]udp.Datagram{{Buf: []byte(what), N: len(what), Addr: c.pair.Remote.Addr()}}); err != nil {
			c.t.Error(err)
		}
	})
}

// wantHeard checks what has arrived beside STUN since the last call.
func (c *connecting) wantHeard(from *connecting, what ...string) {
	c.t.Helper()
	var want []string
	for _, w := range what {
		want = append(want, fmt.Sprintf("%s from %s", w, c.pair.Remote.Addr()))
	}
	if !slices.Equal(c.heard, want) {
		c.t.Errorf("heard %q, want %q", c.heard, want)
	}
	c.heard = nil
}

// Two hosts behind symmetric NATs meet on the relay, and what they say moves
// from Send indications to channels.
func TestConnectThroughARelay(t *testing.T) {
	for _, policy := range []GatherPolicy{GatherAll, GatherRelay} {
		t.Run(fmt.Sprint("policy ", policy), func(t *testing.T) {
			scenario(t, func(t *testing.T, n *simnet.Network) {
				hostA, hostB := behindSymmetricNATs(n)
				turn := serveTURN(t, n, "198.51.100.1", nil)
				defer turn.Close()
				configure := func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), policy }
				a, b := connectOn(t, hostA, true, configure), connectOn(t, hostB, false, configure)
				defer a.close()
				defer b.close()
				connect(a, b)
				a.after(10 * time.Second)
				if a.pair.Local.Type() != CandidateTypeRelay && b.pair.Local.Type() != CandidateTypeRelay {
					t.Fatalf("a: %v %v, b: %v %v\n%s", a.agent.State(), a.pair.Local, b.agent.State(), b.pair.Local, strings.Join(a.log, "\n"))
				}
				for i := range 3 {
					a.say(fmt.Sprint("hello ", i))
					b.say(fmt.Sprint("well met ", i))
					a.after(time.Duration(11+i) * time.Second)
				}
				b.wantHeard(a, "hello 0", "hello 1", "hello 2")
				a.wantHeard(b, "well met 0", "well met 1", "well met 2")
				if turn.Sent().ChannelData == 0 || turn.Data().ChannelData == 0 {
					t.Errorf("sent %+v, data %+v", turn.Sent(), turn.Data())
				}
				if policy == GatherRelay {
					for _, line := range append(a.sent, b.sent...) {
						if !strings.Contains(line, "typ relay raddr 0.0.0.0 rport 0") || strings.Contains(line, "203.0.113") {
							t.Errorf("signaled %s", line)
						}
					}
				}
				if a.Counters().RelayDropped != 0 {
					t.Errorf("%+v", a.Counters())
				}
			})
		})
	}
}

// The candidates of a TURN server: the relayed one, with the lowest type
// preference, and the reflexive one that any STUN server gives.
func TestGatherRelayedCandidates(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		hostA, _ := behindSymmetricNATs(n)
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		g := gatherOn(t, hostA, func(c *GathererConfig) { c.Servers = turnServers(t, "turn:198.51.100.1") })
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		found := g.candidates()
		if len(found) != 3 || found[0].Candidate.Type() != CandidateTypeHost || found[1].Candidate.Type() != CandidateTypeServerReflexive ||
			found[2].Candidate.Type() != CandidateTypeRelay || found[1].Base != found[0].Base || found[2].Base == found[0].Base {
			t.Fatalf("found %v", g.log)
		}
		for i, want := range []string{"", "turn:198.51.100.1", "turn:198.51.100.1"} {
			if found[i].URL != want {
				t.Errorf("candidate %d comes from %q", i, found[i].URL)
			}
		}
		if last := g.log[len(g.log)-1]; last != "80ms complete" {
			t.Errorf("at last %s", last)
		}
		c := found[2].Candidate
		if related := c.RelatedAddress(); related == nil || related.Address != "203.0.113.1" || c.RelayProtocol() != "udp" {
			t.Errorf("%s over %s", c.Marshal(), c.RelayProtocol())
		}
		if c.Priority()>>24 != 0 || c.Ufrag() != "uf" {
			t.Errorf("%s", c.Marshal())
		}
	})
}

// What becomes of servers that give no relay: their code, or 701.
func TestGatherRelayErrors(t *testing.T) {
	refuse := func(code int) func(*turntest.Config) {
		return func(c *turntest.Config) { c.Refuse = func(turntest.Request) int { return code } }
	}
	tests := []struct {
		name      string
		configure func(*turntest.Config)
		password  string
		want      []string
	}{
		{"bad password", nil, "guess", []string{"80ms error 401 turn:198.51.100.1: refused with 401"}},
		{"forbidden", refuse(403), "secret", []string{"80ms error 403 turn:198.51.100.1: refused with 403"}},
		{"no such family", refuse(440), "secret", []string{"120ms error 440 turn:198.51.100.1: refused with 440"}},
		{"wrong credentials", refuse(441), "secret", []string{"80ms error 441 turn:198.51.100.1: refused with 441"}},
		{"no UDP", refuse(442), "secret", []string{"80ms error 442 turn:198.51.100.1: refused with 442"}},
		{"quota", refuse(486), "secret", []string{"80ms error 486 turn:198.51.100.1: refused with 486"}},
		{"no capacity", refuse(508), "secret", []string{"80ms error 508 turn:198.51.100.1: refused with 508"}},
		// Each repetition from another port: three of them.
		{"mismatch", refuse(437), "secret", []string{"320ms error 437 turn:198.51.100.1: refused with 437"}},
		{"quota without proof", func(c *turntest.Config) {
			c.Quota, c.Unproven = -1, true
			c.Refuse = func(turntest.Request) int { return 486 }
		},
			"secret", []string{"1.08s error 486 turn:198.51.100.1: refused with 486"}},
		{"to itself for ever", func(c *turntest.Config) { c.Alternate = netip.MustParseAddrPort("198.51.100.1:3478") }, "secret",
			[]string{"80ms error 300 turn:198.51.100.1: refused with 300"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			scenario(t, func(t *testing.T, n *simnet.Network) {
				hostA, _ := behindSymmetricNATs(n)
				turn := serveTURN(t, n, "198.51.100.1", tt.configure)
				defer turn.Close()
				g := gatherOn(t, hostA, func(c *GathererConfig) {
					c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay
					c.Servers[0].Credential = tt.password
				})
				defer g.close()
				g.gather("uf")
				g.after(10 * time.Second)
				var got []string
				for _, line := range g.log {
					if strings.Contains(line, "error") || strings.Contains(line, "relay") {
						got = append(got, line)
					}
				}
				if !slices.Equal(got, tt.want) || g.State() != GatheringStateComplete {
					t.Errorf("%v in state %v\nwant %v", got, g.State(), tt.want)
				}
				if len(g.sockets) != 0 {
					t.Errorf("%d sockets are left", len(g.sockets))
				}
			})
		})
	}
}

func TestGatherSilentRelay(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		hostA, _ := behindSymmetricNATs(n)
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		turn.Silence(true)
		second := serveTURN(t, n, "198.51.100.2", nil)
		defer second.Close()
		g := gatherOn(t, hostA, func(c *GathererConfig) {
			c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1", "turn:198.51.100.2", "turn:nowhere.example"), GatherRelay
		})
		defer g.close()
		g.gather("uf")
		g.after(10 * time.Second)
		text := strings.Join(g.log, "\n")
		for _, want := range []string{
			"80ms relay 198.51.100.2 base ", "5s error 701 turn:198.51.100.1: the server did not answer",
			"0s error 701 turn:nowhere.example: the name cannot be resolved", "5s complete",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in\n%s", want, text)
			}
		}
	})
}

// ALTERNATE-SERVER leads to another server, which relays.
func TestGatherAlternateServer(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		hostA, _ := behindSymmetricNATs(n)
		first := serveTURN(t, n, "198.51.100.1", func(c *turntest.Config) { c.Alternate = netip.MustParseAddrPort("198.51.100.2:3478") })
		defer first.Close()
		second := serveTURN(t, n, "198.51.100.2", nil)
		defer second.Close()
		g := gatherOn(t, hostA, func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay })
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		g.want("0s gathering", "0s open 1 10.0.0.2", "80ms close 1", "80ms open 2 10.0.0.2",
			"160ms relay 198.51.100.2 base 2 turn:198.51.100.1", "160ms complete")
	})
}

// A server with addresses of both versions relays from both in one allocation,
// and one with IPv6 alone is asked for that.
func TestGatherRelaysOfBothVersions(t *testing.T) {
	for _, only6 := range []bool{false, true} {
		scenario(t, func(t *testing.T, n *simnet.Network) {
			host := n.Host("turn", simnet.Addrs("198.51.100.1", "2001:db8::1"))
			peer := n.Host("peer", simnet.Addrs("2001:db8::2"))
			turn := serveTURNOn(t, host, "198.51.100.1", func(c *turntest.Config) {
				c.Relays = append(c.Relays, netip.MustParseAddr("2001:db8::1"))
				if only6 {
					c.Relays = c.Relays[1:]
				}
			})
			defer turn.Close()
			a := connectOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), true, func(c *GathererConfig) { c.Servers = turnServers(t, "turn:198.51.100.1") })
			b := connectOn(t, peer, false, nil)
			defer a.close()
			defer b.close()
			connect(a, b)
			a.after(10 * time.Second)
			// An IPv4 host reaches an IPv6 peer.
			a.wantConnected(CandidateTypeRelay, "2001:db8::2")
			want := 2
			if only6 {
				want = 1
			}
			relayed := slices.DeleteFunc(a.candidates(), func(f CandidateFound) bool { return f.Candidate.Type() != CandidateTypeRelay })
			if len(relayed) != want || turn.Allocations() != 1 {
				t.Errorf("%d relayed candidates, %d allocations", len(relayed), turn.Allocations())
			}
		})
	}
}

// relayed returns two connected endpoints that have nothing but relays.
func relayed(t *testing.T, n *simnet.Network) (a, b *connecting) {
	hostA, hostB := behindSymmetricNATs(n)
	configure := func(c *GathererConfig) {
		c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay
	}
	a, b = connectOn(t, hostA, true, configure), connectOn(t, hostB, false, configure)
	connect(a, b)
	a.after(10 * time.Second)
	a.wantConnected(CandidateTypeRelay, "198.51.100.1")
	return a, b
}

// Over hours, allocations, permissions, channels and NAT bindings are renewed,
// under nonces that grow stale, whether much is said or nothing.
func TestRelayIsKeptForHours(t *testing.T) {
	for _, lifetime := range []time.Duration{0, 2 * time.Minute} {
		t.Run(lifetime.String(), func(t *testing.T) {
			scenario(t, func(t *testing.T, n *simnet.Network) {
				turn := serveTURN(t, n, "198.51.100.1", func(c *turntest.Config) { c.Lifetime, c.NonceUses = lifetime, 7 })
				defer turn.Close()
				a, b := relayed(t, n)
				defer a.close()
				defer b.close()
				pair := a.pair
				for hour := 1; hour <= 3; hour++ {
					a.after(time.Duration(hour) * time.Hour)
					a.say("still here")
					b.say("so am I")
					a.after(time.Duration(hour)*time.Hour + time.Second)
					b.wantHeard(a, "still here")
					a.wantHeard(b, "so am I")
				}
				if a.pair.Base != pair.Base || a.pair.Remote.Addr() != pair.Remote.Addr() || turn.Allocations() != 2 {
					t.Errorf("pair %v became %v, %d allocations", pair, a.pair, turn.Allocations())
				}
				if n := turn.Sent().Indications; n > 6000 {
					t.Errorf("%d indications", n)
				}
			})
		})
	}
}

// An allocation that nobody uses is kept through a NAT that forgets after half a
// minute.
func TestUnusedRelayIsKept(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		n.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		short := symmetricNAT
		short.Timeout = 30 * time.Second
		host := n.Host("a", simnet.Behind(n.NAT("nat", "203.0.113.1", short)), simnet.Addrs("10.0.0.2"))
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay })
		defer g.close()
		g.gather("uf")
		g.after(2 * time.Hour)
		if turn.Allocations() != 1 || len(g.sockets) != 1 {
			t.Errorf("%d allocations, %d sockets: %v", turn.Allocations(), len(g.sockets), g.log)
		}
	})
}

// A server that has lost the allocation says so at the next renewal: an error
// names it, and the pair is gone.
func TestRelayLost(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay })
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		turn.Forget()
		g.after(time.Hour)
		g.want("0s gathering", "0s open 1 192.0.2.1", "0s relay 198.51.100.1 base 1 turn:198.51.100.1", "0s complete",
			"9m0s error 437 turn:198.51.100.1: the allocation is lost: refused with 437", "9m0s close 1")
	})
}

func TestRelayServerDies(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		a, b := relayed(t, n)
		defer a.close()
		defer b.close()
		turn.Silence(true)
		a.after(time.Minute)
		if s := a.agent.State(); s != ConnectionStateFailed {
			t.Errorf("state %v", s)
		}
		a.after(15 * time.Minute)
		if last := strings.Join(a.log[len(a.log)-2:], "\n"); !strings.Contains(last, "error 701 turn:198.51.100.1: the allocation is lost: the server did not answer") || len(a.sockets) != 0 {
			t.Errorf("%d sockets: %s", len(a.sockets), last)
		}
	})
}

// An ICE restart takes new allocations; the old ones carry the old pair until
// the new one is there, and are released after that.
func TestRelayRestart(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		a, b := relayed(t, n)
		defer a.close()
		defer b.close()
		old := a.pair
		for _, c := range []*connecting{a, b} {
			c.do(func(now time.Time) {
				ufrag, pwd, err := NewCredentials(c.cfg.Rand)
				if err != nil {
					t.Fatal(err)
				}
				c.agent.Restart(now, ufrag, pwd)
			})
		}
		a.say("on the old pair")
		connect(a, b)
		a.after(15 * time.Second)
		b.heard = nil
		if a.pair.Base == old.Base || turn.Allocations() != 4 {
			t.Errorf("base %d became %d, %d allocations", old.Base, a.pair.Base, turn.Allocations())
		}
		a.after(2 * time.Minute)
		a.say("on the new pair")
		a.after(121 * time.Second)
		b.wantHeard(a, "on the new pair")
		if turn.Allocations() != 2 || len(a.sockets) != 1 {
			t.Errorf("%d allocations, %d sockets", turn.Allocations(), len(a.sockets))
		}
	})
}

// A relay costs the gatherer nothing while there is nothing to do.
func TestIdleRelayDoesNotAllocate(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		a, b := relayed(t, n)
		defer a.close()
		defer b.close()
		a.do(func(now time.Time) {
			if n := testing.AllocsPerRun(100, func() {
				a.HandleTimeout(now)
				if e, ok := a.Poll(); ok || a.NextTimeout().IsZero() {
					t.Errorf("event %v", e)
				}
			}); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	})
}

// Closing releases the allocation at once.
func TestRelayIsReleased(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		a, b := relayed(t, n)
		a.close()
		b.close()
		time.Sleep(time.Second)
		synctest.Wait()
		last := turn.Requests()[len(turn.Requests())-1]
		if turn.Allocations() != 0 || last.Method != "Refresh" || last.Lifetime != 0 {
			t.Errorf("%d allocations, the last request %+v", turn.Allocations(), last)
		}
	})
}

// Permissions are there before the first check is: no check is lost for want of
// one.
func TestRelayPermissionsComeFirst(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		host := n.Host("a", simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay })
		defer g.close()
		g.do(func(now time.Time) { g.Permit(now, netip.MustParseAddr("203.0.113.7")) })
		g.gather("uf")
		g.do(func(now time.Time) {
			for i := range 2 * maxTURNPermissions {
				g.Permit(now, netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}))
			}
			g.Permit(now, netip.MustParseAddr("2001:db8::1")) // of no use to an IPv4 relay
			g.Permit(now, netip.MustParseAddr("224.0.0.1"))
		})
		g.after(time.Second)
		permitted := 0
		for _, r := range turn.Requests() {
			if r.Method == "CreatePermission" {
				permitted++
			}
		}
		if permitted != maxTURNPermissions || turn.Requests()[1].Peer.Addr().String() != "203.0.113.7" {
			t.Errorf("%d permissions: %+v", permitted, turn.Requests()[1])
		}
	})
}

// The interface of an attempt goes away: the gathering ends all the same. So it
// does where there is no route, while an allocation outlives its absence.
func TestRelayWithoutAWay(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		turn.Silence(true)
		host := n.Host("a", simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay })
		defer g.close()
		g.gather("uf")
		host.Interface("eth0").Remove()
		g.do(g.Rescan)
		g.want("0s gathering", "0s open 1 192.0.2.1", "0s close 1",
			"0s error 701 turn:198.51.100.1: the local address is gone", "0s complete")
		turn.Silence(false)
		host.AddInterface("eth1", simnet.Addrs("192.0.2.3"))
		g.gather("u2")
		g.do(func(now time.Time) {
			g.HandleSendError(now, 2, netip.MustParseAddrPort("198.51.100.1:3478"), net.ErrClosed)
		})
		g.want("0s gathering", "0s open 2 192.0.2.3", "0s relay 198.51.100.1 base 2 turn:198.51.100.1", "0s complete")
		turn.Silence(true)
		g.gather("u3")
		g.do(func(now time.Time) {
			g.HandleSendError(now, 3, netip.MustParseAddrPort("198.51.100.1:3478"), net.ErrClosed)
		})
		g.want("0s gathering", "0s open 3 192.0.2.3", "0s close 3",
			"0s error 701 turn:198.51.100.1: use of closed network connection", "0s complete")
	})
}
