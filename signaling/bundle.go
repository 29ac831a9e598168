package signaling

import "slices"

// BundlePolicy says which sections of an offer of ours have a transport of their own
// until the answer says whether the peer bundles (RFC 9429 §4.1.1). The group has all
// of them in any case, and what is bundled already stays on one transport.
type BundlePolicy uint8

// The bundle policies. Balanced is W3C's default.
const (
	// Balanced offers one for each kind: "the application will gather candidates for
	// each media type in use (audio, video, and data)". The further sections of a kind
	// are bundle-only.
	Balanced BundlePolicy = iota
	// MaxCompat offers one for each section: "all "m=" sections will contain
	// transport parameters; none will be marked as bundle-only."
	MaxCompat
	// MaxBundle offers one transport. "All "m=" sections other than the first are
	// marked as bundle-only."
	MaxBundle
)

// A bundling decides about the transports of an offer of ours.
type bundling struct {
	policy BundlePolicy
	// agreed says of each section that has been negotiated whether the last answer has
	// bundled it.
	agreed []bool
}

// bundling returns how an offer of ours is bundled.
func (n *negotiation) bundling(policy BundlePolicy) bundling {
	answer := n.currentLocal
	if answer != nil && answer.kind != Answer {
		answer = n.currentRemote
	}
	if answer == nil {
		return bundling{policy: policy}
	}
	return bundling{policy: policy, agreed: answer.member}
}

// group returns the transport of the group that the peer has agreed to, as far as it
// goes on in an offer, else 0: sections that are added join it.
func (b bundling) group(rows []mline, offer *content) TransportID {
	for _, i := range offer.group {
		if i < len(b.agreed) && b.agreed[i] && !rows[i].rejected && rows[i].transport != 0 {
			return rows[i].transport
		}
	}
	return 0
}

// offerTransports gives each usable row of an offer of ours its transport: what it
// has already, else that of the group if there is one, else what the policy says.
func (b bundling) offerTransports(rows []mline, offer *content, next *TransportID) {
	group := b.group(rows, offer)
	if group == 0 && b.policy == MaxBundle {
		shareTransports(rows, offer, next)
		return
	}
	for i := range rows {
		row := &rows[i]
		if row.rejected || row.transport != 0 {
			continue
		}
		if offer.member[i] {
			row.transport = group
			if row.transport == 0 && b.policy == Balanced {
				row.transport = ofKind(rows, offer, row.kind)
			}
		}
		if row.transport == 0 {
			row.transport = *next
			*next++
		}
	}
}

// ofKind returns the transport of the group's first section of a kind that has one.
func ofKind(rows []mline, offer *content, kind string) TransportID {
	for _, i := range offer.group {
		if rows[i].kind == kind && !rows[i].rejected && rows[i].transport != 0 {
			return rows[i].transport
		}
	}
	return 0
}

// bundleOnly says whether a section of an offer of ours is only to be had in the
// group: it is new, and has the transport of another one by the policy, not because
// the peer is known to bundle.
//
// RFC 9143 §6: "When an offerer wants to request that the answerer accepts a bundled
// "m=" section only if the answerer keeps the "m=" section within the BUNDLE group".
func (b bundling) bundleOnly(stable, rows []mline, offer *content, i int) bool {
	known := i < len(stable) && !stable[i].rejected && stable[i].mid == rows[i].mid
	return !known && offer.member[i] && carrier(rows, offer, rows[i].transport) != i && b.group(rows, offer) == 0
}

// shareTransports gives each usable row of an offer its transport: what the
// group has already, or a new one for the group, or one of its own. The peer's
// offers are prepared like this, since the answer will bundle what it can.
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
