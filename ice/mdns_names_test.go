package ice

import (
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// hiding configures a gatherer that hides its addresses behind names.
func hiding(c *GathererConfig) { c.MulticastDNS = MulticastDNSModeQueryAndGather }

// Two hosts of a LAN that both hide their addresses resolve each other's names and
// connect over host candidates.
func TestConnectBehindNames(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		lan := n.LAN("home")
		lan.SetPath(simnet.Path{Delay: 5 * time.Millisecond})
		a := connectOn(t, n.Host("a", simnet.On(lan), simnet.Addrs("192.0.2.1", "2001:db8::1")), true, hiding)
		b := connectOn(t, n.Host("b", simnet.On(lan), simnet.Addrs("192.0.2.2", "2001:db8::2")), false, hiding)
		defer a.close()
		defer b.close()
		connect(a, b)
		a.after(10 * time.Second)
		for _, c := range []*connecting{a, b} {
			if len(c.sent) != 2 {
				t.Errorf("signaled %v", c.sent)
			}
			for _, line := range c.sent {
				if strings.Contains(line, "192.0.2") || strings.Contains(line, "2001:") || !strings.Contains(line, ".local ") {
					t.Errorf("signaled %s", line)
				}
			}
			if p, _ := c.agent.SelectedPair(); p.Local.Type() != CandidateTypeHost || p.Remote.Type() != CandidateTypeHost || !p.Remote.IsMulticastDNS() {
				t.Errorf("the pair is %v, the remote candidate %v", p, p.Remote)
			}
		}
	})
}

// All gatherers of a host share one responder, which ends with the last of them and
// takes its names back.
func TestNamesShareAResponder(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		lan := n.LAN("home")
		host := n.Host("a", simnet.On(lan), simnet.Addrs("192.0.2.1"))
		var all []*gathering
		for range 20 {
			g := gatherOn(t, host, hiding)
			g.gather("uf")
			all = append(all, g)
		}
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if n := strings.Count(string(stacks), "ice.(*mdnsService).read("); n != 1 {
			t.Errorf("%d goroutines answer for 20 gatherers", n)
		}
		names := map[string]bool{}
		for _, g := range all {
			names[g.candidates()[0].Candidate.Address()] = true
		}
		if len(names) != 20 {
			t.Errorf("20 gatherers have %d names", len(names))
		}
		asker := gatherOn(t, n.Host("b", simnet.On(lan), simnet.Addrs("192.0.2.2")), nil)
		defer asker.close()
		first := all[0].candidates()[0].Candidate
		asker.do(func(now time.Time) { asker.Resolve(now, first) })
		all[0].close()
		synctest.Wait()
		// The goodbye has emptied the asker's cache.
		asker.do(func(now time.Time) { asker.Resolve(now, first) })
		asker.after(10 * time.Second)
		if len(asker.log) != 2 || !strings.Contains(asker.log[0], ": 192.0.2.1:") || !strings.Contains(asker.log[1], "nobody answered") {
			t.Errorf("what happened: %v", asker.log)
		}
		for _, g := range all[1:] {
			g.close()
		}
		mdnsServices.Lock()
		defer mdnsServices.Unlock()
		if len(mdnsServices.of) != 0 {
			t.Errorf("%d responders are left", len(mdnsServices.of))
		}
	})
}

// A name that the program gives is probed for: the candidates come after that, and
// not at all if another host has it.
func TestNameOfTheProgram(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		lan := n.LAN("home")
		named := func(c *GathererConfig) { hiding(c); c.MulticastDNSHostName = "door.local" }
		g := gatherOn(t, n.Host("a", simnet.On(lan), simnet.Addrs("192.0.2.1")), named)
		defer g.close()
		g.gather("uf")
		g.after(time.Minute)
		g.want("0s gathering", "0s open 1 192.0.2.1", "0s hidden host 192.0.2.1 base 1", "750ms host door.local base 1", "750ms complete")
		g.gather("uf2")
		g.want("1m0s gathering", "1m0s hidden host 192.0.2.1 base 1", "1m0s host door.local base 1", "1m0s complete")

		other := gatherOn(t, n.Host("b", simnet.On(lan), simnet.Addrs("192.0.2.2")), named)
		defer other.close()
		other.gather("uf")
		other.after(time.Minute)
		other.want("0s gathering", "0s open 1 192.0.2.2", "0s hidden host 192.0.2.2 base 1", "0s complete")
	})
}

// Closing while a name is being probed for ends at once.
func TestCloseWhileProbing(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		g := gatherOn(t, n.Host("a", simnet.On(n.LAN("home")), simnet.Addrs("192.0.2.1")), func(c *GathererConfig) { hiding(c); c.MulticastDNSHostName = "door.local" })
		g.gather("uf")
		g.after(100 * time.Millisecond)
		g.close()
		if at := time.Since(g.began); at != 100*time.Millisecond {
			t.Errorf("closed after %v", at)
		}
	})
}

// A name goes with its address.
func TestNameOfAnAddressThatIsGone(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.On(n.LAN("home")), simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, host, hiding)
		defer g.close()
		g.gather("uf")
		host.Interface("eth0").Down()
		g.do(g.Rescan)
		synctest.Wait()
		if len(g.names) != 0 || len(g.edge.names) != 0 {
			t.Errorf("%v is kept", g.names)
		}
	})
}

// What comes from beyond the link is not answered (RFC 6762 §11).
func TestNameIsForTheLinkAlone(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.On(n.LAN("home")), simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, host, hiding)
		defer g.close()
		g.gather("uf")
		ifis, err := host.Interfaces()
		if err != nil {
			t.Fatal(err)
		}
		s := acquireMDNS(host)
		defer s.release()
		name := g.candidates()[0].Candidate.Address()
		q, _ := mdnsQuestion(name)
		for _, ifi := range ifis {
			if ifi.Flags&net.FlagLoopback != 0 {
				continue
			}
			s.do(func(now time.Time) {
				s.handlePacket(now.Add(time.Hour), ifi.Index, datagramFrom("203.0.113.9:5353", q))
				if len(s.responder.out) != 0 || s.responder.dropped != 1 {
					t.Errorf("%d answers, %d dropped", len(s.responder.out), s.responder.dropped)
				}
				s.handlePacket(now.Add(time.Hour), ifi.Index, datagramFrom("192.0.2.9:5353", q))
				if len(s.responder.out) != 1 {
					t.Errorf("%d answers to the link", len(s.responder.out))
				}
			})
		}
	})
}

func datagramFrom(from string, p []byte) Datagram {
	return Datagram{Buf: p, N: len(p), Addr: netip.MustParseAddrPort(from)}
}
