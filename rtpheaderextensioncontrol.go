package webrtc

import (
	"fmt"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/signaling"
	"github.com/parleyrtc/webrtc/transceiver/extension"
)

// GetHeaderExtensionsToNegotiate returns every header extension that the
// transceiver knows and in which direction descriptions are to have it, stopped
// for not at all (webrtc-extensions §5). The result is the caller's, for
// SetHeaderExtensionsToNegotiate.
func (t *RTPTransceiver) GetHeaderExtensionsToNegotiate() []RTPHeaderExtensionCapability {
	return t.readExtensions(func(e RTPHeaderExtensionCapability) RTPTransceiverDirection { return e.Direction })
}

// GetNegotiatedHeaderExtensions returns the extensions of
// GetHeaderExtensionsToNegotiate with the directions that were negotiated last,
// stopped for those that were not (webrtc-extensions §5).
func (t *RTPTransceiver) GetNegotiatedHeaderExtensions() []RTPHeaderExtensionCapability {
	return t.readExtensions(func(e RTPHeaderExtensionCapability) RTPTransceiverDirection {
		if t.media == nil {
			return RTPTransceiverDirectionStopped
		}
		has := func(h signaling.HeaderExtension) bool { return h.URI == e.URI }
		sends, receives := slices.ContainsFunc(t.media.SendExtensions, has), slices.ContainsFunc(t.media.ReceiveExtensions, has)
		switch {
		case sends && receives:
			return RTPTransceiverDirectionSendrecv
		case sends:
			return RTPTransceiverDirectionSendonly
		case receives:
			return RTPTransceiverDirectionRecvonly
		}
		return RTPTransceiverDirectionStopped
	})
}

func (t *RTPTransceiver) readExtensions(direction func(RTPHeaderExtensionCapability) RTPTransceiverDirection) []RTPHeaderExtensionCapability {
	var out []RTPHeaderExtensionCapability
	read := func(time.Time) {
		out = slices.Clone(t.headerExtensions())
		for i := range out {
			out[i].Direction = direction(out[i])
		}
	}
	if t.pc.do(read) != nil {
		read(time.Time{}) // the loop has ended, and nothing changes any more
	}
	return out
}

// SetHeaderExtensionsToNegotiate changes the directions in which the next
// descriptions have the transceiver's header extensions (webrtc-extensions §5):
// stopped leaves one out, and one that the peer did not have before may be offered
// anew. Change what GetHeaderExtensionsToNegotiate returned and give it all back.
//
// It returns a TypeError for an extension without URI or direction, an
// InvalidModificationError if the list has others, or the same in another order,
// and for urn:ietf:params:rtp-hdrext:sdes:mid, which bundles need, in any direction
// but sendrecv, and an InvalidStateError after Close.
func (t *RTPTransceiver) SetHeaderExtensionsToNegotiate(extensions []RTPHeaderExtensionCapability) error {
	for i, e := range extensions {
		if e.URI == "" || e.Direction < RTPTransceiverDirectionSendrecv || e.Direction > RTPTransceiverDirectionStopped {
			return &rtcerr.TypeError{Err: fmt.Errorf("header extension %d has the URI %q and the direction %s", i, e.URI, e.Direction)}
		}
	}
	extensions = slices.Clone(extensions)
	return t.pc.attempt("SetHeaderExtensionsToNegotiate", func(time.Time) error {
		known := t.headerExtensions()
		// webrtc-extensions §5: the list is [[HeaderExtensionsToNegotiate]] with other
		// directions, neither longer nor shorter, nor in another order.
		if len(extensions) != len(known) {
			return &rtcerr.InvalidModificationError{Err: fmt.Errorf("%d header extensions; there are %d", len(extensions), len(known))}
		}
		for i, e := range extensions {
			switch {
			case e.URI != known[i].URI:
				return &rtcerr.InvalidModificationError{Err: fmt.Errorf("header extension %d is %q, and was to be %q", i, e.URI, known[i].URI)}
			// What is mandatory to use stays sendrecv. RFC 9143 §9.1: the mid extension is,
			// in a bundle.
			case e.URI == extension.MID && e.Direction != RTPTransceiverDirectionSendrecv:
				return &rtcerr.InvalidModificationError{Err: fmt.Errorf("the header extension %q has to be sendrecv, not %s", e.URI, e.Direction)}
			}
		}
		t.extensions, t.extensionsAsked = extensions, true
		return nil
	})
}

// headerExtensions is [[HeaderExtensionsToNegotiate]], which is not to be changed:
// what the program has set, else what is registered. The loop calls it.
func (t *RTPTransceiver) headerExtensions() []RTPHeaderExtensionCapability {
	if t.extensions != nil {
		return t.extensions
	}
	var out []RTPHeaderExtensionCapability
	for _, e := range t.pc.engine.extensions(codec.Kind(t.kind)) {
		out = append(out, extensionCapability(e))
	}
	return out
}

// describedExtensions are the header extensions for signaling.
func (t *RTPTransceiver) describedExtensions() []signaling.Extension {
	if t.extensions == nil {
		return t.pc.engine.extensions(codec.Kind(t.kind))
	}
	var out []signaling.Extension
	for _, e := range t.extensions {
		if e.Direction != RTPTransceiverDirectionStopped {
			out = append(out, signaling.Extension{URI: e.URI, Direction: directionTo(e.Direction), Asked: t.extensionsAsked})
		}
	}
	return out
}

// inheritExtensions gives a new transceiver what the program has set for others.
//
// webrtc-extensions §5: "If transceivers of the same kind exist in the current
// PeerConnection, copy [[HeaderExtensionsToNegotiate]] from the first such
// transceiver".
func (t *RTPTransceiver) inheritExtensions() {
	for _, other := range t.pc.transceivers {
		if other.kind == t.kind {
			t.extensions = other.extensions
			return
		}
	}
}

func extensionCapability(e signaling.Extension) RTPHeaderExtensionCapability {
	c := RTPHeaderExtensionCapability{URI: e.URI, Direction: directionFrom(e.Direction)}
	if c.Direction == RTPTransceiverDirectionUnknown {
		c.Direction = RTPTransceiverDirectionSendrecv
	}
	return c
}
