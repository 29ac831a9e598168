package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/sdp"
)

// bundled returns the indexes of the sections in the BUNDLE group, in its
// order.
func bundled(s *sdp.Session) []int {
	var indexes []int
	for _, mid := range s.Bundle() {
		if _, i := s.MediaByMid(mid); i >= 0 {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// transportOf returns the ICE and DTLS attributes that hold for section i.
// RFC 9143 §7.1.3: a bundled section without attributes of its own has those
// of the tagged section, the first of the group that carries any.
func transportOf(s *sdp.Session, i int) sdp.Transport {
	own := s.EffectiveTransport(s.Media[i])
	if own.ICEUfrag != "" {
		return own
	}
	group := bundled(s)
	if !slices.Contains(group, i) {
		return own
	}
	for _, j := range group {
		if t := s.EffectiveTransport(s.Media[j]); t.ICEUfrag != "" {
			return t
		}
	}
	return own
}

// shareTransports gives each usable row of an offer its transport: what the
// group has already, or a new one for the group, or one of its own.
func shareTransports(rows []mline, offer *sdp.Session, next *TransportID) {
	allocate := func() TransportID {
		t := *next
		*next++
		return t
	}
	group := slices.DeleteFunc(bundled(offer), func(i int) bool { return rows[i].rejected })
	var shared TransportID
	for _, i := range group {
		if rows[i].transport != 0 {
			shared = rows[i].transport
			break
		}
	}
	for _, i := range group {
		if rows[i].transport == 0 {
			if shared == 0 {
				shared = allocate()
			}
			rows[i].transport = shared
		}
	}
	for i := range rows {
		if rows[i].transport == 0 && !rows[i].rejected {
			rows[i].transport = allocate()
		}
	}
}

// joinBundle puts the sections that an answer bundles onto the transport of
// its tagged section. RFC 9143 §7.3.1: that is the first one of the answer's
// group.
func joinBundle(rows []mline, answer *sdp.Session) {
	group := slices.DeleteFunc(bundled(answer), func(i int) bool { return rows[i].rejected })
	for _, i := range group {
		rows[i].transport = rows[group[0]].transport
	}
}

// carrier returns the index of the section whose attributes and candidates
// belong to a transport: the first of the group that uses it, else the first of
// all. It is -1 if none uses it.
func carrier(rows []mline, s *sdp.Session, t TransportID) int {
	uses := func(i int) bool { return i < len(rows) && rows[i].transport == t && !rows[i].rejected }
	for _, i := range bundled(s) {
		if uses(i) {
			return i
		}
	}
	for i := range rows {
		if uses(i) {
			return i
		}
	}
	return -1
}

// transports returns the transports that usable rows have, in the order of
// their identities.
func transports(rows []mline) []TransportID {
	var list []TransportID
	for _, row := range rows {
		if !row.rejected && row.transport != 0 {
			list = append(list, row.transport)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
