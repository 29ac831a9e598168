package signaling

import "slices"

// shareTransports gives each usable row of an offer its transport: what the
// group has already, or a new one for the group, or one of its own.
//
// The bundle policies of RFC 9429 §4.1.1 differ in which sections of an offer of
// ours have a transport of their own until the answer says whether the peer
// bundles. Here none has; splitBundle sees to peers that do not.
func shareTransports(rows []mline, offer *content, next *TransportID) {
	allocate := func() TransportID {
		t := *next
		*next++
		return t
	}
	var shared TransportID
	for _, i := range offer.group {
		if !rows[i].rejected && rows[i].transport != 0 {
			shared = rows[i].transport
			break
		}
	}
	for _, i := range offer.group {
		if rows[i].rejected || rows[i].transport != 0 {
			continue
		}
		if shared == 0 {
			shared = allocate()
		}
		rows[i].transport = shared
	}
	for i := range rows {
		if rows[i].transport == 0 && !rows[i].rejected {
			rows[i].transport = allocate()
		}
	}
}

// joinBundle puts the sections that an answer bundles onto the transport of
// its tagged section. RFC 9143 §7.3.1: that is the first one of the answer's
// group, which need not be that of the offer's.
func joinBundle(rows []mline, answer *content) {
	var shared TransportID
	for _, i := range answer.group {
		if rows[i].rejected {
			continue
		}
		if shared == 0 {
			shared = rows[i].transport
		}
		rows[i].transport = shared
	}
}

// splitBundle gives a transport of its own to each section that shares one but is
// not in the answer's group: those of peers that do not bundle. It gathers from
// the answer on, with the credentials that the offer has for the section.
//
// inForce is the table so far, in which a provisional answer may have done so
// already.
func splitBundle(rows, inForce []mline, answer *content, next *TransportID) {
	owned := map[TransportID]bool{}
	for _, i := range answer.group {
		owned[rows[i].transport] = true
	}
	for i := range rows {
		row := &rows[i]
		if row.rejected || answer.member[i] {
			continue
		}
		if owned[row.transport] && i < len(inForce) && inForce[i].transport != 0 {
			row.transport = inForce[i].transport
		}
		if owned[row.transport] {
			row.transport = *next
			*next++
		}
		owned[row.transport] = true
	}
}

// carrier returns the index of the section whose attributes and candidates
// belong to a transport: the first of the group that uses it, else the first of
// all. It is -1 if none uses it.
func carrier(rows []mline, c *content, t TransportID) int {
	uses := func(i int) bool { return rows[i].transport == t && !rows[i].rejected }
	for _, i := range c.group {
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
