package webrtc

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// webrtc-pc §4.4.1.5: the RTCSctpTransport is there from the offer on, on both
// sides, a rollback takes it away, and §6.1.1.2: the association fills it in.
func TestVirtualSCTPTransportBeginsWithTheOffer(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		want := func(p *peer, when string) {
			t.Helper()
			sctp := p.SCTP()
			if sctp == nil {
				t.Fatalf("%s has no SCTP transport %s", p.name, when)
			}
			dtls := sctp.Transport()
			if sctp.State() != SCTPTransportStateConnecting || sctp.MaxChannels() != 0 || sctp.MaxMessageSize() != 0 ||
				dtls.State() != DTLSTransportStateNew || dtls.ICETransport().State() != ICETransportStateNew {
				t.Errorf("%s: the SCTP transport is %s with %d channels and messages of %d bytes, over DTLS %s, %s", p.name,
					sctp.State(), sctp.MaxChannels(), sctp.MaxMessageSize(), dtls.State(), when)
			}
		}
		none := func(p *peer, when string) {
			t.Helper()
			if p.SCTP() != nil {
				t.Errorf("%s has an SCTP transport %s", p.name, when)
			}
		}
		rollback := SessionDescription{Type: SDPTypeRollback}

		a.channel("data", nil)
		offer, err := a.CreateOffer(nil)
		a.must(err, "CreateOffer")
		none(a, "before it has set the offer")
		for range 2 {
			a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
			want(a, "with its offer")
			a.must(a.SetLocalDescription(rollback), "rollback")
			none(a, "after a rollback")
			b.must(b.SetRemoteDescription(offer), "SetRemoteDescription")
			want(b, "with the peer's offer")
			b.must(b.SetRemoteDescription(rollback), "rollback")
			none(b, "after a rollback")
		}

		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		first := a.SCTP()
		var j journal
		first.OnStateChange(func(s SCTPTransportState) { j.note("sctp %s, channels %d", s, first.MaxChannels()) })
		first.Transport().OnStateChange(func(s DTLSTransportState) { j.note("dtls %s", s) })
		w.within(time.Second, "a's gathering completes", func() bool { return a.ICEGatheringState() == ICEGatheringStateComplete })
		b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
		theirs, below := b.SCTP(), b.SCTP().Transport()
		b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		w.within(time.Second, "b's gathering completes", func() bool { return b.ICEGatheringState() == ICEGatheringStateComplete })
		a.must(a.SetRemoteDescription(*b.LocalDescription()), "SetRemoteDescription")
		if first.MaxMessageSize() == 0 || theirs.MaxMessageSize() == 0 {
			t.Errorf("after the answer messages may have %d and %d bytes", first.MaxMessageSize(), theirs.MaxMessageSize())
		}
		w.within(5*time.Second, "the association is there", func() bool {
			return first.State() == SCTPTransportStateConnected && theirs.State() == SCTPTransportStateConnected
		})
		if a.SCTP() != first || b.SCTP() != theirs || theirs.Transport() != below {
			t.Error("the transports are other ones than those of the offer")
		}
		wantJournal(t, "a", j.read(), []string{"dtls connecting", "dtls connected", "sctp connected, channels 65535"})
	})
}

// An offer of the peer's that is never answered leaves nothing behind.
func TestVirtualSCTPTransportOfAnOfferEndsWithClose(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		a.channel("data", nil)
		offer, err := a.CreateOffer(nil)
		a.must(err, "CreateOffer")
		b.must(b.SetRemoteDescription(offer), "SetRemoteDescription")
		sctp := b.SCTP()
		b.must(b.Close(), "Close")
		if s, d := sctp.State(), sctp.Transport().State(); s != SCTPTransportStateClosed || d != DTLSTransportStateClosed {
			t.Errorf("after Close the SCTP transport is %s, over DTLS %s", s, d)
		}
	})
}
