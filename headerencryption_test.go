package webrtc

import (
	"errors"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

func TestHeaderEncryptionIsNegotiatedByPolicy(t *testing.T) {
	for _, c := range []struct {
		offerer, answerer RTPHeaderEncryptionPolicy
		negotiated        bool
		refused           bool
	}{
		{offerer: RTPHeaderEncryptionPolicyUnknown, answerer: RTPHeaderEncryptionPolicyUnknown, negotiated: true},
		{offerer: RTPHeaderEncryptionPolicyRequire, answerer: RTPHeaderEncryptionPolicyNegotiate, negotiated: true},
		{offerer: RTPHeaderEncryptionPolicyDisable, answerer: RTPHeaderEncryptionPolicyNegotiate},
		{offerer: RTPHeaderEncryptionPolicyNegotiate, answerer: RTPHeaderEncryptionPolicyDisable},
		{offerer: RTPHeaderEncryptionPolicyDisable, answerer: RTPHeaderEncryptionPolicyRequire, refused: true},
	} {
		t.Run(c.offerer.String()+" "+c.answerer.String(), func(t *testing.T) {
			onDesk(t, func(t *testing.T, d *desk) {
				d.must(d.a.Close())
				d.must(d.b.Close())
				var err error
				d.a, err = NewPeerConnection(Configuration{RTPHeaderEncryptionPolicy: c.offerer})
				d.must(err)
				defer d.a.Close()
				d.b, err = NewPeerConnection(Configuration{RTPHeaderEncryptionPolicy: c.answerer})
				d.must(err)
				defer d.b.Close()
				d.adds(d.a, d.track(RTPCodecTypeVideo, "camera"))
				offer, err := d.a.CreateOffer(nil)
				d.must(err)
				if got, want := strings.Contains(offer.SDP, "a=cryptex\r\n"), c.offerer != RTPHeaderEncryptionPolicyDisable; got != want {
					t.Errorf("cryptex is offered: %v, want %v", got, want)
				}
				err = d.b.SetRemoteDescription(offer)
				if c.refused {
					var access *rtcerr.InvalidAccessError
					d.wantError(err, &access, "an offer without what is required")
					if !errors.Is(err, ErrRTPHeaderEncryptionRequired) || d.b.SignalingState() != SignalingStateStable {
						t.Errorf("error %v in state %s", err, d.b.SignalingState())
					}
					return
				}
				d.must(err)
				answer, err := d.b.CreateAnswer(nil)
				d.must(err)
				if got := strings.Contains(answer.SDP, "a=cryptex\r\n"); got != c.negotiated {
					t.Errorf("cryptex is answered: %v, want %v", got, c.negotiated)
				}
			})
		})
	}
}

func TestHeaderEncryptionPolicyStays(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var modification *rtcerr.InvalidModificationError
		err := d.a.SetConfiguration(Configuration{RTPHeaderEncryptionPolicy: RTPHeaderEncryptionPolicyRequire})
		d.wantError(err, &modification, "another policy")
		d.must(d.a.SetConfiguration(Configuration{}))
		if p := d.a.GetConfiguration().RTPHeaderEncryptionPolicy; p != RTPHeaderEncryptionPolicyNegotiate {
			t.Errorf("the policy is %s, want negotiate", p)
		}
	})
}
