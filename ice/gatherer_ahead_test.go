package ice

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// What was gathered ahead is told with the generation, at once and with its name.
func TestGatherAhead(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.1", "stun:198.51.100.9") })
		defer g.close()
		g.do(g.GatherAhead)
		g.after(time.Minute)
		g.want("0s open 1 10.0.0.2")
		g.gather("uf")
		g.want("1m0s gathering", "1m0s host 10.0.0.2 base 1", "1m0s srflx 203.0.113.1 base 1 stun:198.51.100.1",
			"1m0s error 701 10.0.0.2 stun:198.51.100.9: the server did not answer", "1m0s complete")
		for _, f := range g.candidates() {
			if f.Candidate.Ufrag() != "uf" {
				t.Errorf("%s", f.Candidate.Marshal())
			}
		}
		g.do(g.GatherAhead)
		g.gather("uf2") // a restart gathers as ever
		g.after(2 * time.Minute)
		g.want("1m0s gathering", "1m0s host 10.0.0.2 base 1", "1m0.2s srflx 203.0.113.1 base 1 stun:198.51.100.1",
			"1m5.05s error 701 10.0.0.2 stun:198.51.100.9: the server did not answer", "1m5.05s complete")
	})
}

// A generation that comes while the gathering ahead is under way gets the rest as it
// comes; one after other servers were set begins anew.
func TestGatherAheadInTheMiddle(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host, server := behindNAT(n)
		defer serveSTUN(t, server, "198.51.100.1:3478", nil).close()
		g := gatherOn(t, host, func(c *GathererConfig) { c.Servers = servers(t, "stun:198.51.100.1") })
		defer g.close()
		g.do(g.GatherAhead)
		g.after(100 * time.Millisecond)
		g.gather("uf")
		g.after(time.Second)
		g.want("0s open 1 10.0.0.2", "100ms gathering", "100ms host 10.0.0.2 base 1",
			"200ms srflx 203.0.113.1 base 1 stun:198.51.100.1", "200ms complete")

		other := gatherOn(t, host, nil)
		defer other.close()
		other.do(other.GatherAhead)
		other.after(time.Second)
		other.do(func(time.Time) { other.SetServers(servers(t, "stun:198.51.100.1"), GatherAll) })
		other.gather("uf")
		other.after(2 * time.Second)
		other.want("0s open 1 10.0.0.2", "1s gathering", "1s host 10.0.0.2 base 1",
			"1.2s srflx 203.0.113.1 base 1 stun:198.51.100.1", "1.2s complete")
	})
}

// A socket that is lost before the generation comes is not told of.
func TestGatherAheadAddressGone(t *testing.T) {
	scenario(t, func(t *testing.T, n *simnet.Network) {
		host := n.Host("a", simnet.Addrs("192.0.2.1"))
		g := gatherOn(t, host, nil)
		defer g.close()
		g.do(g.GatherAhead)
		host.Interface("eth0").Down()
		g.do(g.Rescan)
		g.after(time.Second)
		g.gather("uf")
		g.want("0s open 1 192.0.2.1", "0s close 1", "1s gathering", "1s complete")
	})
}
