package webrtc

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A need counts the negotiationneeded events of a connection.
type need struct {
	pc    *PeerConnection
	count atomic.Int32
}

func needsOf(pc *PeerConnection) *need {
	n := &need{pc: pc}
	pc.OnNegotiationNeeded(func() { n.count.Add(1) })
	return n
}

// want fails the test unless there have been that many events since the last call,
// and none before now.
func (n *need) want(t *testing.T, count int32, when string) {
	t.Helper()
	if early := n.count.Load(); early != 0 {
		t.Errorf("%s: %d events came within the calls", when, early)
	}
	tellsNeeds()
	if got := n.count.Swap(0); got != count {
		t.Errorf("%s: negotiationneeded came %d times, want %d", when, got, count)
	}
}

// webrtc-pc §4.7.3: "Queue a task to run the following steps": the event comes
// after the calls, once for all of them, and only if it is still needed then.
func TestNegotiationNeededIsATaskOfItsOwn(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		n := needsOf(d.a)
		first := d.adds(d.a, d.track(RTPCodecTypeAudio, "one", "me"))
		d.adds(d.a, d.track(RTPCodecTypeVideo, "two", "me"))
		d.must(first.SetStreams("another"))
		if !d.a.NegotiationNeeded() {
			t.Error("NegotiationNeeded says false after AddTrack")
		}
		n.want(t, 1, "two tracks in a row")

		// "If connection.[[NegotiationNeeded]] is already true, abort these steps."
		d.must(d.a.RemoveTrack(first))
		n.want(t, 0, "another change while negotiation is needed")

		// "If connection.[[SignalingState]] is not "stable", abort these steps."
		d.must(d.a.SetLocalDescription(SessionDescription{}))
		d.must(first.SetStreams("a third"))
		_, err := d.a.CreateDataChannel("data", nil)
		d.must(err)
		n.want(t, 0, "a change in have-local-offer")
		d.must(d.b.SetRemoteDescription(*d.a.LocalDescription()))
		d.must(d.b.SetLocalDescription(SessionDescription{}))
		d.must(d.a.SetRemoteDescription(*d.b.LocalDescription()))
		n.want(t, 1, "back in stable, with a channel that the offer did not have")

		// "If the result of checking if negotiation is needed is false, clear the
		// negotiation-needed flag".
		d.negotiates(d.a, d.b)
		n.want(t, 0, "after a negotiation that covers everything")
		transceiver := d.a.GetTransceivers()[1]
		d.must(transceiver.SetDirection(RTPTransceiverDirectionInactive))
		d.must(transceiver.SetDirection(RTPTransceiverDirectionSendrecv))
		n.want(t, 0, "a direction that was changed and changed back")
	})
}

// webrtc-pc §4.4.1.5: "If connection.[[SignalingState]] is now "stable", ... Clear
// the negotiation-needed flag and update the negotiation-needed flag."
func TestNegotiationNeededAfterRollback(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		n := needsOf(d.a)
		d.adds(d.a, d.track(RTPCodecTypeAudio, "one", "me"))
		n.want(t, 1, "a track")
		d.must(d.a.SetLocalDescription(SessionDescription{}))
		n.want(t, 0, "the offer")
		d.must(d.a.Rollback())
		n.want(t, 1, "the rollback of the offer")
		d.must(d.a.SetLocalDescription(SessionDescription{}))
		d.must(d.a.Rollback())
		n.want(t, 1, "an offer and its rollback in a row")
	})
}

// webrtc-pc §4.4.2, restartIce: "Update the negotiation-needed flag".
func TestNegotiationNeededForRestart(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		n := needsOf(d.a)
		d.a.RestartICE()
		n.want(t, 0, "a restart before there is anything to restart")
		d.adds(d.a, d.track(RTPCodecTypeAudio, "one", "me"))
		d.must(d.a.SetLocalDescription(SessionDescription{}))
		d.a.RestartICE() // covered by no offer yet
		d.must(d.b.SetRemoteDescription(*d.a.LocalDescription()))
		d.must(d.b.SetLocalDescription(SessionDescription{}))
		d.must(d.a.SetRemoteDescription(*d.b.LocalDescription()))
		n.want(t, 1, "a restart during the offer")
		d.negotiates(d.a, d.b)
		n.want(t, 0, "the restart")
	})
}

// "If connection.[[IsClosed]] is true, abort these steps."
func TestNegotiationNeededNotAfterClose(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		n := needsOf(d.a)
		d.adds(d.a, d.track(RTPCodecTypeAudio, "one", "me"))
		d.must(d.a.Close())
		n.want(t, 0, "Close right after the change")
	})
}

// The event is told on no goroutine of the program's: a caller that holds a lock of
// its own, which its handler takes too, does not wait for itself.
func TestVirtualNegotiationNeededUnderALock(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a := w.peer("a", simnet.Addrs("192.0.2.1"))
		lock, done := make(chan struct{}, 1), make(chan struct{})
		a.OnNegotiationNeeded(func() {
			lock <- struct{}{}
			defer func() { <-lock }()
			a.check(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription in the handler")
			close(done)
		})
		lock <- struct{}{}
		a.channel("data", nil)
		<-lock
		select {
		case <-done:
		case <-time.After(time.Second):
			t.Error("the handler has not run")
		}
	})
}
