package webrtc

import (
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// webrtc-pc §4.4.3.2, offerToReceiveAudio and offerToReceiveVideo, for both kinds.
func TestOfferToReceive(t *testing.T) {
	for _, kind := range []RTPCodecType{RTPCodecTypeAudio, RTPCodecTypeVideo} {
		options := func(receive bool) *OfferOptions {
			if kind == RTPCodecTypeAudio {
				return &OfferOptions{OfferToReceiveAudio: &receive}
			}
			return &OfferOptions{OfferToReceiveVideo: &receive}
		}
		t.Run(kind.String(), func(t *testing.T) {
			onDesk(t, func(t *testing.T, d *desk) {
				n := needsOf(d.a)
				offers := func(receive bool, sections int, direction RTPTransceiverDirection, why string) {
					t.Helper()
					offer, err := d.a.CreateOffer(options(receive))
					d.must(err)
					if got := strings.Count(offer.SDP, "m="+kind.String()); got != sections || len(d.a.GetTransceivers()) != sections {
						t.Errorf("%s: %d sections and %d transceivers, want %d", why, got, len(d.a.GetTransceivers()), sections)
					}
					for _, tr := range d.a.GetTransceivers() {
						if tr.Direction() != direction {
							t.Errorf("%s: the transceiver is %s, want %s", why, tr.Direction(), direction)
						}
					}
				}
				offers(false, 0, 0, "nothing is there")
				offers(true, 1, RTPTransceiverDirectionRecvonly, "true makes a transceiver")
				offers(true, 1, RTPTransceiverDirectionRecvonly, "which is enough")
				n.want(t, 0, "the option does not ask for negotiation")
				offers(false, 1, RTPTransceiverDirectionInactive, "recvonly ends up inactive")
				tr := d.a.GetTransceivers()[0]
				d.must(tr.SetDirection(RTPTransceiverDirectionSendrecv))
				offers(true, 1, RTPTransceiverDirectionSendrecv, "sendrecv is enough")
				offers(false, 1, RTPTransceiverDirectionSendonly, "sendrecv ends up sendonly")
				d.must(tr.Stop())
				if _, err := d.a.CreateOffer(options(true)); err != nil || len(d.a.GetTransceivers()) != 2 {
					t.Errorf("one that is stopped does not receive: %v, %d transceivers", err, len(d.a.GetTransceivers()))
				}
			})
		})
	}
	onDesk(t, func(t *testing.T, d *desk) {
		offer, err := d.a.CreateOffer(&OfferOptions{OfferToReceiveAudio: new(true), OfferToReceiveVideo: new(true)})
		d.must(err)
		if i, k := strings.Index(offer.SDP, "m=audio"), strings.Index(offer.SDP, "m=video"); i < 0 || k < i {
			t.Errorf("want audio, then video:\n%s", offer.SDP)
		}
		// A call that is refused makes nothing.
		d.must(d.b.SetRemoteDescription(offer))
		count := len(d.b.GetTransceivers())
		d.must(d.b.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionInactive))
		var state *rtcerr.InvalidStateError
		_, err = d.b.CreateOffer(&OfferOptions{OfferToReceiveAudio: new(true)})
		d.wantError(err, &state, "in have-remote-offer")
		if len(d.b.GetTransceivers()) != count {
			t.Error("the refused call has made a transceiver")
		}
	})
}
