package signaling

import (
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// A machine that is packed reads like one that is not, and goes on like it.
func TestPack(t *testing.T) {
	a, b := newEndpoint(t, "Alice").withMedia(), newEndpoint(t, "Bob").withMedia()
	a.add(codec.Video, sdp.DirectionSendrecv, "stream")
	a.refresh()
	a.Pack()
	offer := a.offer()
	if a.Pack(); a.Packed() {
		t.Error("packed while an offer is pending")
	}
	a.setRemote(b.answer(offer))
	a.AddLocalCandidate(a.onlyID(), a.only().local.Ufrag, host(1))
	mid := "0"
	add := func(n int) {
		effects, err := a.AddRemoteCandidate(Candidate{Candidate: host(n), Mid: &mid})
		if err != nil {
			t.Fatal(err)
		}
		a.apply(effects)
	}
	add(2)
	unpacked := a.Slots()
	local, remote, can := a.CurrentLocal().SDP, a.CurrentRemote().SDP, *a.CanTrickle()
	a.Pack()
	if !a.Packed() || a.n.currentLocal.content != nil || a.n.currentRemote.content != nil {
		t.Fatal("nothing was packed")
	}
	for what, s := range map[string]Slots{"after": a.Slots(), "before": unpacked} {
		if got := s.CurrentLocal().SDP; got != local {
			t.Errorf("the local description of %s is\n%s\nwant\n%s", what, got, local)
		}
		if got := s.CurrentRemote().SDP; got != remote {
			t.Errorf("the remote description of %s is\n%s\nwant\n%s", what, got, remote)
		}
	}
	if *a.CanTrickle() != can || a.NegotiationNeeded(a.local) || !a.Packed() {
		t.Error("to look changes something")
	}
	add(3)
	if a.Packed() {
		t.Error("it is packed with a candidate that came later")
	}
	wantConnected(a, b, "after a candidate")
	a.Pack()
	b.setLocal(Description{})
	a.setRemote(*b.PendingLocal())
	a.setLocal(Description{})
	b.setRemote(*a.CurrentLocal())
	wantConnected(a, b, "after another exchange")
	wantMedia(a, b, "after another exchange")
}
