package webrtc

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/internal/simnet"
)

// six is which of the four slots hold a description, and its type: "-" for
// none.
func (p *peer) six() string {
	show := func(d *SessionDescription) string {
		if d == nil {
			return "-"
		}
		return d.Type.String()
	}
	return strings.Join([]string{
		show(p.CurrentLocalDescription()), show(p.PendingLocalDescription()), show(p.LocalDescription()),
		show(p.CurrentRemoteDescription()), show(p.PendingRemoteDescription()), show(p.RemoteDescription()),
	}, " ")
}

func (p *peer) wantSix(want, when string) {
	p.w.Helper()
	if got := p.six(); got != want {
		p.w.Errorf("%s: %s the descriptions are %q, want %q", p.name, when, got, want)
	}
}

func (p *peer) wantState(want SignalingState, when string) {
	p.w.Helper()
	if got := p.SignalingState(); got != want {
		p.w.Errorf("%s: %s the signaling state is %s, want %s", p.name, when, got, want)
	}
}

func TestVirtualSixDescriptionsAtEveryMoment(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		a.channel("chat", nil)
		a.wantSix("- - - - - -", "at first")
		offer, err := a.CreateOffer(nil)
		a.must(err, "CreateOffer")
		a.wantSix("- - - - - -", "after CreateOffer")
		a.must(a.SetLocalDescription(offer), "SetLocalDescription(offer)")
		a.wantSix("- offer offer - - -", "after the offer")
		b.must(b.SetRemoteDescription(offer), "SetRemoteDescription(offer)")
		b.wantSix("- - - - offer offer", "after the offer")
		answer, err := b.CreateAnswer(nil)
		b.must(err, "CreateAnswer")
		pranswer := SessionDescription{Type: SDPTypePranswer, SDP: answer.SDP}
		b.must(b.SetLocalDescription(pranswer), "SetLocalDescription(pranswer)")
		b.wantSix("- pranswer pranswer - offer offer", "after the provisional answer")
		b.wantState(SignalingStateHaveLocalPranswer, "after the provisional answer")
		a.must(a.SetRemoteDescription(pranswer), "SetRemoteDescription(pranswer)")
		a.wantSix("- offer offer - pranswer pranswer", "after the provisional answer")
		a.wantState(SignalingStateHaveRemotePranswer, "after the provisional answer")
		b.must(b.SetLocalDescription(answer), "SetLocalDescription(answer)")
		b.wantSix("answer - answer offer - offer", "after the answer")
		a.must(a.SetRemoteDescription(answer), "SetRemoteDescription(answer)")
		a.wantSix("offer - offer answer - answer", "after the answer")
		a.wantState(SignalingStateStable, "after the answer")
		for _, p := range []*peer{a, b} {
			w.within(time.Second, "gathering completes", func() bool { return p.ICEGatheringState() == ICEGatheringStateComplete })
			text := p.CurrentLocalDescription().SDP
			if !strings.Contains(text, "a=candidate:") || !strings.Contains(text, "a=end-of-candidates") {
				t.Errorf("%s's local description has not got its candidates and their end:\n%s", p.name, text)
			}
		}
	})
}

// TestVirtualTransportsStartOnAProvisionalAnswer: a provisional answer
// starts ICE and DTLS (RFC 9429 §4.1.8). The transport that the offer has for the
// video, and that the answer does not need, holds nothing up.
func TestVirtualTransportsStartOnAProvisionalAnswer(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		d := a.channel("chat", nil)
		_, err := a.AddTransceiverFromKind(RTPCodecTypeVideo)
		a.must(err, "AddTransceiverFromKind")
		a.must(a.SetLocalDescription(SessionDescription{}), "offer")
		b.must(b.SetRemoteDescription(*a.LocalDescription()), "offer")
		b.must(b.SetLocalDescription(SessionDescription{Type: SDPTypePranswer}), "pranswer")
		a.must(a.SetRemoteDescription(*b.LocalDescription()), "pranswer")
		w.within(5*time.Second, "both are connected before the answer", connected(a, b))
		b.must(b.SetLocalDescription(SessionDescription{Type: SDPTypeAnswer}), "answer")
		a.must(a.SetRemoteDescription(*b.LocalDescription()), "answer")
		w.within(5*time.Second, "the channel opens", func() bool { return d.ReadyState() == DataChannelStateOpen })
		a.must(d.SendText("hello"), "SendText")
		w.within(time.Second, "b hears a", b.got("hello"))
	})
}

func TestVirtualRollbackFromEitherSide(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		a.channel("chat", nil)
		a.must(a.SetLocalDescription(SessionDescription{}), "offer")
		offer := *a.LocalDescription()
		b.must(b.SetRemoteDescription(offer), "offer")
		a.must(a.SetLocalDescription(SessionDescription{Type: SDPTypeRollback}), "rollback of the local offer")
		a.wantSix("- - - - - -", "after the rollback")
		a.wantState(SignalingStateStable, "after the rollback")
		b.must(b.SetRemoteDescription(SessionDescription{Type: SDPTypeRollback}), "rollback of the remote offer")
		b.wantSix("- - - - - -", "after the rollback")
		if !a.NegotiationNeeded() {
			t.Error("a still has a channel to negotiate, but needs no negotiation after the rollback")
		}
		var state *rtcerr.InvalidStateError
		if err := a.Rollback(); !errors.As(err, &state) {
			t.Errorf("a rollback in stable returned %v, want an InvalidStateError", err)
		}

		a.negotiates(b, time.Millisecond)
		w.within(5*time.Second, "both connect afterwards", connected(a, b))
		before := a.six()
		a.RestartICE()
		a.must(a.SetLocalDescription(SessionDescription{}), "offer with a restart")
		a.must(a.Rollback(), "Rollback")
		a.wantSix(before, "after the rollback of a restart")
		a.must(a.channels[0].SendText("still connected"), "SendText")
		w.within(time.Second, "b hears a", b.got("still connected"))
		w.within(time.Second, "a is connected", connected(a))
	})
}

func TestAddICECandidateErrors(t *testing.T) {
	mid, wrongMid, index, wrongIndex, ufrag := "0", "nobody", uint16(0), uint16(7), "nobody"
	const good = "candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host"
	for _, c := range []struct {
		name string
		init ICECandidateInit
		want any // pointer to the W3C type, nil for success
	}{
		{"mid and index missing", ICECandidateInit{Candidate: good}, new(*rtcerr.TypeError)},
		{"unknown mid", ICECandidateInit{Candidate: good, SDPMid: &wrongMid}, new(*rtcerr.OperationError)},
		{"unknown index", ICECandidateInit{Candidate: good, SDPMLineIndex: &wrongIndex}, new(*rtcerr.OperationError)},
		{"unknown usernameFragment", ICECandidateInit{Candidate: good, SDPMid: &mid, UsernameFragment: &ufrag}, new(*rtcerr.OperationError)},
		{"no candidate's text", ICECandidateInit{Candidate: "candidate:nonsense", SDPMid: &mid}, new(*rtcerr.OperationError)},
		{"a port that is none", ICECandidateInit{Candidate: "candidate:1 1 udp 1 192.0.2.7 65536 typ host", SDPMid: &mid}, new(*rtcerr.OperationError)},
		{"a type of the future", ICECandidateInit{Candidate: "candidate:1 1 udp 1 192.0.2.7 5000 typ tunnel", SDPMid: &mid}, nil},
		{"by mid", ICECandidateInit{Candidate: good, SDPMid: &mid}, nil},
		{"by index", ICECandidateInit{Candidate: good, SDPMLineIndex: &index}, nil},
		{"without its prefix", ICECandidateInit{Candidate: good[len("candidate:"):], SDPMid: &mid}, nil},
		{"the end of one section", ICECandidateInit{SDPMid: &mid}, nil},
		{"the end of all", ICECandidateInit{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				var state *rtcerr.InvalidStateError
				if err := b.AddICECandidate(ICECandidateInit{Candidate: good, SDPMid: &mid}); !errors.As(err, &state) {
					t.Errorf("without a remote description: %v, want an InvalidStateError", err)
				}
				a.channel("chat", nil)
				a.must(a.SetLocalDescription(SessionDescription{}), "offer")
				b.must(b.SetRemoteDescription(*a.LocalDescription()), "offer")
				before := b.RemoteDescription().SDP
				err := b.AddICECandidate(c.init)
				if c.want == nil {
					b.must(err, "AddICECandidate")
					return
				}
				if !errors.As(err, c.want) {
					t.Errorf("got %v, want %T", err, c.want)
				}
				if after := b.RemoteDescription().SDP; after != before {
					t.Errorf("the failed call changed the remote description to\n%s", after)
				}
			})
		})
	}
}

func TestCreateDataChannelErrors(t *testing.T) {
	pc, err := NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	yes, id, last, ms := true, uint16(5), uint16(65535), uint16(100)
	long := strings.Repeat("x", 65536)
	for _, c := range []struct {
		name, label string
		init        *DataChannelInit
		want        any
	}{
		{"label of 65536 bytes", long, nil, new(*rtcerr.TypeError)},
		{"protocol of 65536 bytes", "", &DataChannelInit{Protocol: &long}, new(*rtcerr.TypeError)},
		{"both limits", "", &DataChannelInit{MaxRetransmits: &ms, MaxPacketLifeTime: &ms}, new(*rtcerr.TypeError)},
		{"negotiated without id", "", &DataChannelInit{Negotiated: &yes}, new(*rtcerr.TypeError)},
		{"id 65535", "", &DataChannelInit{Negotiated: &yes, ID: &last}, new(*rtcerr.TypeError)},
		{"good", long[1:], &DataChannelInit{Negotiated: &yes, ID: &id}, nil},
		{"id in use", "", &DataChannelInit{Negotiated: &yes, ID: &id}, new(*rtcerr.OperationError)},
	} {
		_, err := pc.CreateDataChannel(c.label, c.init)
		if c.want == nil && err != nil || c.want != nil && !errors.As(err, c.want) {
			t.Errorf("%s: got %.200v, want %T", c.name, err, c.want)
		}
	}
	if err := pc.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = pc.CreateDataChannel("late", nil)
	var state *rtcerr.InvalidStateError
	if !errors.As(err, &state) || !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v, want an InvalidStateError that matches net.ErrClosed", err)
	}
}
