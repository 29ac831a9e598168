package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/sdp"
)

// mline is one row of the table of m-lines. A row keeps its index for good
// (RFC 3264 §8): a section that is not wanted any more stays with port 0 until
// a later offer recycles it.
//
// Kinds other than data have their rows, so that indexes and mids are right,
// and are rejected in answers.
type mline struct {
	// mid is "" for a peer that writes none; the row is then known by its index.
	mid  string
	kind string
	// transport is what carries the section. It is zero in a rejected one once
	// the answer has been applied.
	transport TransportID
	// data marks the one section that data channels use.
	data bool
	// rejected says that the newest description has port 0 here.
	rejected bool
}

// is says whether a section at the row's index goes on with it. A peer that
// writes no mids means the section at that place.
func (r mline) is(media *sdp.Media) bool {
	return r.kind == media.Kind && (r.mid == media.Mid || media.Mid == "")
}

// propose returns the table with an offer applied to it. New identities come
// from next.
func propose(rows []mline, offer *content, next *TransportID) []mline {
	data := dataSection(rows, offer)
	proposed := make([]mline, len(offer.Media))
	for i, media := range offer.Media {
		row := mline{mid: media.Mid, kind: media.Kind, data: i == data, rejected: unusable(media)}
		// RFC 9429 §5.2.2: a section with a new mid at the place of a rejected one
		// is a new section.
		if i < len(rows) && rows[i].is(media) {
			row.mid, row.transport = rows[i].mid, rows[i].transport
		}
		proposed[i] = row
	}
	shareTransports(proposed, offer, next)
	return proposed
}

// settle returns the table with an answer applied to the offered one. What the
// offer rejects, the answer rejects too (checkAnswer).
func settle(rows []mline, answer *content) []mline {
	settled := slices.Clone(rows)
	for i := range settled {
		row := &settled[i]
		if unusable(answer.Media[i]) {
			*row = mline{mid: row.mid, kind: row.kind, rejected: true}
		}
	}
	joinBundle(settled, answer)
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

// newMid returns the lowest number that no row has as its mid (RFC 9429
// §5.2.1: short, and without a meaning).
func newMid(rows []mline) string {
	for n := 0; ; n++ {
		mid := decimal(n)
		if !slices.ContainsFunc(rows, func(r mline) bool { return r.mid == mid }) {
			return mid
		}
	}
}
