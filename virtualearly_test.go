package webrtc

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// RFC 3264 §5.1: "Once the offerer has sent the offer, it MUST be prepared to
// receive media for any recvonly streams described by that offer", which may
// overtake the answer.
func TestVirtualMediaOvertakesTheAnswer(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		a.channel("chat", nil)
		a.exchanges(b, asItIs)
		w.within(10*time.Second, "both are connected", connected(a, b))

		sinks := a.sinks(0)
		tr, err := a.AddTransceiverFromKind(RTPCodecTypeVideo, RTPTransceiverInit{Direction: RTPTransceiverDirectionRecvonly})
		a.must(err, "AddTransceiverFromKind")
		from, _ := b.source(MimeTypeVP8, "camera")
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		if tr.Sender().Transport() == nil || tr.Receiver().Transport() == nil {
			t.Error("the transceiver has no transport though its section is in a description that was set")
		}
		b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
		b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		from.write(20, 10*time.Millisecond)
		a.must(a.SetRemoteDescription(*b.LocalDescription()), "SetRemoteDescription")
		from.write(20, 10*time.Millisecond)
		time.Sleep(time.Second)
		if all := sinks(); len(all) != 1 || !all[0].has(0, 39) {
			t.Errorf("%d tracks came", len(all))
			for _, s := range all {
				t.Errorf("packets %v, want 0 to 39", s.got())
			}
		}
	})
}

// webrtc-pc §4.4.1.5: an offer that is rolled back takes the transport with it.
func TestTransportOfAnOfferIsRolledBack(t *testing.T) {
	pc, err := NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	tr, err := pc.AddTransceiverFromKind(RTPCodecTypeAudio)
	if err != nil {
		t.Fatal(err)
	}
	if tr.Sender().Transport() != nil {
		t.Error("a transport before any description")
	}
	for range 2 {
		if err := pc.SetLocalDescription(SessionDescription{}); err != nil {
			t.Fatal(err)
		}
		if tr.Sender().Transport() == nil || tr.Receiver().Transport() != tr.Sender().Transport() {
			t.Error("no transport in have-local-offer")
		}
		if err := pc.Rollback(); err != nil {
			t.Fatal(err)
		}
		if tr.Sender().Transport() != nil {
			t.Error("a transport after the rollback")
		}
	}
}
