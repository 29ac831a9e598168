package ice

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// serveMDNS has a host on a LAN answer the questions for a name with an
// address, after skipping the first of them, and returns how to stop it and the
// number of questions seen.
func serveMDNS(t *testing.T, h *simnet.Host, name, addr string, skip int) (stop func(), questions *int) {
	ifis, err := h.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	eth0 := slices.IndexFunc(ifis, func(i udp.Interface) bool { return i.Name == "eth0" })
	conn, err := h.ListenMulticastUDP(ifis[eth0], mdnsGroup4)
	if err != nil {
		t.Fatal(err)
	}
	questions = new(int)
	done := make(chan struct{})
	go func() {
		defer close(done)
		batch := []udp.Datagram{{Buf: make([]byte, 9000)}}
		for {
			if _, err := conn.ReadBatch(batch); errors.Is(err, net.ErrClosed) {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(batch[0].Buf[:batch[0].N]) != nil || m.Response || m.Questions[0].Name.String() != name+"." {
				continue
			}
			if *questions++; *questions > skip {
				p := mdnsResponse(name, 120, []string{addr})
				conn.WriteBatch([]udp.Datagram{{Buf: p, N: len(p), Addr: mdnsGroup4}})
			}
		}
	}()
	return func() { conn.Close(); <-done }, questions
}

func (g *gathering) resolve(name string) {
	g.do(func(now time.Time) { g.Resolve(now, namedCandidate(g.t, name)) })
}

func TestResolveOnALAN(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		lan := n.LAN("home")
		lan.SetPath(simnet.Path{Delay: 5 * time.Millisecond})
		a := n.Host("a", simnet.On(lan), simnet.Addrs("192.0.2.1"))
		b := n.Host("b", simnet.On(lan), simnet.Addrs("192.0.2.2"))
		stop, questions := serveMDNS(t, b, testName, "192.0.2.2", 0)
		defer stop()
		g := gatherOn(t, a, nil)
		defer g.close()
		g.resolve(testName)
		g.resolve(strings.ToUpper(testName))
		g.after(time.Second)
		g.want("10ms resolved "+testName+": 192.0.2.2:6000", "10ms resolved "+strings.ToUpper(testName)+": 192.0.2.2:6000")
		if *questions != 1 {
			t.Errorf("%d questions", *questions)
		}
		// The sockets close soon, and nothing wakes the gatherer any more; the
		// cache answers without them.
		g.after(4 * time.Second)
		if len(g.mdns.sockets) != 0 || !g.NextTimeout().IsZero() {
			t.Errorf("%d sockets linger, next timeout %v", len(g.mdns.sockets), g.NextTimeout())
		}
		g.resolve(testName)
		g.want("4s resolved " + testName + ": 192.0.2.2:6000")
		// Later the name is asked for again, on new sockets.
		g.after(5 * time.Minute)
		g.resolve(testName)
		g.after(6 * time.Minute)
		g.want("5m0.01s resolved " + testName + ": 192.0.2.2:6000")
	})
}

func TestResolveRepeatsLostQuestions(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		lan := n.LAN("home")
		a := n.Host("a", simnet.On(lan), simnet.Addrs("192.0.2.1"))
		b := n.Host("b", simnet.On(lan), simnet.Addrs("192.0.2.2"))
		stop, questions := serveMDNS(t, b, testName, "192.0.2.2", 3)
		defer stop()
		g := gatherOn(t, a, nil)
		defer g.close()
		g.resolve(testName)
		g.after(time.Minute)
		g.want("3s resolved " + testName + ": 192.0.2.2:6000")
		if *questions != 4 {
			t.Errorf("%d questions", *questions)
		}
	})
}

func TestResolveFailures(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		a := n.Host("a", simnet.On(n.LAN("home")), simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, a, nil)
		defer g.close()
		g.resolve(testName)
		g.resolve("host.example.com")
		g.after(time.Minute)
		g.want(
			`0s resolved host.example.com: resolve "host.example.com": "host.example.com" is not one label under .local`,
			"5s resolved "+testName+`: resolve "`+testName+`": nobody answered for the name`)
		off := gatherOn(t, a, func(c *GathererConfig) { c.MulticastDNS = MulticastDNSModeDisabled })
		defer off.close()
		off.resolve(testName)
		off.want("0s resolved " + testName + `: resolve "` + testName + `": multicast DNS is disabled`)
		alone := gatherOn(t, n.Host("alone"), nil)
		defer alone.close()
		alone.resolve(testName)
		alone.want("0s resolved " + testName + `: resolve "` + testName + `": no interface speaks multicast`)
	})
}

// A host on the link that floods the group with answers to other questions,
// with answers from the wrong port and with noise neither delays the true
// answer nor fills the memory.
func TestResolveUnderAFlood(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		lan := n.LAN("home")
		a := n.Host("a", simnet.On(lan), simnet.Addrs("192.0.2.1"))
		b := n.Host("b", simnet.On(lan), simnet.Addrs("192.0.2.2"))
		stop, _ := serveMDNS(t, b, testName, "192.0.2.2", 1)
		defer stop()
		g := gatherOn(t, a, nil)
		defer g.close()
		g.resolve(testName)
		evil, err := b.ListenUDP(netip.MustParseAddrPort("192.0.2.2:0"))
		if err != nil {
			t.Fatal(err)
		}
		defer evil.Close()
		for i := range 2000 {
			p := mdnsResponse(testName, 120, []string{"6.6.6.6"})
			if i%2 == 0 {
				p = mdnsResponse(fmt.Sprintf("name-%d.local", i), 120, []string{"6.6.6.6"})
			}
			evil.WriteBatch([]udp.Datagram{{Buf: p, N: len(p), Addr: mdnsGroup4}})
		}
		g.after(time.Minute)
		g.want("1s resolved " + testName + ": 192.0.2.2:6000")
		if len(g.mdns.resolver.cache) > 1 {
			t.Errorf("%d answers in the cache", len(g.mdns.resolver.cache))
		}
	})
}

// What piles up while the owner is busy is bounded.
func TestResolveBoundsWhatIsInFlight(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		lan := n.LAN("home")
		a := n.Host("a", simnet.On(lan), simnet.Addrs("192.0.2.1"))
		b := n.Host("b", simnet.On(lan), simnet.Addrs("192.0.2.2"))
		g := gatherOn(t, a, nil)
		defer g.close()
		g.resolve(testName)
		evil, err := b.ListenUDP(netip.MustParseAddrPort("192.0.2.2:0"))
		if err != nil {
			t.Fatal(err)
		}
		defer evil.Close()
		busy := make(chan struct{})
		g.do(func(time.Time) { <-busy })
		for range 500 {
			p := mdnsResponse("other.local", 120, []string{"6.6.6.6"})
			evil.WriteBatch([]udp.Datagram{{Buf: p, N: len(p), Addr: mdnsGroup4}})
		}
		g.after(100 * time.Millisecond)
		g.mu.Lock()
		waiting := len(g.work)
		g.mu.Unlock()
		close(busy)
		if waiting != maxMDNSInFlight || g.mdns.overflowed.Load() != 500-maxMDNSInFlight {
			t.Errorf("%d packets wait, %d were dropped", waiting, g.mdns.overflowed.Load())
		}
	})
}
