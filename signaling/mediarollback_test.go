package signaling

import (
	"slices"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// stop() of the offerer: the section is rejected, both transceivers end, and the
// place is taken by the next one under a new mid.
func TestStop(t *testing.T) {
	a, b := parties(t)
	a.addTrack(codec.Audio)
	video := a.addTrack(codec.Video)
	negotiate(a, b)
	theirs := b.ofMid("1")
	a.stop(video)
	if !a.NegotiationNeeded(a.local) {
		t.Error("nothing is needed")
	}
	offer := a.offer()
	if got := lines(&offer, "m=")[1]; got[:9] != "m=video 0" || lines(&offer, "a=group")[0] != "a=group:BUNDLE 0 2" {
		t.Errorf("got\n%s", offer.SDP)
	}
	if video.media == nil || len(a.world.stopped) != 0 {
		t.Error("media stops with the answer, not with the offer")
	}
	b.setRemote(offer)
	if theirs.media == nil || theirs.remote != sdp.DirectionInactive || len(b.world.stopped) != 0 {
		t.Errorf("got %v", theirs)
	}
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	if video.media != nil || theirs.media != nil || !slices.Equal(a.world.stopped, []*transceiver{video}) || !slices.Equal(b.world.stopped, []*transceiver{theirs}) {
		t.Errorf("got\n%s%s", a.world.describe(), b.world.describe())
	}
	if a.NegotiationNeeded(a.local) || b.NegotiationNeeded(b.local) {
		t.Error("needed after it")
	}

	// RFC 9429 §5.2.2: the section is recycled, by either side and for any kind.
	next := b.add(codec.Audio, sdp.DirectionSendrecv)
	last := b.add(codec.Video, sdp.DirectionSendrecv)
	negotiate(b, a)
	if next.index != 1 || next.mid == "1" || last.index != 3 || a.ofMid(next.mid).index != 1 {
		t.Errorf("got %v, %v", next, last)
	}
}

// stop() between an offer and its answer: the answer rejects.
func TestStopOfTheAnswerer(t *testing.T) {
	a, b := parties(t)
	mine := a.addTrack(codec.Video)
	b.setRemote(a.offer())
	b.stop(b.ofMid("0"))
	b.setLocal(Description{})
	if len(b.world.stopped) != 1 || len(b.world.transceivers) != 0 {
		t.Errorf("got\n%s", b.world.describe())
	}
	a.setRemote(*b.CurrentLocal())
	if !slices.Equal(a.world.stopped, []*transceiver{mine}) || mine.current != sdp.DirectionInactive {
		t.Errorf("got %v", mine)
	}
}

// A transceiver that never had a section gets none; the next negotiation ends it.
func TestStopBeforeTheFirstOffer(t *testing.T) {
	a, b := parties(t)
	mine := a.add(codec.Video, sdp.DirectionSendrecv)
	a.stop(mine)
	if !a.NegotiationNeeded(a.local) {
		t.Error("webrtc-pc §4.7.3: stopping but not stopped")
	}
	negotiate(a, b)
	if n := len(lines(a.CurrentLocal(), "m=")); n != 1 || len(a.world.stopped) != 1 || a.NegotiationNeeded(a.local) {
		t.Errorf("%d sections, got\n%s", n, a.world.describe())
	}
}

// An offer is written anew, after a transceiver was stopped and others added.
func TestOfferAgainWithOtherTransceivers(t *testing.T) {
	a, b := parties(t)
	first := a.add(codec.Audio, sdp.DirectionSendrecv)
	a.offer()
	a.stop(first)
	second := a.add(codec.Video, sdp.DirectionSendrecv)
	offer := a.offer()
	// The first one's section is the peer's to see already.
	if got := lines(&offer, "m="); len(got) != 3 || got[0][:9] != "m=audio 0" || second.index != 2 {
		t.Errorf("got %q", got)
	}
	a.setRemote(b.answer(offer))
	wantMedia(a, b, "after the second offer")
	if !slices.Equal(a.world.stopped, []*transceiver{first}) {
		t.Errorf("stopped are %v", a.world.stopped)
	}
}

// RFC 9429 §4.1.10.2: transceivers that a remote offer has made go with it, but
// for one that addTrack has used; others are as before it.
func TestRollbackOfARemoteOffer(t *testing.T) {
	a, b := parties(t)
	b.add(codec.Audio, sdp.DirectionSendrecv, "s")
	negotiate(b, a)
	before := b.world.describe()

	a.turn(a.ofMid("0"), sdp.DirectionSendonly)
	a.add(codec.Video, sdp.DirectionSendrecv)
	a.add(codec.Video, sdp.DirectionSendrecv)
	offer := a.offer()
	b.setRemote(offer)
	if len(b.world.transceivers) != 3 || b.ofMid("0").remote != sdp.DirectionRecvonly {
		t.Errorf("got\n%s", b.world.describe())
	}
	b.rollback()
	if got := b.world.describe(); got != before {
		t.Errorf("got\n%s\nwant\n%s", got, before)
	}

	b.setRemote(offer)
	kept := b.addTrack(codec.Video)
	if kept.mid != "2" {
		t.Fatalf("addTrack took %v", kept)
	}
	b.setRemote(Description{Type: Rollback})
	if len(b.world.transceivers) != 2 || kept.mid != "" || kept.index != -1 || kept.current != sdp.DirectionUnspecified {
		t.Errorf("got\n%s", b.world.describe())
	}
	// It is like any other one of addTrack from then on.
	b.setRemote(offer)
	if kept.mid != "2" || len(b.world.transceivers) != 3 {
		t.Errorf("got\n%s", b.world.describe())
	}
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	wantMedia(a, b, "after all")
}

// A local offer is rolled back, in the first round and in a later one.
func TestRollbackOfALocalOffer(t *testing.T) {
	a, b := parties(t)
	audio := a.addTrack(codec.Audio)
	a.offer()
	a.rollback()
	if audio.mid != "" || audio.index != -1 {
		t.Errorf("got %v", audio)
	}
	negotiate(a, b)
	before := a.world.describe()
	a.turn(audio, sdp.DirectionInactive)
	a.offer()
	a.rollback()
	a.turn(audio, sdp.DirectionSendrecv)
	if got := a.world.describe(); got != before {
		t.Errorf("got\n%s\nwant\n%s", got, before)
	}
}

// Glare: the polite side's own transceivers come into the other's sections where
// addTrack has made them, and are offered next where it has not.
func TestGlareWithMedia(t *testing.T) {
	a, b := parties(t)
	mine := a.addTrack(codec.Audio)
	extra := a.add(codec.Video, sdp.DirectionSendrecv)
	yours := b.addTrack(codec.Audio)
	a.offer()
	offer := b.offer()
	a.setRemote(offer) // rolls back
	if mine.mid != "0" || extra.mid != "" {
		t.Errorf("got\n%s", a.world.describe())
	}
	a.setLocal(Description{})
	b.setRemote(*a.CurrentLocal())
	wantMedia(a, b, "after the glare")
	if mine.current != sdp.DirectionSendrecv || yours.current != sdp.DirectionSendrecv || len(b.world.transceivers) != 1 {
		t.Errorf("got %v, %v", mine, yours)
	}
	if !a.NegotiationNeeded(a.local) {
		t.Error("the video is still to be offered")
	}
	negotiate(a, b)
}

// webrtc-pc §4.4.2, setRemoteDescription: the rollback comes first, and stands if the
// offer that asked for it cannot be applied.
func TestFailedGlareWithMedia(t *testing.T) {
	for _, negotiated := range []bool{false, true} {
		a, b := parties(t)
		if negotiated {
			a.addTrack(codec.Video)
			negotiate(a, b)
		}
		mine := a.addTrack(codec.Audio)
		stable := a.world.describe()
		a.offer()
		b.addTrack(codec.Audio)
		for _, bad := range []Description{without(t, b.offer(), "a=ice-pwd"), {Type: Offer, SDP: "Invalid SDP"}} {
			effects, err := a.SetRemote(bad, a.local)
			if err == nil {
				t.Fatal("the offer was accepted")
			}
			a.apply(effects)
			a.wantState(Stable, "after an offer that was refused")
			if a.PendingLocal() != nil || a.PendingRemote() != nil || mine.mid != "" || a.world.describe() != stable {
				t.Errorf("got\n%s\nwant\n%s", a.world.describe(), stable)
			}
			if !a.NegotiationNeeded(a.local) {
				t.Error("the track is still to be offered")
			}
			a.offer()
		}
	}
}

// Back-to-back offers: what the second leaves out of the first ends with the
// answer, or goes with the rollback.
func TestBackToBackOffers(t *testing.T) {
	a, b := parties(t)
	a.addTrack(codec.Audio)
	gone := a.addTrack(codec.Video)
	b.setRemote(a.offer())
	a.stop(gone)
	second := a.offer()
	b.setRemote(second)
	if made := b.ofMid("1"); made.remote != sdp.DirectionInactive {
		t.Errorf("got %v", made)
	}
	// "validate back-to-back offers as if answers were applied in between": the
	// place of a rejected section can be taken at once.
	third := replaced(t, replaced(t, second, "m=video 0", "m=video 9"), "a=mid:1\r\n",
		"a=mid:x\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\na=fingerprint:sha-256 "+fingerprint('A').Value+"\r\n")
	b.setRemote(third)
	if len(b.world.transceivers) != 3 {
		t.Errorf("got\n%s", b.world.describe())
	}
	b.rollback()
	if len(b.world.transceivers) != 0 {
		t.Errorf("after the rollback\n%s", b.world.describe())
	}
	b.setRemote(third)
	b.setLocal(Description{})
	if len(b.world.transceivers) != 2 || b.ofMid("x").media == nil {
		t.Errorf("got\n%s", b.world.describe())
	}
}

// Provisional answers put media in force. What they reject is as it was before the
// offer, and stops no transceiver.
func TestProvisionalMedia(t *testing.T) {
	a, b := parties(t)
	mine := a.addTrack(codec.Audio)
	video := a.addTrack(codec.Video)
	b.setRemote(a.offer())
	d := b.pranswer()
	a.setRemote(d)
	if mine.media == nil || mine.current != sdp.DirectionSendonly || b.ofMid("0").media == nil {
		t.Errorf("got %v", mine)
	}
	b.addTrack(codec.Audio)
	a.setRemote(b.pranswer())
	if mine.current != sdp.DirectionSendrecv || mine.media.Direction != sdp.DirectionSendrecv {
		t.Errorf("got %v", mine)
	}
	theirs := b.ofMid("1")
	b.stop(theirs)
	a.setRemote(b.pranswer())
	if video.media != nil || theirs.media != nil || len(a.world.stopped)+len(b.world.stopped) != 0 {
		t.Errorf("a provisional rejection stops\n%s%s", a.world.describe(), b.world.describe())
	}
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	wantMedia(a, b, "after the final answer")
	if video.media != nil || len(a.world.stopped) != 1 || len(b.world.stopped) != 1 {
		t.Errorf("got\n%s%s", a.world.describe(), b.world.describe())
	}
}

// A peer that does not bundle has a transport for each section, those of the offer;
// provisional answers do not make it start over.
func TestPeerWithoutBundle(t *testing.T) {
	for _, provisional := range []bool{false, true} {
		a, b := parties(t)
		a.addTrack(codec.Audio)
		a.addTrack(codec.Video)
		offer := a.offer()
		offered := a.ids()
		if len(offered) != 3 {
			t.Errorf("got\n%s", a.world.describe())
		}
		answer := b.answer(without(t, offer, "a=group"))
		if len(b.world.transports) != 3 {
			t.Errorf("got\n%s", b.world.describe())
		}
		if provisional {
			answer.Type = Pranswer
			a.setRemote(answer)
			answer.Type = Answer
		}
		a.setRemote(answer)
		if !slices.Equal(a.ids(), offered) || len(a.world.closed) != 0 {
			t.Errorf("got\n%s", a.world.describe())
		}
		for _, mid := range []string{"0", "1"} {
			mine, yours := a.world.transports[a.ofMid(mid).media.Transport], b.world.transports[b.ofMid(mid).media.Transport]
			if mine.local != yours.remote.Parameters || yours.local != mine.remote.Parameters || mine.controlling == yours.controlling {
				t.Errorf("got\n%s%s", a.world.describe(), b.world.describe())
			}
		}
		// Each has candidates of its own.
		second := a.ofMid("1").media.Transport
		sections := a.AddLocalCandidate(second, a.world.transports[second].local.Ufrag, host(3))
		if len(sections) != 1 || sections[0].Mid != "1" {
			t.Errorf("got %v", sections)
		}
		wantMedia(a, b, "without a bundle")
		// The next round changes nothing.
		a.setRemote(b.answer(without(t, a.offer(), "a=group")))
		if len(a.world.closed)+len(b.world.closed) != 0 {
			t.Errorf("got\n%s", a.world.describe())
		}
	}
}

// A peer without mids: transceivers have made-up ones, and keep them.
func TestPeerWithoutMids(t *testing.T) {
	a, b := parties(t)
	a.addTrack(codec.Audio)
	a.addTrack(codec.Video)
	bare := func(d Description) Description { return without(t, without(t, d, "a=mid"), "a=group") }
	answer := b.answer(bare(a.offer()))
	if lines(&answer, "a=mid") != nil {
		t.Errorf("got\n%s", answer.SDP)
	}
	names := []string{b.world.transceivers[0].mid, b.world.transceivers[1].mid}
	if names[0] == "" || names[0] == names[1] {
		t.Errorf("got %q", names)
	}
	a.setRemote(answer)
	wantMedia(a, b, "without mids")
	b.setRemote(bare(a.offer()))
	if len(b.world.transceivers) != 2 || b.world.transceivers[0].mid != names[0] {
		t.Errorf("got\n%s", b.world.describe())
	}
	b.setLocal(Description{})
	own := b.add(codec.Video, sdp.DirectionSendrecv)
	b.offer()
	if own.mid == "" || slices.Contains(names, own.mid) {
		t.Errorf("got %v", own)
	}
}
