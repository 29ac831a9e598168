package webrtc

import (
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// With a candidate pool the description has all candidates at once; without one they
// come a round trip to the STUN server later. Events come after SetLocalDescription
// alone (RFC 9429 §3.5.4).
func TestVirtualCandidatePool(t *testing.T) {
	for _, size := range []uint8{0, 1, 255} {
		inWorld(t, 1, func(w *world) {
			w.net.SetDefaultPath(simnet.Path{Delay: 50 * time.Millisecond})
			w.stun("stun", "198.51.100.1")
			a := w.peer("a", simnet.Addrs("192.0.2.1"))
			b := w.peer("b", simnet.Addrs("192.0.2.2"))
			w.signal(a, b, func() time.Duration { return 10 * time.Millisecond })
			config := Configuration{ICEServers: []ICEServer{{URLs: []string{"stun:198.51.100.1"}}}, ICECandidatePoolSize: size}
			a.must(a.SetConfiguration(config), "SetConfiguration")
			var states []time.Time
			a.OnICEGatheringStateChange(func(ICEGatheringState) { states = append(states, time.Now()) })
			time.Sleep(time.Minute)
			if len(states) != 0 || a.ICEGatheringState() != ICEGatheringStateNew {
				w.Errorf("with a pool of %d: %d events before the description", size, len(states))
			}
			d := a.channel("chat", nil)
			begin := time.Now()
			a.negotiates(b, 10*time.Millisecond)
			w.within(5*time.Second, "the channel is open", func() bool { return d.ReadyState() == DataChannelStateOpen })
			want := 100 * time.Millisecond // to the server and back
			if size > 0 {
				want = 0
			}
			if len(states) != 2 || states[1].Sub(begin) != want {
				w.Errorf("with a pool of %d: gathering has changed at %v, want complete after %v", size, states, want)
			}
			if text := a.LocalDescription().SDP; strings.Count(text, "a=candidate") == 0 {
				w.Errorf("the description says\n%s", text)
			}
			pooled := 0
			a.must(a.do(func(time.Time) { pooled = len(a.pool) }), "do")
			if pooled != 0 {
				w.Errorf("%d transports are left in the pool", pooled)
			}
		})
	}
}
