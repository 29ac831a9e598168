package webrtc

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// webrtc-pc §4.4.1.5 and RFC 9429 §5.2: offers without sections are offers, and are
// answered.
func TestDescriptionsWithoutSections(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		n := needsOf(d.a)
		d.negotiates(d.a, d.b)
		if s := d.a.SignalingState(); s != SignalingStateStable || d.a.CurrentLocalDescription() == nil || d.b.CurrentRemoteDescription() == nil {
			t.Errorf("the state is %s", s)
		}
		if d.a.ICEGatheringState() != ICEGatheringStateNew || d.a.ICEConnectionState() != ICEConnectionStateNew || d.a.ConnectionState() != PeerConnectionStateNew {
			t.Errorf("without sections: gathering %s, ICE %s, connection %s", d.a.ICEGatheringState(), d.a.ICEConnectionState(), d.a.ConnectionState())
		}
		n.want(t, 0, "nothing to negotiate")
		// What comes later is negotiated as ever.
		d.adds(d.a, d.track(RTPCodecTypeAudio, "voice", "me"))
		d.negotiates(d.a, d.b)
		if len(d.b.GetTransceivers()) != 1 {
			t.Error("the track has made no transceiver")
		}
	})
}

// webrtc-pc §4.4.1.5: "If the content of description is not valid SDP syntax, then
// reject p with an RTCError (with errorDetail set to "sdp-syntax-error" and the
// sdpLineNumber attribute set to the line number in the SDP where the syntax error was
// detected)".
func TestSyntaxErrorsHaveALine(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.adds(d.b, d.track(RTPCodecTypeAudio, "voice", "me"))
		offer, err := d.b.CreateOffer(nil)
		d.must(err)
		lines := strings.SplitAfter(offer.SDP, "\r\n")
		for _, c := range []struct {
			name, sdp string
			line      int
		}{
			{"no description", "Invalid SDP", 1},
			{"a line without =", strings.Join(append(append(lines[:5:5], "nonsense\r\n"), lines[5:]...), ""), 6},
			{"an origin that is none", strings.Replace(offer.SDP, lines[1], "o=x\r\n", 1), 2},
		} {
			var failure *rtcerr.RTCError
			err := d.a.SetRemoteDescription(SessionDescription{Type: SDPTypeOffer, SDP: c.sdp})
			if !errors.As(err, &failure) || failure.RTCErrorDetail() != "sdp-syntax-error" || failure.SDPLineNumber() == nil || *failure.SDPLineNumber() != c.line {
				t.Errorf("%s: %v, want a syntax error in line %d", c.name, err, c.line)
			}
			if d.a.SignalingState() != SignalingStateStable || d.a.RemoteDescription() != nil {
				t.Errorf("%s: something was set", c.name)
			}
		}
	})
}

// webrtc-pc §4.4.2, addIceCandidate, its errors in the order of its steps.
func TestAddICECandidateByTheLetter(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.adds(d.b, d.track(RTPCodecTypeAudio, "voice", "me"))
		d.adds(d.b, d.track(RTPCodecTypeVideo, "camera", "me"))
		offer, err := d.b.CreateOffer(nil)
		d.must(err)
		_, rest, _ := strings.Cut(offer.SDP, "a=ice-ufrag:")
		ufrag, _, _ := strings.Cut(rest, "\r\n")
		const good = "candidate:1 1 udp 2113929471 203.0.113.100 10100 typ host"
		var wrongType *rtcerr.TypeError
		var state *rtcerr.InvalidStateError
		var operation *rtcerr.OperationError
		steps := []struct {
			name   string
			init   ICECandidateInit
			before any // without a remote description
			after  any // nil is success
		}{
			{"no section", ICECandidateInit{Candidate: good}, &wrongType, &wrongType},
			{"no section, malformed", ICECandidateInit{Candidate: "(Invalid) candidate"}, &wrongType, &wrongType},
			{"end of all", ICECandidateInit{}, &state, nil},
			{"mid", ICECandidateInit{Candidate: good, SDPMid: new("0")}, &state, nil},
			{"index", ICECandidateInit{Candidate: good, SDPMLineIndex: new(uint16(1))}, &state, nil},
			{"mid before index", ICECandidateInit{Candidate: good, SDPMid: new("0"), SDPMLineIndex: new(uint16(7))}, &state, nil},
			{"unknown mid", ICECandidateInit{Candidate: good, SDPMid: new("x"), SDPMLineIndex: new(uint16(0))}, &state, &operation},
			{"index too large", ICECandidateInit{Candidate: good, SDPMLineIndex: new(uint16(2))}, &state, &operation},
			{"ufrag", ICECandidateInit{Candidate: good, SDPMid: new("1"), UsernameFragment: new(ufrag)}, &state, nil},
			{"unknown ufrag", ICECandidateInit{Candidate: good, SDPMid: new("1"), UsernameFragment: new("x")}, &state, &operation},
			{"unknown ufrag, the end", ICECandidateInit{SDPMid: new("1"), UsernameFragment: new("x")}, &state, &operation},
			{"malformed", ICECandidateInit{Candidate: "(Invalid) candidate \r\n string", SDPMid: new("0")}, &state, &operation},
			{"end of a section", ICECandidateInit{SDPMid: new("0")}, &state, nil},
			{"end by index", ICECandidateInit{SDPMLineIndex: new(uint16(1))}, &state, nil},
		}
		for _, step := range steps {
			d.wantError(d.a.AddICECandidate(step.init), step.before, step.name+", before a remote description")
		}
		d.must(d.a.SetRemoteDescription(offer))
		for _, step := range steps {
			before := d.a.RemoteDescription().SDP
			err := d.a.AddICECandidate(step.init)
			if step.after == nil {
				d.must(err)
				continue
			}
			d.wantError(err, step.after, step.name)
			if d.a.RemoteDescription().SDP != before {
				t.Errorf("%s: the description has changed", step.name)
			}
		}
		// "Add candidate to connection.[[PendingRemoteDescription]].sdp."
		sections := strings.Split(d.a.RemoteDescription().SDP, "\r\nm=")
		for i, section := range sections[1:] {
			if strings.Count(section, "a="+good) != 1 || strings.Count(section, "a=end-of-candidates") != 1 {
				t.Errorf("section %d is\n%s", i, section)
			}
		}
		d.must(d.a.Close())
		d.wantError(d.a.AddICECandidate(ICECandidateInit{SDPMid: new("0")}), &state, "after Close")
	})
}

// webrtc-pc §4.4.2, restartIce, in each signaling state: the credentials that are
// there when it is called are replaced, and no others.
func TestRestartICEInEveryState(t *testing.T) {
	for _, c := range []struct {
		name string
		call func(d *desk) // in the state
		// restarted says whether the exchange under way brings other credentials
		// already.
		restarted bool
	}{
		{"stable", func(d *desk) { d.a.RestartICE(); d.offers(d.a, d.b); d.answers(d.b, d.a) }, true},
		{"have-local-offer", func(d *desk) { d.offers(d.a, d.b); d.a.RestartICE(); d.answers(d.b, d.a) }, false},
		{"have-remote-offer", func(d *desk) { d.offers(d.b, d.a); d.a.RestartICE(); d.answers(d.a, d.b) }, false},
		{"before a rollback", func(d *desk) {
			d.a.RestartICE()
			d.must(d.a.SetLocalDescription(SessionDescription{}))
			d.must(d.a.Rollback())
			d.offers(d.a, d.b)
			d.answers(d.b, d.a)
		}, true},
		{"before a restart of the peer's", func(d *desk) {
			d.a.RestartICE()
			d.b.RestartICE()
			d.offers(d.b, d.a)
			d.answers(d.a, d.b)
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			onDesk(t, func(t *testing.T, d *desk) {
				d.adds(d.a, d.track(RTPCodecTypeAudio, "voice", "me"))
				d.negotiates(d.a, d.b)
				n := needsOf(d.a)
				before := ufragOf(d.a)
				c.call(d)
				if got := ufragOf(d.a) != before; got != c.restarted {
					t.Errorf("other credentials after the exchange: %v, want %v", got, c.restarted)
				}
				d.settles()
				if needed := d.a.NegotiationNeeded(); needed == c.restarted {
					t.Errorf("negotiation is needed: %v", needed)
				}
				n.count.Store(0)
				d.negotiates(d.a, d.b)
				if ufragOf(d.a) == before || d.a.NegotiationNeeded() {
					t.Errorf("after another exchange the ufrag was %s and is %s, negotiation needed %v", before, ufragOf(d.a), d.a.NegotiationNeeded())
				}
			})
		})
	}
}

func ufragOf(pc *PeerConnection) string {
	_, rest, _ := strings.Cut(pc.CurrentLocalDescription().SDP, "a=ice-ufrag:")
	ufrag, _, _ := strings.Cut(rest, "\r\n")
	return ufrag
}

// answers has from answer the offer that it was given.
func (d *desk) answers(from, to *PeerConnection) {
	d.Helper()
	d.must(from.SetLocalDescription(SessionDescription{}))
	d.must(to.SetRemoteDescription(*from.LocalDescription()))
}

// webrtc-pc §4.3.2 and RFC 9429 §4.1.10.2: the rollback of the first offer discards
// its transports, so that gathering is new again; that of a later one changes nothing
// of what is complete.
func TestVirtualRollbackOfGathering(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		a.channel("data", nil)
		var j journal
		a.OnICEGatheringStateChange(func(s ICEGatheringState) { j.note("%s", s) })
		complete := func() bool { return a.ICEGatheringState() == ICEGatheringStateComplete }
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		w.within(5*time.Second, "gathering is complete", complete)
		a.must(a.Rollback(), "Rollback")
		wantJournal(t, "a", j.read(), []string{"gathering", "complete", "new"})
		a.exchanges(b, asItIs)
		w.within(5*time.Second, "gathering is complete", complete)
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		a.must(a.Rollback(), "Rollback")
		wantJournal(t, "a", j.read(), []string{"gathering", "complete", "new", "gathering", "complete"})
	})
}

// webrtc-pc §5.4, stop, between the steps of an exchange: a transceiver that is
// stopping is in the offers and answers that were made before, and ends with the next.
func TestStopBetweenTheSteps(t *testing.T) {
	for _, step := range []string{"after CreateOffer", "after SetLocalDescription", "after CreateAnswer", "after the answer"} {
		t.Run(step, func(t *testing.T) {
			onDesk(t, func(t *testing.T, d *desk) {
				d.adds(d.a, d.track(RTPCodecTypeAudio, "voice", "me"))
				d.adds(d.b, d.track(RTPCodecTypeAudio, "voice", "me"))
				of := d.a
				stop := func(at string) {
					if step == at {
						d.must(of.GetTransceivers()[0].Stop())
					}
				}
				offer, err := d.a.CreateOffer(nil)
				d.must(err)
				stop("after CreateOffer")
				d.must(d.b.SetRemoteDescription(offer))
				d.must(d.a.SetLocalDescription(offer))
				stop("after SetLocalDescription")
				answer, err := d.b.CreateAnswer(nil)
				d.must(err)
				if step == "after CreateAnswer" || step == "after the answer" {
					of = d.b
				}
				stop("after CreateAnswer")
				d.must(d.a.SetRemoteDescription(answer))
				d.must(d.b.SetLocalDescription(answer))
				stop("after the answer")
				n := needsOf(of)
				tr := of.GetTransceivers()[0]
				if tr.Direction() != RTPTransceiverDirectionStopped || tr.CurrentDirection() == RTPTransceiverDirectionStopped || tr.Mid() == "" {
					t.Errorf("it is %s, currently %s, with mid %q", tr.Direction(), tr.CurrentDirection(), tr.Mid())
				}
				n.want(t, 1, "a stop that is not negotiated yet")
				d.negotiates(d.a, d.b)
				if len(d.a.GetTransceivers())+len(d.b.GetTransceivers()) != 0 {
					t.Error("the transceivers are there still")
				}
				if tr.CurrentDirection() != RTPTransceiverDirectionStopped || tr.Mid() != "" {
					t.Errorf("it is currently %s, with mid %q", tr.CurrentDirection(), tr.Mid())
				}
				n.want(t, 0, "the stop is negotiated")
			})
		})
	}
}

// RFC 9429 §5.2.2: "the "a=msid" line(s) MUST stay the same if they are present in the
// current description, regardless of changes to the transceiver's direction or track":
// a track that is replaced while the offer is under way has the name that it was
// offered with.
func TestReplacedTrackKeepsTheOfferedName(t *testing.T) {
	for _, set := range []bool{false, true} {
		onDesk(t, func(t *testing.T, d *desk) {
			s := d.adds(d.a, d.track(RTPCodecTypeVideo, "first", "me"))
			offer, err := d.a.CreateOffer(nil)
			d.must(err)
			if set {
				d.must(d.a.SetLocalDescription(offer))
			}
			d.must(s.ReplaceTrack(d.track(RTPCodecTypeVideo, "second", "me")))
			if !set {
				d.must(d.a.SetLocalDescription(offer))
			}
			d.must(d.b.SetRemoteDescription(offer))
			d.answers(d.b, d.a)
			for range 2 {
				if id := d.b.GetReceivers()[0].Track().ID(); id != "first" {
					t.Errorf("the track is %q to the peer", id)
				}
				if !strings.Contains(d.a.LocalDescription().SDP, "a=msid:me first\r\n") {
					t.Errorf("the offer is\n%s", d.a.LocalDescription().SDP)
				}
				d.negotiates(d.a, d.b)
			}
		})
	}
}
