package ice

import (
	"net/netip"
	"testing"
	"time"
)

func TestAgentKnowsSignaledCandidates(t *testing.T) {
	a := NewAgent(AgentConfig{LocalUfrag: "ours", LocalPwd: "0123456789012345678901"})
	now := time.Unix(0, 0)
	c, err := UnmarshalCandidate("1 1 udp 2130706431 192.0.2.2 5000 typ host")
	if err != nil {
		t.Fatal(err)
	}
	a.SetRemoteCredentials(now, "theirs", "0123456789012345678901")
	if err := a.AddRemoteCandidate(now, c); err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]bool{"192.0.2.2:5000": true, "192.0.2.2:5001": false, "192.0.2.3:5000": false} {
		if got := a.Knows(netip.MustParseAddrPort(addr)); got != want {
			t.Errorf("Knows(%s) is %v, want %v", addr, got, want)
		}
	}
}
