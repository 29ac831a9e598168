package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// mline is one row of the table of m-lines. A row keeps its index for good
// (RFC 3264 §8): a section that is not wanted any more stays with port 0 until
// a later offer recycles it.
//
// Kinds other than audio, video and data have their rows, so that indexes and
// mids are right, and are rejected in answers.
type mline struct {
	// mid is "" for a peer that writes none; the row is then known by its index.
	mid string
	// name is the mid that a transceiver of the section has: mid, or a made-up one.
	name string
	kind string
	// transport is what carries the section. It is zero in a rejected one once
	// the answer has been applied.
	transport TransportID
	// data marks the one section that data channels use.
	data bool
	// transceiver is whose section it is, 0 for none: for data, for a section
	// that cannot be accepted, and once the section has been rejected by an
	// answer.
	transceiver TransceiverID
	// rejected says that the newest description has port 0 here.
	rejected bool
	// used is what has been negotiated under payload types and ids.
	used used
	// retired is what ids stood for in sections that were in this place before.
	retired []HeaderExtension
}

// used is which formats and header extensions the payload types and ids of a
// section have stood for since it is there. They stand for them to its end.
type used struct {
	codecs     []codec.Codec
	extensions []HeaderExtension
}

// with returns u with what media has too. The newest counts, should a peer
// change a meaning.
func (u used) with(m *Media) used {
	return used{
		codecs: union(func(c codec.Codec) uint8 { return c.PayloadType },
			m.ReceiveCodecs, m.SendCodecs, u.codecs),
		extensions: union(func(e HeaderExtension) uint8 { return e.ID },
			m.ReceiveExtensions, m.SendExtensions, u.extensions),
	}
}

// ended returns what ids have stood for in a place whose section ends.
func (u used) ended(retired []HeaderExtension) []HeaderExtension {
	return union(func(e HeaderExtension) uint8 { return e.ID }, u.extensions, retired)
}

// union returns the first of each number that is in the lists. If the first list has
// them all, as is usual, it is that list: neither is changed by anybody.
func union[E any](number func(E) uint8, lists ...[]E) []E {
	var have [256]bool
	all := slices.Clip(lists[0])
	for _, e := range all {
		have[number(e)] = true
	}
	for _, list := range lists[1:] {
		for _, e := range list {
			if !have[number(e)] {
				have[number(e)] = true
				all = append(all, e)
			}
		}
	}
	return all
}

// is says whether a section at the row's index goes on with it. A peer that
// writes no mids means the section at that place.
func (r mline) is(media *sdp.Media) bool {
	return r.kind == media.Kind && (r.mid == media.Mid || media.Mid == "")
}

// propose returns the table with an offer of the peer's applied to it. New identities
// come from next.
func propose(rows []mline, offer *content, next *TransportID) []mline {
	proposed := proposeRows(rows, offer)
	shareTransports(proposed, offer, next)
	return proposed
}

// proposeOwn returns the table with an offer of ours applied to it.
func (n *negotiation) proposeOwn(offer *content, policy BundlePolicy, next *TransportID) []mline {
	proposed := proposeRows(n.lines, offer)
	n.bundling(policy).offerTransports(proposed, offer, next)
	return proposed
}

// proposeRows returns the table for an offer, with transports only where sections have
// them already.
func proposeRows(rows []mline, offer *content) []mline {
	data := dataSection(rows, offer)
	proposed := make([]mline, len(offer.Media))
	for i, media := range offer.Media {
		row := mline{mid: media.Mid, kind: media.Kind, data: i == data, rejected: unusable(media)}
		// RFC 9429 §5.2.2: a section with a new mid at the place of a rejected one
		// is a new section.
		if i < len(rows) {
			row.retired = rows[i].retired
		}
		if i < len(rows) && rows[i].is(media) {
			old := rows[i]
			row.mid, row.name, row.transport, row.transceiver, row.used = old.mid, old.name, old.transport, old.transceiver, old.used
		}
		proposed[i] = row
	}
	nameRows(proposed)
	return proposed
}

// nameRows gives a name to each row without one. RFC 9429 §5.10: "If the "m="
// section does not include a MID (i.e., the remote endpoint does not support the
// MID extension), generate a value for the RtpTransceiver mid property".
func nameRows(rows []mline) {
	var mids *mids
	for i := range rows {
		row := &rows[i]
		if row.name == "" && row.mid != "" {
			row.name = row.mid
		}
	}
	for i := range rows {
		if rows[i].name == "" {
			if mids == nil {
				mids = newMids(rows)
			}
			rows[i].name = mids.take()
		}
	}
}

// settle returns the table with an answer applied to the offered one. What the
// offer rejects, the answer rejects too (checkAnswer).
//
// inForce is the table with a provisional answer applied, if there is one, and
// next gives identities to the transports of sections that the answer takes out
// of the bundle.
func settle(rows, inForce []mline, answer *content, next *TransportID) []mline {
	settled := slices.Clone(rows)
	for i := range settled {
		row := &settled[i]
		if unusable(answer.Media[i]) {
			*row = mline{mid: row.mid, name: row.name, kind: row.kind, rejected: true, retired: row.used.ended(row.retired)}
		}
	}
	joinBundle(settled, answer)
	splitBundle(settled, inForce, answer, next)
	return settled
}

// dataSection returns the index of the section of an offer that data channels
// use, or -1: the one in use as long as the offer has it, else the first that
// can be used. RFC 8841 §3 allows several associations, RFC 8831 §6.5 one.
func dataSection(rows []mline, offer *content) int {
	for i, row := range rows {
		if row.data && i < len(offer.Media) && isData(offer.Media[i]) && !unusable(offer.Media[i]) {
			return i
		}
	}
	return slices.IndexFunc(offer.Media, func(m *sdp.Media) bool { return isData(m) && !unusable(m) })
}

// unusable says whether a section is rejected by its sender, or cannot be read
// and has to be rejected (RFC 9429 §5.8).
func unusable(media *sdp.Media) bool {
	return media.Malformed != nil || media.IsRejected()
}

// activeData returns the index of the row in use for data, or -1.
func activeData(rows []mline) int {
	return slices.IndexFunc(rows, func(r mline) bool { return r.data && !r.rejected })
}

// DataTransport returns the transport of the section in use for data channels, as
// the descriptions have it that were set last, offers included.
func (m *Machine) DataTransport() (TransportID, bool) {
	i := activeData(m.n.lines)
	if i < 0 {
		return 0, false
	}
	return m.n.lines[i].transport, true
}

// mids gives out mids.
type mids struct {
	used map[string]bool
	next int
}

// newMids returns what gives out mids that no row has.
func newMids(rows []mline) *mids {
	m := &mids{used: make(map[string]bool, len(rows))}
	for _, row := range rows {
		m.used[row.mid], m.used[row.name] = true, true
	}
	return m
}

// take returns the lowest number that has not been taken (RFC 9429 §5.2.1: short,
// and without a meaning).
func (m *mids) take() string {
	for {
		mid := decimal(m.next)
		m.next++
		if !m.used[mid] {
			return mid
		}
	}
}
