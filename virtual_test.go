package webrtc

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

func TestVirtualTwoPeersConnectAndTalk(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 50 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(50*time.Millisecond))
		d := a.channel("chat", nil)
		d.OnOpen(func() { a.check(d.SendText("hello"), "SendText") })
		a.negotiates(b, 50*time.Millisecond)
		w.within(10*time.Second, "b hears a", b.got("hello"))
		w.within(time.Second, "both are connected", connected(a, b))
		b.must(b.channels[0].SendText("well met"), "SendText")
		w.within(time.Second, "a hears b", a.got("well met"))
	})
}
