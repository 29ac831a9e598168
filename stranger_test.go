package webrtc

import (
	"net/netip"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

func TestVirtualRecordsOfStrangersAreDropped(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		d := w.connectedPair(a, b)
		pair, err := d.Transport().Transport().ICETransport().GetSelectedCandidatePair()
		if err != nil || pair == nil {
			t.Fatalf("no selected pair: %v", err)
		}
		to := netip.AddrPortFrom(netip.MustParseAddr(pair.Local.Address), pair.Local.Port)
		transport := d.Transport().Transport().transport
		before := transport.dtls.Load().Stats().DatagramsReceived
		record := []byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0}
		for range 10 {
			w.net.Inject(netip.MustParseAddrPort("203.0.113.66:4000"), to, record)
		}
		w.within(time.Second, "the records are counted", func() bool { return transport.strangers.Load() == 10 })
		if after := transport.dtls.Load().Stats().DatagramsReceived; after != before {
			t.Errorf("the association saw %d datagrams of a stranger", after-before)
		}
		a.must(d.SendText("still here"), "SendText")
		w.within(time.Second, "b hears a", b.got("still here"))
	})
}
