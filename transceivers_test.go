package webrtc

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// A desk is two connections that exchange descriptions and nothing else.
type desk struct {
	*testing.T
	a, b *PeerConnection
}

// onDesk runs a scenario in virtual time.
func onDesk(t *testing.T, scenario func(t *testing.T, d *desk)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		scenario(w.T, &desk{T: w.T, a: a.PeerConnection, b: b.PeerConnection})
	})
}

// settles waits until every handler has run that what was done has caused, that of
// OnNegotiationNeeded among them.
func (d *desk) settles() { tellsNeeds() }

// tellsNeeds waits until OnNegotiationNeeded's handlers have been called and have
// returned.
func tellsNeeds() {
	time.Sleep(2 * negotiationDelay)
	synctest.Wait()
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// negotiates exchanges an offer of from's and the other's answer.
func (d *desk) negotiates(from, to *PeerConnection) {
	d.Helper()
	d.offers(from, to)
	d.must(to.SetLocalDescription(SessionDescription{}))
	d.must(from.SetRemoteDescription(*to.LocalDescription()))
	d.settles()
}

func (d *desk) offers(from, to *PeerConnection) {
	d.Helper()
	d.must(from.SetLocalDescription(SessionDescription{}))
	d.must(to.SetRemoteDescription(*from.LocalDescription()))
	d.settles()
}

func (d *desk) track(kind RTPCodecType, id string, streams ...string) *TrackLocalStaticRTP {
	d.Helper()
	c := RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000}
	if kind == RTPCodecTypeAudio {
		c = RTPCodecCapability{MimeType: MimeTypeOpus, ClockRate: 48000, Channels: 2}
	}
	stream := ""
	if len(streams) > 0 {
		stream = streams[0]
	}
	track, err := NewTrackLocalStaticRTP(c, id, stream)
	d.must(err)
	return track
}

func (d *desk) adds(pc *PeerConnection, track TrackLocal) *RTPSender {
	d.Helper()
	s, err := pc.AddTrack(track)
	d.must(err)
	return s
}

func (d *desk) wantError(err error, target any, why string) {
	d.Helper()
	if !errors.As(err, target) {
		d.Errorf("%s: error %v, want a %T", why, err, target)
	}
}

func (d *desk) wantDirection(t *RTPTransceiver, direction, current RTPTransceiverDirection, why string) {
	d.Helper()
	if t.Direction() != direction || t.CurrentDirection() != current {
		d.Errorf("%s: direction %s, current %s; want %s, %s", why, t.Direction(), t.CurrentDirection(), direction, current)
	}
}

func TestAddTrackAnnouncesATrackAtThePeer(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var events []TrackEvent
		d.b.OnTrackEvent(func(e TrackEvent) { events = append(events, e) })
		d.adds(d.a, d.track(RTPCodecTypeVideo, "camera", "me"))
		d.offers(d.a, d.b)
		// webrtc-pc §4.4.1.5: the event comes with the offer, before the call returns.
		if len(events) != 1 {
			t.Fatalf("%d track events, want 1", len(events))
		}
		e := events[0]
		if e.Track.ID() != "camera" {
			t.Errorf("the track's id is %q, want that of the peer's", e.Track.ID())
		}
		if !slices.Equal(e.StreamIDs, []string{"me"}) || !slices.Equal(e.Receiver.StreamIDs(), []string{"me"}) {
			t.Errorf("streams %q and %q, want me", e.StreamIDs, e.Receiver.StreamIDs())
		}
		if !e.Track.Muted() || e.Track != e.Receiver.Track() || e.Transceiver.Receiver() != e.Receiver {
			t.Error("the track is to be the receiver's, and muted until media comes")
		}
		if e.Transceiver.Mid() != "0" {
			t.Errorf("mid %q, want 0", e.Transceiver.Mid())
		}
		d.wantDirection(e.Transceiver, RTPTransceiverDirectionRecvonly, RTPTransceiverDirectionUnknown, "before the answer")
		d.must(d.b.SetLocalDescription(SessionDescription{}))
		d.must(d.a.SetRemoteDescription(*d.b.LocalDescription()))
		d.wantDirection(e.Transceiver, RTPTransceiverDirectionRecvonly, RTPTransceiverDirectionRecvonly, "after the answer")
		d.wantDirection(d.a.GetTransceivers()[0], RTPTransceiverDirectionSendrecv, RTPTransceiverDirectionSendonly, "at the offerer")
	})
}

func TestAddTrackUsesATransceiverThatHasNeverSent(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.adds(d.a, d.track(RTPCodecTypeVideo, "camera"))
		d.offers(d.a, d.b)
		s := d.adds(d.b, d.track(RTPCodecTypeVideo, "other"))
		if list := d.b.GetTransceivers(); len(list) != 1 || list[0].Sender() != s {
			t.Fatalf("%d transceivers, want the one that the offer made", len(list))
		}
		if _, err := d.b.AddTrack(s.Track()); !errors.Is(err, ErrExistingTrack) {
			t.Errorf("adding a track twice: %v", err)
		}
		d.must(d.b.SetLocalDescription(SessionDescription{}))
		d.must(d.a.SetRemoteDescription(*d.b.LocalDescription()))
		d.wantDirection(d.b.GetTransceivers()[0], RTPTransceiverDirectionSendrecv, RTPTransceiverDirectionSendrecv, "both send")
		d.must(d.b.RemoveTrack(s))
		if s.Track() != nil {
			t.Error("the sender has a track after RemoveTrack")
		}
		// webrtc-pc §5.1: one that has sent is not used again.
		if again := d.adds(d.b, d.track(RTPCodecTypeVideo, "third")); again == s {
			t.Error("AddTrack uses a sender that has sent")
		}
	})
}

func TestRemoveTrackTellsThePeer(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		s := d.adds(d.a, d.track(RTPCodecTypeAudio, "voice", "me"))
		d.negotiates(d.a, d.b)
		needed := 0
		d.a.OnNegotiationNeeded(func() { needed++ })
		d.must(d.a.RemoveTrack(s))
		d.settles()
		if needed != 1 {
			t.Errorf("negotiation was announced %d times, want once", needed)
		}
		d.must(d.a.RemoveTrack(s)) // nothing to do
		d.negotiates(d.a, d.b)
		remote := d.b.GetTransceivers()[0]
		d.wantDirection(remote, RTPTransceiverDirectionRecvonly, RTPTransceiverDirectionInactive, "after the removal")
		if ids := remote.Receiver().StreamIDs(); len(ids) != 0 {
			t.Errorf("the track is still in %q", ids)
		}
		var access *rtcerr.InvalidAccessError
		d.wantError(d.b.RemoveTrack(s), &access, "a sender of another connection")
	})
}

func TestHoldAndResume(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.adds(d.a, d.track(RTPCodecTypeAudio, "voice", "me"))
		d.negotiates(d.a, d.b)
		fired := 0
		d.b.OnTrackEvent(func(TrackEvent) { fired++ })
		local := d.a.GetTransceivers()[0]
		d.must(local.SetDirection(RTPTransceiverDirectionInactive))
		d.wantDirection(local, RTPTransceiverDirectionInactive, RTPTransceiverDirectionSendonly, "before the exchange")
		d.negotiates(d.a, d.b)
		d.wantDirection(local, RTPTransceiverDirectionInactive, RTPTransceiverDirectionInactive, "on hold")
		d.must(local.SetDirection(RTPTransceiverDirectionSendonly))
		d.negotiates(d.a, d.b)
		d.wantDirection(local, RTPTransceiverDirectionSendonly, RTPTransceiverDirectionSendonly, "resumed")
		if fired != 1 {
			t.Errorf("the track was announced %d times on being resumed, want once", fired)
		}
		var typ *rtcerr.TypeError
		d.wantError(local.SetDirection(RTPTransceiverDirectionStopped), &typ, "SetDirection(stopped)")
	})
}

func TestStopEndsTheTransceiverAndItsSectionIsRecycled(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.adds(d.a, d.track(RTPCodecTypeVideo, "one"))
		d.adds(d.a, d.track(RTPCodecTypeAudio, "two"))
		d.negotiates(d.a, d.b)
		first, other := d.a.GetTransceivers()[0], d.b.GetTransceivers()[0]
		d.must(first.Stop())
		d.must(first.Stop())
		if first.Direction() != RTPTransceiverDirectionStopped || !first.Receiver().Track().Ended() {
			t.Error("Stop has not ended the track")
		}
		d.negotiates(d.a, d.b)
		for name, tr := range map[string]*RTPTransceiver{"offerer": first, "answerer": other} {
			if tr.CurrentDirection() != RTPTransceiverDirectionStopped || tr.Direction() != RTPTransceiverDirectionStopped {
				t.Errorf("%s: direction %s, current %s; want stopped", name, tr.Direction(), tr.CurrentDirection())
			}
		}
		if len(d.a.GetTransceivers()) != 1 || len(d.b.GetTransceivers()) != 1 {
			t.Errorf("%d and %d transceivers are left, want one each", len(d.a.GetTransceivers()), len(d.b.GetTransceivers()))
		}
		var state *rtcerr.InvalidStateError
		d.wantError(first.SetDirection(RTPTransceiverDirectionSendrecv), &state, "SetDirection after Stop")
		d.wantError(first.Sender().ReplaceTrack(d.track(RTPCodecTypeVideo, "x")), &state, "ReplaceTrack after Stop")
		// RFC 9429 §5.2.2: the place of the rejected section is used again.
		d.adds(d.a, d.track(RTPCodecTypeVideo, "three"))
		d.negotiates(d.a, d.b)
		if n := strings.Count(d.a.LocalDescription().SDP, "\r\nm="); n != 2 {
			t.Errorf("%d sections, want 2", n)
		}
	})
}

func TestReplaceTrackChecksItsTrack(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		s := d.adds(d.a, d.track(RTPCodecTypeVideo, "one"))
		if err := s.ReplaceTrack(d.track(RTPCodecTypeAudio, "voice")); !errors.Is(err, ErrRTPSenderNewTrackHasIncorrectKind) {
			t.Errorf("a track of another kind: %v", err)
		}
		d.negotiates(d.a, d.b)
		h263, err := NewTrackLocalStaticRTP(RTPCodecCapability{MimeType: "video/H263", ClockRate: 90000}, "old", "me")
		d.must(err)
		before := s.Track()
		var modification *rtcerr.InvalidModificationError
		err = s.ReplaceTrack(h263)
		d.wantError(err, &modification, "a codec that was not negotiated")
		if !errors.Is(err, ErrUnsupportedCodec) || s.Track() != before {
			t.Errorf("error %v, track %v; want the old track sent", err, s.Track())
		}
		vp9, err := NewTrackLocalStaticRTP(RTPCodecCapability{MimeType: MimeTypeVP9, ClockRate: 90000}, "new", "me")
		d.must(err)
		d.must(s.ReplaceTrack(vp9))
		d.must(s.ReplaceTrack(nil))
		if s.Track() != nil {
			t.Error("ReplaceTrack(nil) leaves a track")
		}
	})
}

func TestSendEncodingsAreChecked(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		half := 0.5
		encoding := func(rid string) RTPEncodingParameters {
			return RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: rid}}
		}
		var typ *rtcerr.TypeError
		var ranged *rtcerr.RangeError
		for name, c := range map[string]struct {
			encodings []RTPEncodingParameters
			target    any
		}{
			"a rid is missing":   {[]RTPEncodingParameters{encoding("q"), encoding("")}, &typ},
			"a rid stands twice": {[]RTPEncodingParameters{encoding("q"), encoding("q")}, &typ},
			"a rid is malformed": {[]RTPEncodingParameters{encoding("q!"), encoding("h")}, &typ},
			"upscaling":          {[]RTPEncodingParameters{{ScaleResolutionDownBy: &half}}, &ranged},
		} {
			_, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo, RTPTransceiverInit{SendEncodings: c.encodings})
			d.wantError(err, c.target, name)
		}
		tr, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo, RTPTransceiverInit{
			Direction: RTPTransceiverDirectionSendonly, SendEncodings: []RTPEncodingParameters{encoding("q"), encoding("h"), encoding("f")},
		})
		d.must(err)
		p := tr.Sender().GetParameters()
		if len(p.Encodings) != 3 || !p.Encodings[0].Active || p.TransactionID == "" {
			t.Fatalf("parameters %+v, want three active encodings and a transaction", p)
		}
		d.negotiates(d.a, d.b)
		offer := d.a.LocalDescription().SDP
		for _, line := range []string{"a=rid:q send", "a=rid:h send", "a=rid:f send", "a=simulcast:send q;h;f"} {
			if !strings.Contains(offer, line+"\r\n") {
				t.Errorf("the offer lacks %q", line)
			}
		}
	})
}

func TestSetParametersChecksWhatMayOnlyBeRead(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		s := d.adds(d.a, d.track(RTPCodecTypeVideo, "one"))
		var state *rtcerr.InvalidStateError
		d.wantError(s.SetParameters(RTPSendParameters{}), &state, "without GetParameters")
		p := s.GetParameters()
		p.Encodings[0].Active, p.Encodings[0].MaxBitrate = false, 500_000
		d.must(s.SetParameters(p))
		if e := s.GetParameters().Encodings[0]; e.Active || e.MaxBitrate != 500_000 {
			t.Errorf("encoding %+v, want it as set", e)
		}
		var modification *rtcerr.InvalidModificationError
		d.wantError(s.SetParameters(p), &modification, "with an old transaction")
		p = s.GetParameters()
		p.Encodings = append(p.Encodings, p.Encodings[0])
		d.wantError(s.SetParameters(p), &modification, "with another encoding")
		p = s.GetParameters()
		p.Encodings[0].SSRC++
		d.wantError(s.SetParameters(p), &modification, "with another SSRC")
	})
}

func TestSetCodecPreferencesOrdersTheOffer(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		tr, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo)
		d.must(err)
		all := GetSenderCapabilities(RTPCodecTypeVideo).Codecs
		var vp9, rtx RTPCodecCapability
		for _, c := range all {
			switch {
			case strings.EqualFold(c.MimeType, MimeTypeVP9) && vp9.MimeType == "":
				vp9 = c
			case strings.EqualFold(c.MimeType, MimeTypeRTX):
				rtx = c
			}
		}
		d.must(tr.SetCodecPreferences([]RTPCodecParameters{{RTPCodecCapability: vp9}}))
		offer, err := d.a.CreateOffer(nil)
		d.must(err)
		if strings.Contains(offer.SDP, "VP8/90000") || !strings.Contains(offer.SDP, "VP9/90000") {
			t.Error("the offer has other codecs than were preferred")
		}
		var modification *rtcerr.InvalidModificationError
		d.wantError(tr.SetCodecPreferences([]RTPCodecParameters{{RTPCodecCapability: rtx}}), &modification, "RTX alone")
		d.wantError(tr.SetCodecPreferences([]RTPCodecParameters{{RTPCodecCapability: RTPCodecCapability{MimeType: "video/H263", ClockRate: 90000}}}), &modification, "a codec that is not registered")
		d.must(tr.SetCodecPreferences(nil))
		if offer, err = d.a.CreateOffer(nil); err != nil || !strings.Contains(offer.SDP, "VP8/90000") {
			t.Errorf("without preferences VP8 is not offered (%v)", err)
		}
	})
}

func TestMediaAfterClose(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		s := d.adds(d.a, d.track(RTPCodecTypeVideo, "one"))
		tr := d.a.GetTransceivers()[0]
		d.must(d.a.Close())
		_, addErr := d.a.AddTrack(d.track(RTPCodecTypeVideo, "two"))
		_, fromKind := d.a.AddTransceiverFromKind(RTPCodecTypeVideo)
		for name, err := range map[string]error{
			"AddTrack": addErr, "AddTransceiverFromKind": fromKind, "RemoveTrack": d.a.RemoveTrack(s),
			"ReplaceTrack": s.ReplaceTrack(nil), "Stop": tr.Stop(), "SetDirection": tr.SetDirection(RTPTransceiverDirectionInactive),
			"SetParameters": s.SetParameters(s.GetParameters()), "WriteRTCP": d.a.WriteRTCP(nil),
		} {
			var state *rtcerr.InvalidStateError
			if !errors.As(err, &state) || !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s after Close: %v", name, err)
			}
		}
		if _, _, err := s.Read(make([]byte, 100)); err == nil {
			t.Error("RTCP is read after Close")
		}
		if !tr.Receiver().Track().Ended() {
			t.Error("the track goes on after Close")
		}
	})
}

// RFC 8830 §2: the same track on two senders has two names.
func TestSendersOfOneTrackHaveTwoNames(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		camera := d.track(RTPCodecTypeVideo, "camera", "me")
		_, err := d.a.AddTransceiverFromTrack(camera)
		d.must(err)
		second, err := d.a.AddTransceiverFromTrack(camera)
		d.must(err)
		d.negotiates(d.a, d.b)
		d.must(d.a.RemoveTrack(second.Sender()))
		d.negotiates(d.a, d.b)
		third, err := d.a.AddTransceiverFromTrack(camera)
		d.must(err)
		d.negotiates(d.a, d.b)
		ids := map[string]bool{}
		for _, r := range d.b.GetReceivers() {
			ids[r.Track().ID()] = true
		}
		if len(ids) != 3 || !ids["camera"] || third.Mid() != "2" {
			t.Errorf("the peer knows the tracks as %v", ids)
		}
	})
}

// A peer that knows nothing of a=msid (RFC 8830) puts its tracks into one default
// stream; one that says that there is none, into none.
func TestTracksWithoutMsidHaveADefaultStream(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.adds(d.b, d.track(RTPCodecTypeAudio, "voice", "me"))
		d.adds(d.b, d.track(RTPCodecTypeVideo, "camera", "me"))
		_, err := d.b.AddTransceiverFromKind(RTPCodecTypeVideo)
		d.must(err)
		offer, err := d.b.CreateOffer(nil)
		d.must(err)
		var streams [][]string
		d.a.OnTrackEvent(func(e TrackEvent) { streams = append(streams, e.StreamIDs) })
		d.must(d.a.SetRemoteDescription(edited(offer, withoutLines("a=msid:me", "a=ssrc"))))
		if len(streams) != 3 || len(streams[0]) != 1 || streams[0][0] == "" || !slices.Equal(streams[0], streams[1]) || len(streams[2]) != 0 {
			t.Errorf("the streams are %q, want one for the first two and none for the third", streams)
		}
	})
}
