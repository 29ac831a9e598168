package webrtc

import (
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// webrtc-pc §4.4.1.5, rollback: after an offer that took a track away has been rolled
// back, the media that has gone on all the time unmutes the track.
func TestVirtualRollbackUnmutes(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(10*time.Millisecond))
		voice, sender := a.source(MimeTypeOpus, "voice")
		var j journal
		b.OnTrackEvent(func(e TrackEvent) {
			j.note("track")
			e.Track.OnMute(func() { j.note("mute") })
			e.Track.OnUnmute(func() { j.note("unmute") })
		})
		a.negotiates(b, 10*time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		media := func() { together(5, 20*time.Millisecond, voice) }
		media()
		at, atB := a.GetTransceivers()[0], b.GetTransceivers()[0]
		want := []string{"track", "unmute"}
		wantNow := func(muted bool, more ...string) {
			t.Helper()
			want = append(want, more...)
			wantJournal(t, "b", j.read(), want)
			if m := atB.Receiver().Track().Muted(); m != muted {
				t.Errorf("after %q the track is muted: %v", want, m)
			}
		}
		wantNow(false)

		a.must(at.SetDirection(RTPTransceiverDirectionInactive), "SetDirection")
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
		media()
		wantNow(true, "mute")
		a.must(a.Rollback(), "Rollback")
		b.must(b.SetRemoteDescription(SessionDescription{Type: SDPTypeRollback}), "SetRemoteDescription(rollback)")
		media()
		wantNow(false, "track", "unmute")

		// The rollback of an offer of its own takes nothing away.
		negotiates := func(direction RTPTransceiverDirection) {
			a.must(at.SetDirection(direction), "SetDirection")
			a.negotiates(b, 10*time.Millisecond)
			time.Sleep(time.Second)
		}
		a.must(sender.ReplaceTrack(nil), "ReplaceTrack")
		negotiates(RTPTransceiverDirectionInactive)
		negotiates(RTPTransceiverDirectionSendrecv)
		wantNow(true, "mute", "track")
		b.must(atB.SetDirection(RTPTransceiverDirectionInactive), "SetDirection")
		b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		b.must(b.SetLocalDescription(SessionDescription{Type: SDPTypeRollback}), "SetLocalDescription(rollback)")
		a.must(sender.ReplaceTrack(voice.track), "ReplaceTrack")
		media()
		wantNow(false, "unmute")
		if atB.CurrentDirection() != RTPTransceiverDirectionRecvonly {
			t.Errorf("the direction is %s", atB.CurrentDirection())
		}
	})
}

// RFC 8853 §5.3.2: streams that an offer asks for by name are named in the answer,
// whether they are sent or not, and in the offers that follow, active or not.
func TestSimulcastIsAnsweredByName(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, err := d.b.AddTransceiverFromKind(RTPCodecTypeVideo, RTPTransceiverInit{Direction: RTPTransceiverDirectionSendonly, SendEncodings: namedEncodings("foo", "bar")})
		d.must(err)
		offer, err := d.b.CreateOffer(nil)
		d.must(err)
		offer = edited(offer, replacer("a=rid:foo send", "a=rid:~foo recv", "a=rid:bar send", "a=rid:bar recv max-fps=30", "simulcast:send", "simulcast:recv", "a=sendonly", "a=recvonly"))
		d.must(d.a.SetRemoteDescription(offer))
		tr := d.a.GetTransceivers()[0]
		for _, direction := range []RTPTransceiverDirection{RTPTransceiverDirectionRecvonly, RTPTransceiverDirectionSendonly} {
			d.must(tr.SetDirection(direction))
			answer, err := d.a.CreateAnswer(nil)
			d.must(err)
			wantLines(t, answer.SDP, "a=rid:foo send", "a=rid:bar send", "a=simulcast:send foo;bar")
		}
		d.must(d.a.SetLocalDescription(SessionDescription{}))
		p := tr.Sender().GetParameters()
		for i := range p.Encodings {
			p.Encodings[i].Active = false
		}
		d.must(tr.Sender().SetParameters(p))
		next, err := d.a.CreateOffer(nil)
		d.must(err)
		wantLines(t, next.SDP, "a=simulcast:send foo;bar")
	})
}
