package signaling

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// Two tracks are offered, answered, and flow both ways once the answerer has
// added its own.
func TestCall(t *testing.T) {
	a, b := parties(t)
	audio, video := a.addTrack(codec.Audio, "s"), a.addTrack(codec.Video, "s", "s2")
	offer := a.offer()
	if audio.mid != "0" || video.mid != "1" || audio.current != sdp.DirectionUnspecified {
		t.Errorf("got\n%s", a.world.describe())
	}
	b.setRemote(offer)
	// webrtc-pc §4.4.1.5: the tracks are known with the offer.
	got := b.ofMid("1")
	if want := []sdp.Msid{{Stream: "s", Track: video.TrackID}, {Stream: "s2", Track: video.TrackID}}; !slices.Equal(got.msids, want) || got.remote != sdp.DirectionSendrecv {
		t.Errorf("got %v", got)
	}
	if got.Direction != sdp.DirectionRecvonly || got.media != nil {
		t.Errorf("got %v", got)
	}
	b.addTrack(codec.Audio, "t")
	b.addTrack(codec.Video, "t")
	b.setLocal(Description{})
	if got.current != sdp.DirectionSendrecv || got.media == nil {
		t.Errorf("got %v", got)
	}
	a.setRemote(*b.CurrentLocal())
	wantConnected(a, b, "with media")
	wantMedia(a, b, "with media")
	if got := audio.media.Sources; len(got) != 1 || got[0].SSRC != b.ofMid("0").Encodings[0].SSRC || got[0].CNAME != "Bob" {
		t.Errorf("got %+v", got)
	}
	if audio.current != sdp.DirectionSendrecv || len(audio.msids) != 1 || audio.msids[0].Stream != "t" {
		t.Errorf("got %v", audio)
	}
	if a.NegotiationNeeded(a.local) || b.NegotiationNeeded(b.local) {
		t.Error("negotiation is needed after it all")
	}
}

// The effects of each call, in the order that the root relies on.
func TestOrderOfMediaEffects(t *testing.T) {
	a, b := parties(t)
	want := func(e *endpoint, order string) {
		t.Helper()
		var names []string
		for _, f := range e.effects {
			name := strings.TrimPrefix(fmt.Sprintf("%T", f), "signaling.")
			if d, ok := f.(MediaDescribed); ok {
				name += fmt.Sprintf("(%s %s %d %s)", d.Type, d.Mid, d.Index, d.Direction)
			}
			names = append(names, name)
		}
		if got := strings.Join(names, " "); got != order {
			t.Errorf("%s: got\n%s\nwant\n%s", e.name, got, order)
		}
	}
	a.add(codec.Audio, sdp.DirectionSendonly)
	video := a.add(codec.Video, sdp.DirectionSendrecv)
	offer := a.offer()
	// The bundle policy balanced has a transport for each of audio, video and data.
	want(a, "StateChanged MediaDescribed(offer 0 0 sendonly) MediaDescribed(offer 1 1 sendrecv) ICERole LocalICE ICERole LocalICE ICERole LocalICE")
	b.setRemote(offer)
	want(b, "StateChanged TransceiverCreated MediaDescribed(offer 0 0 recvonly) TransceiverCreated MediaDescribed(offer 1 1 sendrecv)")
	b.setLocal(Description{})
	want(b, "StateChanged MediaDescribed(answer 0 0 recvonly) MediaDescribed(answer 1 1 recvonly) ICERole LocalICE RemoteICE StartDTLS StartData MediaInForce MediaInForce")
	a.setRemote(*b.CurrentLocal())
	want(a, "StateChanged MediaDescribed(answer 0 0 sendonly) MediaDescribed(answer 1 1 sendonly) CloseTransport CloseTransport RemoteICE StartDTLS StartData MediaInForce MediaInForce")

	// A second round without a change brings no change.
	b.setRemote(a.offer())
	want(b, "StateChanged MediaDescribed(offer 0 0 recvonly) MediaDescribed(offer 1 1 sendrecv)")
	b.setLocal(Description{})
	want(b, "StateChanged MediaDescribed(answer 0 0 recvonly) MediaDescribed(answer 1 1 recvonly)")
	a.setRemote(*b.CurrentLocal())

	a.stop(video)
	b.setRemote(a.offer())
	b.setLocal(Description{})
	want(b, "StateChanged MediaDescribed(answer 0 0 recvonly) MediaDescribed(answer 1 1 inactive) MediaInForce TransceiverStopped")
	a.setRemote(*b.CurrentLocal())
	want(a, "StateChanged MediaDescribed(answer 0 0 sendonly) MediaDescribed(answer 1 1 inactive) MediaInForce TransceiverStopped")
	b.setRemote(a.offer())
	b.rollback()
	want(b, "StateChanged MediaRestored")
}

// RFC 9429 §5.2.1, §5.2.2: sections come in the order in which transceivers were
// added, and stay where they are. Data keeps the place that it got.
func TestOrderOfSections(t *testing.T) {
	a, b := parties(t)
	kinds := func() string {
		var s []string
		for _, line := range lines(a.CurrentLocal(), "m=") {
			s = append(s, strings.Fields(strings.TrimPrefix(line, "m="))[0])
		}
		return strings.Join(s, " ")
	}
	a.add(codec.Video, sdp.DirectionSendrecv)
	a.add(codec.Audio, sdp.DirectionSendrecv)
	negotiate(a, b)
	a.add(codec.Video, sdp.DirectionSendrecv)
	negotiate(a, b)
	b.add(codec.Audio, sdp.DirectionSendrecv)
	negotiate(b, a)
	if got := kinds(); got != "video audio application video audio" {
		t.Errorf("got %q", got)
	}
	if got := lines(a.CurrentLocal(), "a=group:BUNDLE"); got[0] != "a=group:BUNDLE 0 1 2 3 4" {
		t.Errorf("got %q", got)
	}
}

// RFC 9429 §5.3.1: the direction of an answer is the offered one, reversed, as far
// as the transceiver wants it; and what is in force is the same on both sides.
func TestDirections(t *testing.T) {
	all := []sdp.Direction{sdp.DirectionSendrecv, sdp.DirectionSendonly, sdp.DirectionRecvonly, sdp.DirectionInactive}
	for _, offered := range all {
		for _, wanted := range all {
			a, b := parties(t)
			from := a.add(codec.Audio, offered, "s")
			b.setRemote(a.offer())
			to := b.ofMid("0")
			if peer := to.remote; peer != offered.Reverse() || (to.msids != nil) != peer.Receives() {
				t.Errorf("offered %s: described as %v", offered, to)
			}
			b.turn(to, wanted)
			b.setLocal(Description{})
			a.setRemote(*b.CurrentLocal())
			if want := wanted.Intersect(offered.Reverse()); to.current != want || from.current != want.Reverse() {
				t.Errorf("offered %s, wanted %s: %s and %s", offered, wanted, from.current, to.current)
			}
			wantMedia(a, b, offered.String()+" to "+wanted.String())
			if b.NegotiationNeeded(b.local) {
				t.Errorf("offered %s, wanted %s: to negotiate again would change nothing", offered, wanted)
			}
		}
	}
}

// A call is held and resumed. Streams keep their names all the while.
func TestHold(t *testing.T) {
	a, b := parties(t)
	mine := a.addTrack(codec.Audio, "s")
	b.setRemote(a.offer())
	yours := b.addTrack(codec.Audio, "t")
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	before := mine.media
	for _, step := range []struct {
		wants       sdp.Direction
		needed      bool
		mine, yours sdp.Direction
	}{
		{sdp.DirectionSendonly, true, sdp.DirectionSendonly, sdp.DirectionRecvonly},
		{sdp.DirectionInactive, true, sdp.DirectionInactive, sdp.DirectionInactive},
		{sdp.DirectionInactive, false, sdp.DirectionInactive, sdp.DirectionInactive},
		{sdp.DirectionRecvonly, true, sdp.DirectionRecvonly, sdp.DirectionSendonly},
		{sdp.DirectionSendrecv, true, sdp.DirectionSendrecv, sdp.DirectionSendrecv},
	} {
		a.turn(mine, step.wants)
		if got := a.NegotiationNeeded(a.local); got != step.needed {
			t.Errorf("%s: needed %v", step.wants, got)
		}
		negotiate(a, b)
		if mine.current != step.mine || yours.current != step.yours {
			t.Errorf("%s: %s and %s", step.wants, mine.current, yours.current)
		}
		if a.NegotiationNeeded(a.local) || b.NegotiationNeeded(b.local) {
			t.Errorf("%s: needed after it", step.wants)
		}
		if got := lines(a.CurrentLocal(), "a=msid:"); len(got) != 1 {
			t.Errorf("%s: got %q", step.wants, got)
		}
	}
	if mine.media.Sources[0].SSRC != before.Sources[0].SSRC || !slices.Equal(mine.media.SendEncodings, before.SendEncodings) {
		t.Errorf("got %+v, before %+v", mine.media, before)
	}
}

// The answerer holds: its answer says so, and the offerer hears of it.
func TestHoldByTheAnswerer(t *testing.T) {
	a, b := parties(t)
	mine := a.addTrack(codec.Audio, "s")
	negotiate(a, b)
	b.turn(b.ofMid("0"), sdp.DirectionInactive)
	if !b.NegotiationNeeded(b.local) {
		t.Error("nothing is needed")
	}
	negotiate(a, b)
	if mine.current != sdp.DirectionInactive || b.NegotiationNeeded(b.local) {
		t.Errorf("got %v", mine)
	}
}

// RFC 9429 §5.10: offered sections go to transceivers of addTrack, in their order.
func TestPairing(t *testing.T) {
	a, b := parties(t)
	// What addTransceiver made waits for an offer of its own.
	own := b.add(codec.Video, sdp.DirectionSendrecv)
	first, second := b.addTrack(codec.Video), b.addTrack(codec.Video)
	audio := b.addTrack(codec.Audio)
	stopping := b.make(b.NewTransceiverID(), codec.Audio, sdp.DirectionSendrecv)
	stopping.ByAddTrack = true
	b.stop(stopping)

	a.add(codec.Video, sdp.DirectionSendonly) // sends only: no place for a track
	a.add(codec.Video, sdp.DirectionRecvonly)
	a.add(codec.Audio, sdp.DirectionSendrecv)
	a.add(codec.Video, sdp.DirectionSendrecv)
	a.add(codec.Audio, sdp.DirectionInactive)
	a.add(codec.Video, sdp.DirectionSendrecv)
	b.setRemote(a.offer())
	if first.mid != "1" || audio.mid != "2" || second.mid != "3" || own.mid != "" || stopping.mid != "" {
		t.Errorf("got\n%s", b.world.describe())
	}
	if n := len(b.world.transceivers); n != 5+3 {
		t.Errorf("%d transceivers", n)
	}
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	wantMedia(a, b, "with pairs")
	if len(b.world.stopped) != 1 || b.world.stopped[0] != stopping {
		t.Errorf("stopped are %v", b.world.stopped)
	}
	if own.mid != "" || !b.NegotiationNeeded(b.local) {
		t.Errorf("got %v", own)
	}
	negotiate(b, a)
	if own.index != 7 || own.mid != "7" {
		t.Errorf("got %v", own)
	}
}

// A transceiver of addTrack is not given to a section that would have to be
// rejected with it; the section gets another one, if there is one that can.
func TestPairingSparesTransceivers(t *testing.T) {
	a, b := parties(t)
	from := a.addTrack(codec.Video)
	from.Codecs = named(codec.Video, "VP8")
	a.refresh()
	to := b.addTrack(codec.Video)
	to.Codecs = named(codec.Video, "H264")
	b.refresh()
	negotiate(a, b)
	if to.mid != "" || len(b.world.stopped) != 0 || len(b.world.transceivers) != 2 {
		t.Errorf("got\n%s", b.world.describe())
	}
	if !b.NegotiationNeeded(b.local) {
		t.Error("it has to be offered by itself")
	}
}

// named returns the default codecs of the names, and what retransmits them.
func named(kind codec.Kind, names ...string) []codec.Codec {
	var list []codec.Codec
	kept := map[uint8]bool{}
	for _, c := range codec.Defaults(kind) {
		apt, isRTX := c.Apt()
		if isRTX && kept[apt] || slices.Contains(names, c.Name()) {
			kept[c.PayloadType] = true
			list = append(list, c)
		}
	}
	return list
}

// What cannot be accepted is rejected in its place and leaves the rest of the bundle
// as it is. Its transceiver (RFC 9429 §5.10 has one for each section of audio or video)
// ends with the answer.
func TestRejections(t *testing.T) {
	for name, change := range map[string]func(a, b *endpoint, d Description) Description{
		"an unknown kind": func(_, _ *endpoint, d Description) Description {
			return replaced(t, d, "m=video", "m=text")
		},
		"no format that is known": func(_, _ *endpoint, d Description) Description {
			return replaced(t, replaced(t, d, " VP8/", " X8/"), " H264/", " X264/")
		},
		"nothing but what serves formats": func(_, _ *endpoint, d Description) Description {
			return replaced(t, replaced(t, d, " VP8/", " red/"), " H264/", " ulpfec/")
		},
		"no multiplexing": func(a, b *endpoint, d Description) Description {
			at := strings.Index(d.SDP, "m=video")
			d.SDP = d.SDP[:at] + strings.Replace(d.SDP[at:], "a=rtcp-mux\r\n", "", 1)
			return replaced(t, d, "BUNDLE 0 1 2", "BUNDLE 0 2")
		},
		"bundle-only outside of the bundle": func(_, _ *endpoint, d Description) Description {
			d = replaced(t, d, "m=video 9", "m=video 0")
			d = replaced(t, d, "a=mid:1", "a=mid:1\r\na=bundle-only")
			return replaced(t, d, "BUNDLE 0 1 2", "BUNDLE 0 2")
		},
		"another profile": func(_, _ *endpoint, d Description) Description {
			at := strings.Index(d.SDP, "m=video")
			d.SDP = d.SDP[:at] + strings.Replace(d.SDP[at:], "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/XAVP", 1)
			return d
		},
		"what cannot be read": func(_, _ *endpoint, d Description) Description {
			at := strings.Index(d.SDP, "m=video")
			d.SDP = d.SDP[:at] + strings.Replace(d.SDP[at:], "a=setup:actpass", "a=setup:maybe", 1)
			return d
		},
	} {
		a, b := parties(t)
		a.addTrack(codec.Audio)
		video := a.addTrack(codec.Video)
		video.Codecs = named(codec.Video, "VP8", "H264")
		a.refresh()
		answer := b.answer(change(a, b, a.offer()))
		if got := lines(&answer, "m="); !strings.HasPrefix(got[1], "m=video 0") && !strings.HasPrefix(got[1], "m=text 0") ||
			!strings.HasPrefix(got[0], "m=audio 9") || !strings.HasPrefix(got[2], "m=application 9") {
			t.Errorf("%s: got %q", name, got)
		}
		if got := lines(&answer, "a=group"); got[0] != "a=group:BUNDLE 0 2" {
			t.Errorf("%s: got %q", name, got)
		}
		if len(b.world.transceivers) != 1 || b.world.transceivers[0].media == nil || b.world.data == nil {
			t.Errorf("%s: got\n%s", name, b.world.describe())
		}
		if name == "an unknown kind" {
			continue
		}
		a.setRemote(answer)
		if !slices.Equal(a.world.stopped, []*transceiver{video}) || video.media != nil || a.NegotiationNeeded(a.local) {
			t.Errorf("%s: got\n%s", name, a.world.describe())
		}
		wantMedia(a, b, name)
		// The place is free for another one (RFC 9429 §5.2.2).
		next := a.add(codec.Audio, sdp.DirectionSendrecv)
		offer := a.offer()
		if next.index != 1 || next.mid == "1" || len(lines(&offer, "m=")) != 3 {
			t.Errorf("%s: got %v", name, next)
		}
	}
}

// RFC 9429 §5.1.2: other profiles are answered in kind, if there is a
// fingerprint.
func TestProfiles(t *testing.T) {
	for _, profile := range rtpProtos {
		a, b := parties(t)
		a.addTrack(codec.Audio)
		offer := replaced(t, a.offer(), rtpProto, profile)
		answer := b.answer(offer)
		if got := lines(&answer, "m="); !strings.HasPrefix(got[0], "m=audio 9 "+profile+" ") {
			t.Errorf("%s: got %q", profile, got)
		}
		a.setRemote(answer)
		wantMedia(a, b, profile)
		// Our own offers are right.
		if offer := b.offer(); !strings.HasPrefix(lines(&offer, "m=")[0], "m=audio 9 "+rtpProto) {
			t.Errorf("%s: got\n%s", profile, offer.SDP)
		}
	}
	a, b := parties(t)
	a.addTrack(codec.Audio)
	a.local.Data = false
	plain := without(t, replaced(t, a.offer(), rtpProto, "RTP/AVP"), "a=fingerprint")
	if answer := b.answer(plain); !strings.HasPrefix(lines(&answer, "m=")[0], "m=audio 0 ") {
		t.Errorf("got\n%s", answer.SDP)
	}
}

// RFC 9143 §6: a bundle-only section has the transport of the group's tagged one,
// and is as good as any other.
func TestBundleOnlyMedia(t *testing.T) {
	a, b := parties(t)
	a.addTrack(codec.Audio)
	video := a.addTrack(codec.Video)
	offer := a.offer()
	at := strings.Index(offer.SDP, "m=video")
	only := Description{Offer, offer.SDP[:at] + strings.NewReplacer(
		"m=video 9", "m=video 0", "a=mid:1", "a=mid:1\r\na=bundle-only").Replace(offer.SDP[at:])}
	for _, prefix := range []string{"a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup", "a=rtcp-mux"} {
		at := strings.Index(only.SDP, "m=video")
		only.SDP = only.SDP[:at] + without(t, Description{SDP: only.SDP[at:]}, prefix).SDP
	}
	answer := b.answer(only)
	if lines(&answer, "a=bundle-only") != nil || !strings.HasPrefix(lines(&answer, "m=")[1], "m=video 9") {
		t.Errorf("got\n%s", answer.SDP)
	}
	a.setRemote(answer)
	wantMedia(a, b, "with a bundle-only section")
	wantConnected(a, b, "with a bundle-only section")
	if video.media.Transport != a.onlyID() {
		t.Errorf("got %v", video)
	}
}

// RFC 9429 §5.2.1, RFC 8858 §4.2: the addresses for RTP and RTCP are the same, at
// first none.
func TestAddressOfRTCP(t *testing.T) {
	a, _ := parties(t)
	a.local.Data = false
	a.addTrack(codec.Audio)
	offer := a.offer()
	if got := lines(&offer, "a=rtcp:"); !slices.Equal(got, []string{"a=rtcp:9 IN IP4 0.0.0.0"}) {
		t.Errorf("got %q", got)
	}
	gathered(a)
	again := Description{Offer, ""}
	again.SDP, _ = a.CreateOffer(a.local, OfferOptions{})
	for _, d := range []*Description{a.PendingLocal(), &again} {
		m, c := strings.Fields(lines(d, "m=")[0])[1], strings.TrimPrefix(lines(d, "c=")[0], "c=")
		if got := lines(d, "a=rtcp:"); m == "9" || !slices.Equal(got, []string{"a=rtcp:" + m + " " + c}) {
			t.Errorf("got %q for port %s of %s", got, m, c)
		}
	}
}

// RFC 9429 §5.10: "If no RtpTransceiver was found in the previous step, create one
// with a recvonly direction." It is there for a section with nothing in common too,
// and ends with the answer that rejects it.
func TestTransceiverOfWhatCannotBeAccepted(t *testing.T) {
	a, b := parties(t)
	video := a.addTrack(codec.Video)
	video.Codecs = named(codec.Video, "VP8")
	a.refresh()
	b.accept = func(kind codec.Kind) Transceiver { return Transceiver{Kind: kind} }
	b.setRemote(a.offer())
	if len(b.world.transceivers) != 1 || b.world.transceivers[0].mid != "0" {
		t.Fatalf("got\n%s", b.world.describe())
	}
	made := b.world.transceivers[0]
	made.Codecs = nil
	b.refresh()
	b.setLocal(Description{})
	if !slices.Equal(b.world.stopped, []*transceiver{made}) || len(b.world.transceivers) != 0 {
		t.Errorf("got\n%s", b.world.describe())
	}
	a.setRemote(*b.CurrentLocal())
	if !slices.Equal(a.world.stopped, []*transceiver{video}) {
		t.Errorf("got\n%s", a.world.describe())
	}
}

// RFC 9429 §5.8.3, the RTCP mux policy "require".
func TestMultiplexingRequired(t *testing.T) {
	for _, policy := range []bool{true, false} {
		a, b := parties(t)
		a.addTrack(codec.Audio)
		b.local.RTCPMuxRequired = policy
		offer := without(t, a.offer(), "a=rtcp-mux\r\n")
		_, err := b.SetRemote(offer, b.local)
		if is[*rtcerr.InvalidAccessError](err) != policy || (err != nil) != policy {
			t.Errorf("required %v: an offer without multiplexing: %v", policy, err)
		}
		if state := b.State(); policy && (state != Stable || b.PendingRemote() != nil) {
			t.Errorf("required %v: the state is %s", policy, state)
		}
	}
}
