package webrtc

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// Peers that send their descriptions in one piece need no other signaling.
func TestVirtualGatheringCompletePromise(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		d := a.channel("chat", nil)
		d.OnOpen(func() { a.check(d.SendText("hello"), "SendText") })
		describe := func(p *peer) SessionDescription {
			gathered := GatheringCompletePromise(p.PeerConnection)
			select {
			case <-gathered:
				t.Fatalf("%s: gathering is complete before it has begun", p.name)
			default:
			}
			p.must(p.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
			<-gathered
			if text := p.LocalDescription().SDP; !strings.Contains(text, "a=end-of-candidates") {
				t.Errorf("%s: the description is not complete:\n%s", p.name, text)
			}
			return *p.LocalDescription()
		}
		offer := describe(a)
		b.must(b.SetRemoteDescription(offer), "SetRemoteDescription")
		answer := describe(b)
		a.must(a.SetRemoteDescription(answer), "SetRemoteDescription")
		w.within(10*time.Second, "b hears a", b.got("hello"))
		<-GatheringCompletePromise(a.PeerConnection) // it is long complete

		// A restart gathers anew, from SetLocalDescription on.
		a.RestartICE()
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		<-GatheringCompletePromise(a.PeerConnection)
		if text := a.LocalDescription().SDP; !strings.Contains(text, "a=candidate:") || !strings.Contains(text, "a=end-of-candidates") {
			t.Errorf("the restart has gathered, and the description lacks it:\n%s", text)
		}
	})
}

func TestGatheringCompletePromiseEndsWithClose(t *testing.T) {
	pc, err := NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	gathered := GatheringCompletePromise(pc)
	pc.Close()
	for _, c := range []<-chan struct{}{gathered, GatheringCompletePromise(pc)} {
		select {
		case <-c:
		default:
			t.Error("a closed connection keeps somebody waiting for its candidates")
		}
	}
}

// What SetRemoteIPFilter refuses is not used, be it signaled or seen.
func TestVirtualRemoteIPFilter(t *testing.T) {
	for name, refuse := range map[string]string{"one of two": "192.0.2.2", "all": ""} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				var settings SettingEngine
				settings.SetRemoteIPFilter(func(ip net.IP) bool { return refuse != "" && ip.String() != refuse })
				a := w.peerWith("a", settings, simnet.Addrs("192.0.2.1"))
				b := w.peer("b", simnet.Addrs("192.0.2.2", "192.0.2.3"))
				w.signal(a, b, fixed(time.Millisecond))
				a.channel("chat", nil)
				a.negotiates(b, time.Millisecond)
				if refuse == "" {
					time.Sleep(10 * time.Second)
					if s := a.ICEConnectionState(); s == ICEConnectionStateConnected || s == ICEConnectionStateCompleted {
						t.Errorf("a is %s with a peer whose every address is refused", s)
					}
					return
				}
				w.within(10*time.Second, "both are connected", connected(a, b))
				time.Sleep(5 * time.Second)
				pair, err := a.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
				if err != nil || pair == nil || pair.Remote.Address != "192.0.2.3" {
					t.Errorf("a uses %v, want the address that is not refused; %v", pair, err)
				}
			})
		})
	}
}

// The end of the DTLS association closes the connection if the program asks
// for it, and only then.
func TestVirtualCloseByDTLS(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*SettingEngine)
		want bool
	}{
		"by default": {func(*SettingEngine) {}, false},
		"true":       {func(e *SettingEngine) { e.DisableCloseByDTLS(true) }, false},
		"false":      {func(e *SettingEngine) { e.DisableCloseByDTLS(false) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				var settings SettingEngine
				c.set(&settings)
				a := w.peerWith("a", settings, simnet.Addrs("192.0.2.1"))
				b := w.peer("b", simnet.Addrs("192.0.2.2"))
				w.signal(a, b, fixed(time.Millisecond))
				a.channel("chat", nil)
				a.negotiates(b, time.Millisecond)
				w.within(10*time.Second, "both are connected", connected(a, b))
				dtls := a.SCTP().Transport()
				b.must(b.Close(), "Close")
				w.within(time.Second, "a hears of it", func() bool { return dtls.State() == DTLSTransportStateClosed })
				time.Sleep(time.Second)
				if closed := a.ConnectionState() == PeerConnectionStateClosed; closed != c.want {
					t.Errorf("a is %s", a.ConnectionState())
				}
			})
		})
	}
}

// Setting the windows of SCTP reaches the association.
func TestSCTPWindows(t *testing.T) {
	var e SettingEngine
	e.SetSCTPMinCwnd(1)
	e.SetSCTPFastRtxWnd(2)
	e.SetSCTPCwndCAStep(3)
	if c := e.sctpConfig(); c.MinCwnd != 1 || c.FastRtxWnd != 2 || c.CwndCAStep != 3 {
		t.Errorf("%+v", c)
	}
}
