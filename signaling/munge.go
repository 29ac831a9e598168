package signaling

import (
	"fmt"
	"slices"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// checkMunged says whether text may be set in place of the description that
// was created last.
//
// RFC 9429 §5.4: "The SDP returned from createOffer or createAnswer MUST NOT be
// changed before passing it to setLocalDescription." Programs do it all the
// same, to leave something out or to add candidates; what does not contradict
// the state of the connection is let pass.
func checkMunged(kind Type, created, text string) error {
	if text == created {
		return nil
	}
	refuse := func(format string, arguments ...any) error {
		return &rtcerr.InvalidModificationError{Err: fmt.Errorf(format, arguments...)}
	}
	if created == "" {
		return refuse("no %s has been created that could be set", kind)
	}
	was, err := parse(created)
	if err != nil {
		return err
	}
	is, err := parse(text)
	if err != nil {
		return err
	}
	if len(is.Media) != len(was.Media) {
		return refuse("the %s has %d sections, but was created with %d", kind, len(is.Media), len(was.Media))
	}
	if is.Origin.SessionID != was.Origin.SessionID {
		return refuse("the %s has session id %d, but was created with %d", kind, is.Origin.SessionID, was.Origin.SessionID)
	}
	if !slices.Equal(is.Bundle(), was.Bundle()) {
		return refuse("the %s bundles %q, but was created with %q", kind, is.Bundle(), was.Bundle())
	}
	if is.ICELite != was.ICELite {
		// RFC 9429 §5.8.3: "If this is a local description, the "ice-lite" attribute
		// MUST NOT be specified."
		return refuse("the %s has another a=ice-lite than was created; an endpoint cannot change into a lite one, nor back", kind)
	}
	ids := createdExtensions(was)
	for i, m := range is.Media {
		if uri := redefined(was.Media[i], m, ids); uri != "" {
			return refuse("%s of the %s gives an id to %s that stands for another header extension", section(i, m), kind, uri)
		}
		if field := mungedField(was, is, i); field != "" {
			return refuse("%s of the %s has another %s than was created; set it as it was created", section(i, m), kind, field)
		}
	}
	return nil
}

// mungedField names what differs in section i and may not. What a program may
// change is the DTLS role, the maximum message size, candidates, whether there is
// an INIT chunk, and whatever has no meaning to this endpoint. Of audio and video it may change the direction
// and the order of formats, leave out formats, feedback, header extensions,
// streams and RIDs, give other parameters and SSRCs, and add limits. The
// description then counts as it has been set.
func mungedField(was, is *content, i int) string {
	before, after := was.Media[i], is.Media[i]
	if after.Malformed != nil {
		return "form (" + after.Malformed.Error() + ")"
	}
	had, has := was.transport[i], is.transport[i]
	switch {
	case before.Kind != after.Kind:
		return "kind"
	case before.Mid != after.Mid:
		return "mid"
	case before.Proto != after.Proto:
		return "protocol"
	case before.IsRejected() != after.IsRejected():
		return "state of rejection"
	case had.ICEUfrag != has.ICEUfrag, had.ICEPwd != has.ICEPwd:
		return "ufrag or password"
	case !slices.Equal(had.Fingerprints, has.Fingerprints):
		return "fingerprint"
	case before.SCTPPort != after.SCTPPort:
		return "SCTP port"
	case after.SCTPInit != "" && before.SCTPInit != after.SCTPInit:
		return "INIT chunk"
	case before.RTCPMux != after.RTCPMux:
		return "way for RTCP"
	}
	if _, ok := mediaKind(before); ok && !before.IsRejected() {
		return mungedCodecs(codecsOf(before), codecsOf(after))
	}
	return ""
}

// mungedCodecs names what differs in the formats of a section and may not.
//
// RFC 9429 §5.9: "If any indicated media format is not supported, this MUST result
// in an error", and payload types have been chosen to go with those of the other
// sections.
func mungedCodecs(before, after []codec.Codec) string {
	if !hasMedia(after) {
		return "list of formats, none of which is media,"
	}
	for _, a := range after {
		if !slices.ContainsFunc(before, func(b codec.Codec) bool { return sameNumber(a, b) }) {
			return fmt.Sprintf("meaning of payload type %d", a.PayloadType)
		}
	}
	return ""
}

// createdExtensions returns what the ids of header extensions stand for in a
// description.
func createdExtensions(c *content) map[uint16]string {
	ids := map[uint16]string{}
	for _, m := range c.Media {
		for _, e := range m.Extmaps {
			ids[e.ID] = e.URI
		}
	}
	return ids
}

// redefined returns a header extension of a section that has been given the id of
// another one, or "".
func redefined(before, after *sdp.Media, ids map[uint16]string) string {
	for _, e := range after.Extmaps {
		created := slices.ContainsFunc(before.Extmaps, func(b sdp.Extmap) bool { return b.ID == e.ID && b.URI == e.URI })
		if uri, taken := ids[e.ID]; taken && uri != e.URI && !created {
			return e.URI
		}
	}
	return ""
}
