package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/sdp"
)

// maxExtensionID is the highest id of a header extension in packets. RFC 8285
// §4.3: two-byte headers have 1 to 255, §4.2: one-byte ones 1 to 14, 15 being
// reserved.
const (
	maxOneByteID   = 14
	maxExtensionID = 255
)

// extensionIDs are the ids of header extensions in the bundle of an offer of
// ours. RFC 9143 §9: in a bundle, an id has to mean one extension in all
// sections.
type extensionIDs struct {
	uri [maxExtensionID + 1]string
	id  map[string]uint8
}

// newExtensionIDs returns what the sections have negotiated, those in use before
// those that were: an id keeps its meaning for the session, since packets of a
// section that has ended may still be on their way, and since Firefox refuses a
// description in which it has another one.
func newExtensionIDs(rows []mline) *extensionIDs {
	ids := &extensionIDs{id: map[string]uint8{}}
	for _, list := range []func(mline) []HeaderExtension{
		func(r mline) []HeaderExtension { return r.used.extensions },
		func(r mline) []HeaderExtension { return r.retired },
	} {
		for _, row := range rows {
			for _, e := range list(row) {
				ids.take(e.URI, e.ID)
			}
		}
	}
	return ids
}

func (x *extensionIDs) take(uri string, id uint8) {
	if x.uri[id] == "" {
		x.uri[id] = uri
	}
	if _, known := x.id[uri]; !known {
		x.id[uri] = id
	}
}

// customary are the ids that Chromium gives its extensions. When offers collide
// it compares ours with its own before it rolls that back, and refuses another
// extension under an id that its own offer uses: where both sides number alike
// there is nothing to refuse.
var customary = map[string]uint8{
	"urn:ietf:params:rtp-hdrext:ssrc-audio-level":                                             1,
	"http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time":                              2,
	"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01":               3,
	"urn:ietf:params:rtp-hdrext:sdes:mid":                                                     4,
	"http://www.webrtc.org/experiments/rtp-hdrext/playout-delay":                              5,
	"https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension": 9,
	"urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id":                                           10,
	"urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id":                                  11,
	"http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time":                           12,
	"urn:3gpp:video-orientation":                                                              13,
}

// of returns the id of an extension, a free one if it has none: the customary one,
// else the lowest, which is one of one-byte headers as long as there are any.
func (x *extensionIDs) of(uri string) (uint8, bool) {
	if id, known := x.id[uri]; known {
		return id, true
	}
	if id := customary[uri]; id != 0 && x.uri[id] == "" {
		x.take(uri, id)
		return id, true
	}
	for _, spare := range []bool{true, false} {
		for id := uint8(1); id <= maxOneByteID; id++ {
			if x.uri[id] == "" && (!spare || !isCustomary(id)) {
				x.take(uri, id)
				return id, true
			}
		}
	}
	for id := maxOneByteID + 2; id <= maxExtensionID; id++ {
		if x.uri[id] == "" {
			x.take(uri, uint8(id))
			return uint8(id), true
		}
	}
	return 0, false
}

func isCustomary(id uint8) bool {
	for _, c := range customary {
		if c == id {
			return true
		}
	}
	return false
}

// offered returns the header extensions of an offered section. For one that has
// been negotiated, inUse are what the last answer has of them. RFC 9429 §5.2.2:
// "The RTP header extensions MUST only include those that are present in the
// most recent answer." webrtc-extensions §5 adds those that the program asks for
// since.
func (x *extensionIDs) offered(can []Extension, inUse *Media) []sdp.Extmap {
	var list []sdp.Extmap
	for _, e := range can {
		id, ok := uint8(0), false
		if inUse != nil {
			id, ok = inUse.extensionID(e.URI)
		}
		if inUse == nil || !ok && e.Asked {
			id, ok = x.of(e.URI)
		}
		if ok && !slices.ContainsFunc(list, func(m sdp.Extmap) bool { return m.ID == uint16(id) }) {
			list = append(list, sdp.Extmap{ID: uint16(id), Direction: written(e.Direction), URI: e.URI})
		}
	}
	return list
}

// extensionID returns the id that packets to us have for an extension, else the
// one that packets to the peer have.
func (m *Media) extensionID(uri string) (uint8, bool) {
	for _, list := range [][]HeaderExtension{m.ReceiveExtensions, m.SendExtensions} {
		for _, e := range list {
			if e.URI == uri {
				return e.ID, true
			}
		}
	}
	return 0, false
}

// answeredExtensions returns the header extensions of an answered section, with
// the offer's ids. RFC 8285 §7: of the offered ones the answer has those that it
// supports, each in a direction that the offer allows. Ids that an offer leaves to
// the answerer to choose, 4096 and above, are let lie: they are for those who
// offer more extensions than there are ids.
func answeredExtensions(offered []sdp.Extmap, can []Extension) []sdp.Extmap {
	var list []sdp.Extmap
	for _, o := range offered {
		i := slices.IndexFunc(can, func(e Extension) bool { return e.URI == o.URI })
		if i < 0 || !inPackets(o.ID) || slices.ContainsFunc(list, func(m sdp.Extmap) bool { return m.URI == o.URI || m.ID == o.ID }) {
			continue
		}
		direction := can[i].Direction.Intersect(o.Direction.Reverse())
		if direction == sdp.DirectionInactive {
			continue
		}
		list = append(list, sdp.Extmap{ID: o.ID, Direction: written(direction), URI: o.URI, Attributes: o.Attributes})
	}
	return list
}

func inPackets(id uint16) bool { return id >= 1 && id <= maxExtensionID && id != 15 }

// written leaves out the direction that needs none.
func written(d sdp.Direction) sdp.Direction {
	if d == sdp.DirectionSendrecv {
		return sdp.DirectionUnspecified
	}
	return d
}

// extmaps returns the header extensions that hold for section i: its own and the
// session's (RFC 8285 §5).
func (c *content) extmaps(i int) []sdp.Extmap {
	if len(c.Extmaps) == 0 {
		return c.Media[i].Extmaps
	}
	return slices.Concat(c.Media[i].Extmaps, c.Extmaps)
}

// agreedExtensions returns the extensions that both descriptions of a section
// have: those for packets that we send, with the peer's ids, and for those that
// we receive, with ours. The ids are the same, unless a peer answers with its
// own.
func agreedExtensions(ours, theirs []sdp.Extmap) (send, receive []HeaderExtension) {
	index := make(map[string]sdp.Extmap, len(theirs))
	for _, e := range theirs {
		if _, twice := index[e.URI]; !twice && inPackets(e.ID) {
			index[e.URI] = e
		}
	}
	for _, e := range ours {
		peer, ok := index[e.URI]
		if !ok || !inPackets(e.ID) {
			continue
		}
		delete(index, e.URI) // Each counts once.
		direction := e.Direction.Intersect(peer.Direction.Reverse())
		if direction.Sends() {
			send = append(send, HeaderExtension{ID: uint8(peer.ID), URI: e.URI})
		}
		if direction.Receives() {
			receive = append(receive, HeaderExtension{ID: uint8(e.ID), URI: e.URI})
		}
	}
	return send, receive
}
