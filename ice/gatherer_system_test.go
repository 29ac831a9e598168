package ice

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/leaktest"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// await waits, in real time, until done holds on the loop.
func (g *gathering) await(what string, done func() bool) {
	g.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		reply := make(chan bool, 1)
		g.post(func(time.Time) { reply <- done() })
		if <-reply {
			return
		}
		select {
		case <-g.moved:
		case <-limit:
			g.t.Fatalf("no %s within 20 s: %v", what, g.log)
		}
	}
}

// On the host's own network: sockets on every address that the rules take.
func TestGatherOnTheHost(t *testing.T) {
	leaktest.Check(t)
	ifis, err := SystemNetwork().Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	want := addressRules{}.selectAddresses(ifis)
	g := gatherOn(t, SystemNetwork(), nil)
	defer g.close()
	g.post(func(now time.Time) { g.Gather(now, "uf") })
	g.await("end of gathering", func() bool { return g.State() == GatheringStateComplete })
	g.await("all candidates", func() bool {
		errors := slices.ContainsFunc(g.events, func(e GatherEvent) bool { _, ok := e.(CandidateError); return ok })
		return errors || len(g.candidates()) == len(want)
	})
}

// Over the loopback interface: a STUN server that says where a NAT would be.
func TestGatherFromAServerOnTheHost(t *testing.T) {
	leaktest.Check(t)
	conn, err := udp.System().ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		batch := []udp.Datagram{{Buf: make([]byte, 2048)}}
		for {
			if n, err := conn.ReadBatch(batch); err != nil || n == 0 {
				return
			}
			p := answer(slices.Clone(batch[0].Buf[:batch[0].N]), xorMapped("203.0.113.1:4000"))
			conn.WriteBatch([]udp.Datagram{{Buf: p, N: len(p), Addr: batch[0].Addr}})
		}
	}()
	defer func() { conn.Close(); <-served }()

	g := gatherOn(t, SystemNetwork(), func(c *GathererConfig) {
		c.Servers = servers(t, "stun:"+conn.LocalAddr().String())
		c.IncludeLoopback = true
		c.IPFilter = func(a netip.Addr) bool { return a.String() == "127.0.0.1" }
	})
	defer g.close()
	g.post(func(now time.Time) { g.Gather(now, "uf") })
	g.await("end of gathering", func() bool { return g.State() == GatheringStateComplete })
	reply := make(chan []CandidateFound, 1)
	g.post(func(time.Time) { reply <- g.candidates() })
	found := <-reply
	if len(found) != 2 || found[0].Candidate.Address() != "127.0.0.1" || found[1].Candidate.Addr().String() != "203.0.113.1:4000" {
		t.Errorf("found %v", found)
	}
}

// Multicast on the loopback interface, where the system allows it.
func TestResolveOnTheHost(t *testing.T) {
	leaktest.Check(t)
	ifis, err := SystemNetwork().Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ifis, func(i NetworkInterface) bool {
		return i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0
	})
	if i < 0 {
		t.Skip("no loopback interface is up")
	}
	conn, err := SystemNetwork().ListenMulticastUDP(ifis[i], mdnsGroup4)
	if err != nil {
		t.Skipf("the loopback interface takes no multicast: %v", err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		batch := []udp.Datagram{{Buf: make([]byte, maxMDNSPacket)}}
		for {
			if n, err := conn.ReadBatch(batch); err != nil || n == 0 {
				return
			}
			if batch[0].Buf[2]&0x80 == 0 {
				p := mdnsResponse(testName, 120, []string{"127.0.0.1"})
				conn.WriteBatch([]udp.Datagram{{Buf: p, N: len(p), Addr: mdnsGroup4}})
			}
		}
	}()
	defer func() { conn.Close(); <-served }()
	hello, err := mdnsQuestion(testName)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.WriteBatch([]udp.Datagram{{Buf: hello, N: len(hello), Addr: mdnsGroup4}}); err != nil {
		t.Skipf("the loopback interface takes no multicast: %v", err)
	}
	g := gatherOn(t, SystemNetwork(), func(c *GathererConfig) {
		c.IncludeLoopback = true
		c.InterfaceFilter = func(name string) bool { return name == ifis[i].Name }
	})
	defer g.close()
	g.post(func(now time.Time) { g.Resolve(now, namedCandidate(t, testName)) })
	g.await("answer", func() bool {
		return slices.ContainsFunc(g.events, func(e GatherEvent) bool {
			r, ok := e.(Resolved)
			return ok && r.Err == nil && r.Candidate.Addr().String() == "127.0.0.1:6000"
		})
	})
}
