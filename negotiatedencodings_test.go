package webrtc

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// encodingRIDs returns the names of a sender's encodings, as a program sees them.
func encodingRIDs(s *RTPSender) []string {
	var rids []string
	for _, e := range s.GetParameters().Encodings {
		rids = append(rids, e.RID)
	}
	return rids
}

func (d *desk) wantRIDs(s *RTPSender, why string, want ...string) {
	d.Helper()
	if got := encodingRIDs(s); !slices.Equal(got, want) {
		d.Errorf("%s: the encodings are %q, want %q", why, got, want)
	}
}

func namedEncodings(rids ...string) []RTPEncodingParameters {
	var list []RTPEncodingParameters
	for _, rid := range rids {
		list = append(list, RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: rid}})
	}
	return list
}

// replacer returns an edit that puts the second of each pair in the place of the first.
func replacer(pairs ...string) func(sdp string) string { return strings.NewReplacer(pairs...).Replace }

func wantLines(t *testing.T, sdp string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(sdp, line+"\r\n") {
			t.Errorf("no %q in\n%s", line, sdp)
		}
	}
}

func edited(d SessionDescription, edit func(sdp string) string) SessionDescription {
	d.SDP = edit(d.SDP)
	return d
}

// webrtc-pc §4.4.1.5: an answer leaves those of the encodings that it names, the first
// one if it names none, and all where several were not under discussion.
func TestAnswersNarrowTheEncodings(t *testing.T) {
	for _, c := range []struct {
		name      string
		direction RTPTransceiverDirection
		answer    func(string) string
		want      []string
	}{
		{"all", RTPTransceiverDirectionSendrecv, unchanged, []string{"q", "h", "f"}},
		{"two", RTPTransceiverDirectionSendrecv, replacer("a=rid:h recv\r\n", "", "recv q;h;f", "recv q;f"), []string{"q", "f"}},
		{"one by name", RTPTransceiverDirectionSendrecv, replacer("a=rid:h recv\r\n", "", "a=rid:q recv\r\n", "", "recv q;h;f", "recv f"), []string{"f"}},
		{"no simulcast", RTPTransceiverDirectionSendrecv, withoutLines("a=rid", "a=simulcast"), []string{""}},
		{"not offered", RTPTransceiverDirectionRecvonly, unchanged, []string{"q", "h", "f"}},
		{"paused", RTPTransceiverDirectionSendrecv, replacer("recv q;h;f", "recv q;~h;f"), []string{"q", "h", "f"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onDesk(t, func(t *testing.T, d *desk) {
				tr, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo, RTPTransceiverInit{Direction: c.direction, SendEncodings: namedEncodings("q", "h", "f")})
				d.must(err)
				d.offers(d.a, d.b)
				d.wantRIDs(tr.Sender(), "after the offer", "q", "h", "f")
				d.must(d.b.SetLocalDescription(SessionDescription{}))
				for _, typ := range []SDPType{SDPTypePranswer, SDPTypeAnswer} {
					answer := edited(*d.b.LocalDescription(), c.answer)
					answer.Type = typ
					d.must(d.a.SetRemoteDescription(answer))
					d.wantRIDs(tr.Sender(), "after the "+typ.String(), c.want...)
				}
				for _, e := range tr.Sender().GetParameters().Encodings {
					if !e.Active {
						t.Errorf("the encoding %q is not active", e.RID)
					}
				}
				// What is left is what is offered next.
				offer, err := d.a.CreateOffer(nil)
				d.must(err)
				if line := "a=simulcast:send " + strings.Join(c.want, ";") + "\r\n"; c.want[0] != "" && c.direction == RTPTransceiverDirectionSendrecv && !strings.Contains(offer.SDP, line) {
					t.Errorf("the next offer has no %q:\n%s", line, offer.SDP)
				}
				p := tr.Sender().GetParameters()
				d.must(tr.Sender().SetParameters(p))
			})
		})
	}
}

// webrtc-pc §4.4.1.5, proposedSendEncodings: a transceiver of addTrack gets the streams
// that an offer asks for, and its one encoding back with the rollback.
func TestOffersProposeEncodings(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		camera := d.track(RTPCodecTypeVideo, "camera", "me")
		s := d.adds(d.a, camera)
		d.wantRIDs(s, "at first", "")
		before := s.GetParameters()
		_, err := d.b.AddTransceiverFromKind(RTPCodecTypeVideo, RTPTransceiverInit{Direction: RTPTransceiverDirectionSendrecv, SendEncodings: namedEncodings("q", "h")})
		d.must(err)
		d.must(d.b.SetLocalDescription(SessionDescription{}))
		offer := edited(*d.b.LocalDescription(), replacer("a=rid:q send", "a=rid:q recv", "a=rid:h send", "a=rid:h recv", "simulcast:send", "simulcast:recv"))
		d.must(d.a.SetRemoteDescription(offer))
		d.wantRIDs(s, "after the offer", "q", "h")
		var state *rtcerr.InvalidModificationError
		d.wantError(s.SetParameters(before), &state, "with parameters of before the offer")
		d.must(d.a.Rollback())
		d.wantRIDs(s, "after the rollback", "")
		if now := s.GetParameters(); now.Encodings[0].SSRC != before.Encodings[0].SSRC || s.Track() != camera {
			t.Errorf("after the rollback: %+v of %v", now.Encodings, s.Track())
		}
		d.must(d.a.SetRemoteDescription(offer))
		answer, err := d.a.CreateAnswer(nil)
		d.must(err)
		if !strings.Contains(answer.SDP, "a=simulcast:send q;h\r\n") {
			t.Errorf("the answer is\n%s", answer.SDP)
		}
		d.must(d.a.SetLocalDescription(answer))
		d.wantRIDs(s, "after the answer", "q", "h")
		for i, track := range s.plan.Load().tracks {
			if track != camera {
				t.Errorf("encoding %d sends %v", i, track)
			}
		}
	})
}

// webrtc-pc §5.1, addTrack: a sender that is used anew sends the track in all of its
// encodings.
func TestVirtualAddTrackSendsAllEncodings(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(10*time.Millisecond))
		_, err := a.AddTransceiverFromKind(RTPCodecTypeVideo, RTPTransceiverInit{SendEncodings: namedEncodings("q", "h")})
		a.must(err, "AddTransceiverFromKind")
		camera, _ := a.source(MimeTypeVP8, "camera")
		if len(a.GetTransceivers()) != 1 {
			t.Fatal("the transceiver is not used")
		}
		atB := b.audience(100 * time.Millisecond)
		a.negotiates(b, 10*time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		together(10, 10*time.Millisecond, camera)
		if !atB.of("q").has(0, 9) || !atB.of("h").has(0, 9) {
			t.Errorf("b has got %v and %v", atB.of("q").got(), atB.of("h").got())
		}
	})
}
