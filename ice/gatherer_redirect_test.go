package ice

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/turntest"
)

// Servers that send their clients round in a circle are left after one round, and
// chains of servers after maxRelayHops.
func TestRedirectionsEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		next []int // of each server the one that it names
		want string
	}{
		"circle": {[]int{1, 2, 0}, "240ms error 300"},
		"chain":  {[]int{1, 2, 3, 4, 4}, "320ms error 300"},
		"end":    {[]int{1, 2, 3, -1}, "relay 198.51.100.4"},
	} {
		t.Run(name, func(t *testing.T) {
			scenario(t, func(t *testing.T, n *simnet.Network) {
				hostA, _ := behindSymmetricNATs(n)
				address := func(i int) string { return fmt.Sprintf("198.51.100.%d", i+1) }
				for i, next := range tt.next {
					turn := serveTURN(t, n, address(i), func(c *turntest.Config) {
						if next >= 0 {
							c.Alternate = netip.AddrPortFrom(netip.MustParseAddr(address(next)), 3478)
						}
					})
					defer turn.Close()
				}
				g := gatherOn(t, hostA, func(c *GathererConfig) { c.Servers, c.Policy = turnServers(t, "turn:198.51.100.1"), GatherRelay })
				defer g.close()
				g.gather("uf")
				g.after(10 * time.Second)
				if text := strings.Join(g.log, "\n"); !strings.Contains(text, tt.want) || g.State() != GatheringStateComplete {
					t.Errorf("%q is missing in\n%s", tt.want, text)
				}
			})
		})
	}
}
