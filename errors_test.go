package webrtc

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// TestReasonsAreFound checks that errors.Is finds the reason that programs test
// for, and errors.As the W3C type around it.
func TestReasonsAreFound(t *testing.T) {
	pc, err := NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	create := func(init *DataChannelInit) error {
		_, err := pc.CreateDataChannel("chat", init)
		return err
	}
	long := strings.Repeat("x", 65536)
	yes, one, last := true, uint16(1), uint16(65535)
	channel, err := pc.CreateDataChannel("chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, detached := channel.Detach()
	_, labelled := pc.CreateDataChannel(long, nil)
	_, answered := pc.CreateAnswer(nil)
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	offered := func(drop string) error {
		other, err := NewPeerConnection(Configuration{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		var kept []string
		for line := range strings.Lines(offer.SDP) {
			if !strings.HasPrefix(line, drop) {
				kept = append(kept, line)
			}
		}
		return other.SetRemoteDescription(SessionDescription{Type: SDPTypeOffer, SDP: strings.Join(kept, "")})
	}
	mid := "0"
	for _, c := range []struct {
		what   string
		err    error
		reason error
		as     any
	}{
		{"Send before open", channel.Send(nil), ErrDataChannelNotOpen, new(*rtcerr.InvalidStateError)},
		{"Detach before open", detached, ErrDataChannelNotOpen, new(*rtcerr.InvalidStateError)},
		{"long label", labelled, ErrStringSizeLimit, new(*rtcerr.TypeError)},
		{"long protocol", create(&DataChannelInit{Protocol: &long}), ErrProtocolTooLarge, new(*rtcerr.TypeError)},
		{"negotiated without id", create(&DataChannelInit{Negotiated: &yes}), ErrNegotiatedWithoutID, new(*rtcerr.TypeError)},
		{"id 65535", create(&DataChannelInit{Negotiated: &yes, ID: &last}), ErrMaxDataChannelID, new(*rtcerr.TypeError)},
		{"two limits", create(&DataChannelInit{MaxRetransmits: &one, MaxPacketLifeTime: &one}), ErrRetransmitsOrPacketLifeTime, new(*rtcerr.TypeError)},
		{"early candidate", pc.AddICECandidate(ICECandidateInit{SDPMid: &mid}), ErrNoRemoteDescription, new(*rtcerr.InvalidStateError)},
		{"answer to nothing", answered, ErrNoRemoteDescription, new(*rtcerr.InvalidStateError)},
		{"answer to nothing, again", answered, ErrIncorrectSignalingState, new(*rtcerr.InvalidStateError)},
		{"garbage", pc.SetRemoteDescription(SessionDescription{Type: SDPTypeOffer, SDP: "hello"}), ErrSDPUnmarshalling, new(*rtcerr.RTCError)},
		{"no fingerprint", offered("a=fingerprint"), ErrSessionDescriptionNoFingerprint, new(*rtcerr.InvalidAccessError)},
		{"no ufrag", offered("a=ice-ufrag"), ErrSessionDescriptionMissingIceUfrag, new(*rtcerr.InvalidAccessError)},
		{"no pwd", offered("a=ice-pwd"), ErrSessionDescriptionMissingIcePwd, new(*rtcerr.InvalidAccessError)},
	} {
		if !errors.Is(c.err, c.reason) {
			t.Errorf("%s: %v, want it to match %q", c.what, c.err, c.reason)
		}
		if !errors.As(c.err, c.as) {
			t.Errorf("%s: %v is no %T", c.what, c.err, c.as)
		}
	}

	pc.Close()
	for what, err := range map[string]error{
		"CreateDataChannel":    create(nil),
		"AddICECandidate":      pc.AddICECandidate(ICECandidateInit{}),
		"SetRemoteDescription": pc.SetRemoteDescription(offer),
		"Rollback":             pc.Rollback(),
	} {
		var state *rtcerr.InvalidStateError
		if !errors.Is(err, ErrConnectionClosed) || !errors.Is(err, net.ErrClosed) || !errors.As(err, &state) {
			t.Errorf("%s after Close: %v, want an InvalidStateError that matches ErrConnectionClosed", what, err)
		}
	}
	if err := channel.Send(nil); !errors.Is(err, ErrDataChannelNotOpen) || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send after Close: %v, want it to match ErrDataChannelNotOpen and net.ErrClosed", err)
	}
}
