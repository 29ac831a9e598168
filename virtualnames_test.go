package webrtc

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/simnet"
)

// Two peers of a LAN that hide their addresses connect over host candidates, and
// neither description nor event shows an address.
func TestVirtualHiddenAddresses(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		lan := w.net.LAN("home")
		lan.SetPath(simnet.Path{Delay: 5 * time.Millisecond})
		var settings SettingEngine
		settings.SetICEMulticastDNSMode(ice.MulticastDNSModeQueryAndGather)
		a := w.peerWith("a", settings, simnet.On(lan), simnet.Addrs("192.0.2.1"))
		b := w.peerWith("b", settings, simnet.On(lan), simnet.Addrs("192.0.2.2"))
		w.signal(a, b, func() time.Duration { return 10 * time.Millisecond })
		d := a.channel("chat", nil)
		a.negotiates(b, 10*time.Millisecond)
		took := time.Now()
		w.within(5*time.Second, "the channel is open", func() bool { return d.ReadyState() == DataChannelStateOpen })
		// The peer's question is answered at once: it does not wait for the second
		// that passes between two multicasts of a record.
		if d := time.Since(took); d > time.Second {
			w.Errorf("it took %v", d)
		}
		for _, p := range []struct {
			*peer
			address string
		}{{a, "192.0.2.1"}, {b, "192.0.2.2"}} {
			if text := p.LocalDescription().SDP; strings.Contains(text, "192.0.2") || strings.Count(text, ".local ") != 1 {
				w.Errorf("the description says\n%s", text)
			}
			if text, err := json.Marshal(p.GetStats()); err != nil || strings.Contains(string(text), p.address) {
				w.Errorf("the statistics are %s, %v", text, err)
			}
			used, err := p.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
			if err != nil || !strings.HasSuffix(used.Local.Address, ".local") {
				w.Errorf("the pair in use is %v, %v", used, err)
			}
			pair, ok := p.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats()
			if report := p.GetStats(); ok {
				remote, _ := report[pair.RemoteCandidateID].(ICECandidateStats)
				if remote.CandidateType != ICECandidateTypeHost {
					w.Errorf("the remote candidate is %+v", remote)
				}
			}
		}
	})
}
