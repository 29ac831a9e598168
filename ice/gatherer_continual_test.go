package ice

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// A host that moves between networks gets candidates as addresses come, of the same
// generation and in the order of what its networks are good for, and loses those of
// addresses that go.
func TestContinualGatheringFollowsTheHost(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		stun := serveSTUN(t, n.Host("stun", simnet.Addrs("198.51.100.9")), "198.51.100.9:3478", nil)
		defer stun.close()
		nat := n.NAT("nat", "203.0.113.1", simnet.NATConfig{})
		h := n.Host("a")
		h.AddInterface("wwan0", simnet.Behind(nat), simnet.Addrs("10.0.0.2"))
		g := gatherOn(t, h, func(c *GathererConfig) {
			c.Continual, c.Servers = true, servers(t, "stun:198.51.100.9")
		})
		defer g.close()
		g.gather("uf")
		g.want("0s gathering", "0s open 1 10.0.0.2", "0s host 10.0.0.2 base 1",
			"0s srflx 203.0.113.1 base 1 stun:198.51.100.9", "0s complete")

		g.after(time.Second)
		wlan := h.AddInterface("wlan0", simnet.Addrs("192.0.2.1"))
		g.after(2 * time.Second)
		g.want("1s open 2 192.0.2.1", "1s host 192.0.2.1 base 2")
		found := g.candidates()
		for _, f := range found {
			if f.Candidate.Ufrag() != "uf" {
				t.Errorf("a candidate of another generation: %s", f.Candidate.Marshal())
			}
		}
		if mobile, wireless := found[0].Candidate, found[2].Candidate; wireless.Priority() <= mobile.Priority() {
			t.Errorf("the wireless network has priority %d, the mobile one %d", wireless.Priority(), mobile.Priority())
		}

		wlan.Remove()
		synctest.Wait()
		g.want("2s close 2")
		g.after(3 * time.Second)
		h.AddInterface("wlan0", simnet.Addrs("192.0.2.1"))
		synctest.Wait()
		g.want("3s open 3 192.0.2.1", "3s host 192.0.2.1 base 3")
		if again := g.candidates()[3].Candidate; again.Priority() != found[2].Candidate.Priority() {
			t.Errorf("the address that came back has priority %d, it had %d", again.Priority(), found[2].Candidate.Priority())
		}
		if !g.NextTimeout().IsZero() && g.NextTimeout().Before(time.Now()) {
			t.Error("something is overdue")
		}
	})
}

// A host that is idle is left alone once its connection has a pair.
func TestContinualGatheringCostsAnIdleHostNothing(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		stun := serveSTUN(t, n.Host("stun", simnet.Addrs("198.51.100.9")), "198.51.100.9:3478", nil)
		defer stun.close()
		nat := n.NAT("nat", "203.0.113.1", simnet.NATConfig{})
		h := n.Host("a", simnet.Behind(nat), simnet.Addrs("10.0.0.2"))
		g := gatherOn(t, h, func(c *GathererConfig) {
			c.Continual, c.Servers = true, servers(t, "stun:198.51.100.9")
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		g.do(g.Conclude)
		if at := g.NextTimeout(); !at.IsZero() {
			t.Errorf("the gatherer wakes in %v", time.Until(at))
		}
		h.AddInterface("wlan0", simnet.Behind(nat), simnet.Addrs("10.0.0.3"))
		g.after(2 * time.Second)
		if at := g.NextTimeout(); !at.IsZero() {
			t.Errorf("after a change the gatherer wakes in %v", time.Until(at))
		}
	})
}

// A stubborn network has an address that cannot be bound at first.
type stubborn struct {
	*simnet.Host
	tries int
}

func (s *stubborn) ListenUDP(local netip.AddrPort) (udp.Conn, error) {
	if local.Addr() == netip.MustParseAddr("2001:db8::2") {
		if s.tries++; s.tries < 3 {
			return nil, errors.New("cannot assign requested address")
		}
	}
	return s.Host.ListenUDP(local)
}

// An IPv6 address that is still being looked for duplicates of is tried again, and
// nobody is told of an error.
func TestContinualGatheringTriesAgain(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		h := n.Host("a", simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, &stubborn{Host: h}, func(c *GathererConfig) { c.Continual = true })
		defer g.close()
		g.gather("uf")
		g.want("0s gathering", "0s open 1 192.0.2.1", "0s host 192.0.2.1 base 1", "0s complete")
		h.Interface("eth0").AddAddr("2001:db8::2")
		g.after(10 * time.Second)
		g.want("1.5s open 2 2001:db8::2", "1.5s host 2001:db8::2 base 2")
	})
}

// A TURN server that is restarted loses its allocations. One that is doubted is
// refreshed at once, and what is lost is allocated anew; while the server is away,
// attempts become rare.
func TestContinualGatheringReplacesRelays(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Continual, c.Policy = true, GatherRelay
			c.Servers = turnServers(t, "turn:198.51.100.1")
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Second)
		g.want("0s gathering", "0s open 1 192.0.2.1", "0s relay 198.51.100.1 base 1 turn:198.51.100.1", "0s complete")

		turn.Forget()
		g.do(func(now time.Time) { g.Doubt(now) })
		g.want("1s error 437 turn:198.51.100.1: the allocation is lost: refused with 437", "1s close 1",
			"1s open 2 192.0.2.1", "1s relay 198.51.100.1 base 2 turn:198.51.100.1")

		turn.Forget()
		turn.Silence(true)
		g.do(func(now time.Time) { g.Doubt(now) })
		g.after(10 * time.Minute)
		g.do(func(time.Time) {
			if len(g.sockets) > 1 {
				t.Errorf("%d sockets", len(g.sockets))
			}
		})
		turn.Silence(false)
		g.after(10*time.Minute + 40*time.Second)
		if turn.Allocations() != 1 {
			t.Errorf("%d allocations after the server is back", turn.Allocations())
		}
	})
}

// A server that gives allocations and forgets them again at once is not asked for others
// as fast as it does that.
func TestContinualGatheringIsPatientWithAServerThatForgets(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		turn := serveTURN(t, n, "198.51.100.1", nil)
		defer turn.Close()
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Continual, c.Policy = true, GatherRelay
			c.Servers = turnServers(t, "turn:198.51.100.1")
		})
		defer g.close()
		g.gather("uf")
		for at := time.Second; at < 2*time.Minute; at += 100 * time.Millisecond {
			g.after(at)
			turn.Forget()
			g.do(func(now time.Time) { g.Doubt(now) })
		}
		// At once, then after 1, 2, 4, 8, 16, 30, 30 s.
		if found := len(g.candidates()); found < 5 || found > 10 {
			t.Errorf("%d relays in two minutes", found)
		}
	})
}

// Without continual gathering nothing is done before the owner says so.
func TestGatheringOnce(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		h := n.Host("a", simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, h, nil)
		defer g.close()
		g.gather("uf")
		g.want("0s gathering", "0s open 1 192.0.2.1", "0s host 192.0.2.1 base 1", "0s complete")
		h.AddInterface("wlan0", simnet.Addrs("192.0.2.2"))
		h.Interface("eth0").Remove()
		synctest.Wait()
		g.want()
		g.do(g.Rescan)
		g.want("0s close 1")
	})
}
