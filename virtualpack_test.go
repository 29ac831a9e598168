package webrtc

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A connection that negotiates no more drops what it made of its descriptions. The
// program sees nothing of it, and may negotiate again.
func TestVirtualDescriptionsArePackedWhenItIsQuiet(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		a.channel("chat", nil)
		a.exchanges(b, asItIs)
		w.within(packDelay, "both are connected", connected(a, b))
		packed := func(p *peer) (yes bool) {
			p.must(p.loop.call(func(time.Time) { yes = p.machine.Packed() }), "call")
			return yes
		}
		w.within(packDelay/2, "a knows all candidates", func() bool {
			return strings.Contains(a.LocalDescription().SDP, "a=end-of-candidates") && strings.Contains(a.RemoteDescription().SDP, "a=end-of-candidates")
		})
		time.Sleep(10 * time.Millisecond) // until none is on its way
		if packed(a) {
			t.Error("packed at once")
		}
		local, remote := a.LocalDescription().SDP, a.RemoteDescription().SDP
		time.Sleep(2 * packDelay)
		if !packed(a) || !packed(b) {
			t.Error("not packed after a while")
		}
		if a.LocalDescription().SDP != local || a.RemoteDescription().SDP != remote || a.SignalingState() != SignalingStateStable {
			t.Errorf("the descriptions are\n%s\n%s\nwant\n%s\n%s", a.LocalDescription().SDP, a.RemoteDescription().SDP, local, remote)
		}
		if !packed(a) {
			t.Error("reading them has brought back what was dropped")
		}
		from, _ := b.source(MimeTypeVP8, "camera")
		all := a.sinks(0)
		b.exchanges(a, asItIs)
		from.write(5, 10*time.Millisecond)
		time.Sleep(2 * packDelay)
		synctest.Wait()
		if got := all(); len(got) != 1 || !got[0].has(0, 4) {
			t.Errorf("%d tracks came after another exchange", len(got))
		}
		if !packed(a) {
			t.Error("not packed after another exchange")
		}
	})
}
