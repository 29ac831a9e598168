package webrtc

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// maxRoundTrips is how many round trips may pass between the answer's arrival
// at the offerer and the first message at the answerer. docs/round-trips.md
// says where each goes.
const maxRoundTrips = 5

func TestVirtualRoundTripsToTheFirstMessage(t *testing.T) {
	const rtt = 100 * time.Millisecond
	for _, c := range []struct {
		name   string
		opener string // who creates the channel and sends
	}{
		{"the offerer sends", "offerer"},
		{"the answerer sends", "answerer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: rtt / 2})
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.signal(a, b, fixed(rtt/2))
				sender, receiver := a, b
				if c.opener == "answerer" {
					sender, receiver = b, a
				}
				var answered time.Time
				a.OnSignalingStateChange(func(s SignalingState) {
					if s == SignalingStateStable {
						answered = time.Now()
					}
				})
				id := uint16(1)
				negotiated := true
				init := &DataChannelInit{Negotiated: &negotiated, ID: &id}
				d := sender.channel("first", init)
				receiver.channel("first", init)
				d.OnOpen(func() { sender.check(d.SendText("hello"), "SendText") })
				a.negotiates(b, rtt/2)
				w.within(10*time.Second, "the first message", receiver.got("hello"))
				took := time.Since(answered)
				t.Logf("%.2f round trips from the answer's arrival to the first message", float64(took)/float64(rtt))
				if took > maxRoundTrips*rtt {
					t.Errorf("%v, more than %d round trips of %v", took, maxRoundTrips, rtt)
				}
			})
		})
	}
}
