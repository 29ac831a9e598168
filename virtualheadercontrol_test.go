package webrtc

import (
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
	"github.com/parleyrtc/webrtc/transceiver/extension"
)

// directionOf returns the direction that a list has for an extension.
func directionIn(list []RTPHeaderExtensionCapability, uri string) RTPTransceiverDirection {
	for _, e := range list {
		if e.URI == uri {
			return e.Direction
		}
	}
	return RTPTransceiverDirectionUnknown
}

// directs has a transceiver negotiate an extension in another direction.
func (d *desk) directs(t *RTPTransceiver, uri string, direction RTPTransceiverDirection) error {
	list := t.GetHeaderExtensionsToNegotiate()
	for i := range list {
		if list[i].URI == uri {
			list[i].Direction = direction
		}
	}
	return t.SetHeaderExtensionsToNegotiate(list)
}

// webrtc-extensions §5, setHeaderExtensionsToNegotiate: what it refuses.
func TestHeaderExtensionsThatAreRefused(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var typed *rtcerr.TypeError
		var modification *rtcerr.InvalidModificationError
		for _, kind := range []RTPCodecType{RTPCodecTypeAudio, RTPCodecTypeVideo} {
			transceiver, err := d.a.AddTransceiverFromKind(kind)
			d.must(err)
			known := transceiver.GetHeaderExtensionsToNegotiate()
			if directionIn(known, extension.MID) != RTPTransceiverDirectionSendrecv {
				t.Errorf("%s: mid is not among %v", kind, known)
			}
			if n := len(GetSenderCapabilities(kind).HeaderExtensions); n != len(known) {
				t.Errorf("%s: %d extensions, and %d capabilities", kind, len(known), n)
			}
			list := func(change func(l []RTPHeaderExtensionCapability) []RTPHeaderExtensionCapability) []RTPHeaderExtensionCapability {
				return change(transceiver.GetHeaderExtensionsToNegotiate())
			}
			for name, c := range map[string]struct {
				list   []RTPHeaderExtensionCapability
				target any
			}{
				"no URI": {list(func(l []RTPHeaderExtensionCapability) []RTPHeaderExtensionCapability { l[0].URI = ""; return l }), &typed},
				"no direction": {list(func(l []RTPHeaderExtensionCapability) []RTPHeaderExtensionCapability {
					l[1].Direction = RTPTransceiverDirectionUnknown
					return l
				}), &typed},
				"unknown URI": {list(func(l []RTPHeaderExtensionCapability) []RTPHeaderExtensionCapability { l[0].URI = "4711"; return l }), &modification},
				"fewer":       {list(func(l []RTPHeaderExtensionCapability) []RTPHeaderExtensionCapability { return l[1:] }), &modification},
				"more":        {list(func(l []RTPHeaderExtensionCapability) []RTPHeaderExtensionCapability { return append(l, l[0]) }), &modification},
				"order": {list(func(l []RTPHeaderExtensionCapability) []RTPHeaderExtensionCapability {
					l[0], l[1] = l[1], l[0]
					return l
				}), &modification},
			} {
				d.wantError(transceiver.SetHeaderExtensionsToNegotiate(c.list), c.target, kind.String()+", "+name)
			}
			for _, direction := range []RTPTransceiverDirection{RTPTransceiverDirectionSendonly, RTPTransceiverDirectionRecvonly, RTPTransceiverDirectionInactive, RTPTransceiverDirectionStopped} {
				d.wantError(d.directs(transceiver, extension.MID, direction), &modification, "mid "+direction.String())
			}
			d.must(transceiver.SetHeaderExtensionsToNegotiate(known))
		}
	})
}

// webrtc-extensions §5: what is stopped is not offered, only the negotiated ones
// are in use, and one that was stopped can be offered anew.
func TestHeaderExtensionsAreNegotiatedAsAsked(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		const uri = extension.PlayoutDelay
		first, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo)
		d.must(err)
		second, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo)
		d.must(err)
		want := func(transceiver *RTPTransceiver, direction RTPTransceiverDirection, why string) {
			t.Helper()
			list := transceiver.GetNegotiatedHeaderExtensions()
			if got := directionIn(list, uri); got != direction {
				t.Errorf("%s: negotiated %s, want %s", why, got, direction)
			}
			if n := len(transceiver.GetHeaderExtensionsToNegotiate()); n != len(list) {
				t.Errorf("%s: %d extensions are negotiated, of %d", why, len(list), n)
			}
		}
		for _, e := range first.GetNegotiatedHeaderExtensions() {
			if e.Direction != RTPTransceiverDirectionStopped {
				t.Errorf("before negotiation %s is %s", e.URI, e.Direction)
			}
		}
		d.must(d.directs(first, uri, RTPTransceiverDirectionStopped))
		if got := directionIn(first.GetHeaderExtensionsToNegotiate(), uri); got != RTPTransceiverDirectionStopped {
			t.Errorf("the direction that was set is %s", got)
		}
		offer, err := d.a.CreateOffer(nil)
		d.must(err)
		if n := strings.Count(offer.SDP, uri); n != 1 {
			t.Errorf("the offer has the extension %d times, want 1:\n%s", n, offer.SDP)
		}
		d.negotiates(d.a, d.b)
		want(first, RTPTransceiverDirectionStopped, "stopped")
		want(second, RTPTransceiverDirectionSendrecv, "of the other transceiver")
		want(d.b.GetTransceivers()[0], RTPTransceiverDirectionStopped, "at the peer")

		third, err := d.a.AddTransceiverFromKind(RTPCodecTypeVideo)
		d.must(err)
		if got := directionIn(third.GetHeaderExtensionsToNegotiate(), uri); got != RTPTransceiverDirectionStopped {
			t.Errorf("a new transceiver has the extension %s", got)
		}
		d.must(d.directs(first, uri, RTPTransceiverDirectionSendrecv))
		d.negotiates(d.a, d.b)
		want(first, RTPTransceiverDirectionSendrecv, "asked for anew")
		want(d.b.GetTransceivers()[0], RTPTransceiverDirectionSendrecv, "asked for anew, at the peer")

		// A direction is seen from either side.
		d.must(d.directs(first, uri, RTPTransceiverDirectionSendonly))
		d.negotiates(d.a, d.b)
		want(first, RTPTransceiverDirectionSendonly, "sent only")
		want(d.b.GetTransceivers()[0], RTPTransceiverDirectionRecvonly, "sent only, at the peer")

		// The answerer decides for itself.
		d.must(d.directs(d.b.GetTransceivers()[1], uri, RTPTransceiverDirectionStopped))
		d.negotiates(d.a, d.b)
		want(second, RTPTransceiverDirectionStopped, "refused by the peer")
		d.must(first.Stop())
		d.negotiates(d.a, d.b)
		want(first, RTPTransceiverDirectionStopped, "of a stopped transceiver")
	})
}
