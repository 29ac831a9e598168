package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/sdp"
)

// maxTransceivers bounds the sections of a description with a transceiver, so that
// a peer cannot make ever more of them. Further sections are rejected.
const maxTransceivers = 1000

// associate maps the new sections of a local offer to the transceivers that they
// were created for.
//
// RFC 9429 §5.9: "Find the RtpTransceiver that corresponds to this "m=" section,
// using the mapping between transceivers and "m=" section indices established
// when creating the offer."
func (n *negotiation) associate(rows []mline) {
	taken := map[TransceiverID]bool{}
	for _, row := range rows {
		taken[row.transceiver] = true
	}
	for i := range rows {
		if i < len(n.offered) && rows[i].transceiver == 0 && !taken[n.offered[i]] {
			rows[i].transceiver = n.offered[i]
		}
	}
}

// pair finds a transceiver for each section of a remote offer that has none. It
// returns the new ones that it had to make.
//
// RFC 9429 §5.10: "If the "m=" section is not associated with any RtpTransceiver
// ..., either find an RtpTransceiver or create one".
func (n *negotiation) pair(offer *description, l Local) map[TransceiverID]TransceiverCreated {
	created := map[TransceiverID]TransceiverCreated{}
	count := 0
	for _, row := range offer.rows {
		if row.transceiver != 0 {
			count++
		}
	}
	free := n.unassociated(offer.rows, l)
	for i := range offer.rows {
		row := &offer.rows[i]
		kind, ok := mediaKind(offer.Media[i])
		if row.transceiver != 0 || row.rejected || !ok || count >= maxTransceivers {
			continue
		}
		// "If the "m=" section is sendrecv or recvonly, and there are RtpTransceivers
		// of the same type that were added to the PeerConnection by addTrack and are
		// not associated with any "m=" section and are not stopped, find the first
		// ... such RtpTransceiver." One whose formats are not offered is spared: it
		// would be stopped with the section that has to be rejected.
		if offer.direction(i).Receives() {
			at := slices.IndexFunc(free, func(t *Transceiver) bool {
				return t.ByAddTrack && t.Kind == kind && offer.acceptable(i, kind, t)
			})
			if at >= 0 {
				row.transceiver = free[at].ID
				count++
				free = slices.Delete(free, at, at+1)
				continue
			}
		}
		// "If no RtpTransceiver was found in the previous step, create one with a
		// recvonly direction." Also for a section that has to be rejected, whose answer
		// stops it.
		row.transceiver = n.newTransceiver()
		count++
		n.created = append(n.created, row.transceiver)
		created[row.transceiver] = TransceiverCreated{
			Transceiver: row.transceiver, Kind: kind, RIDs: ridNames(rids(offer.Media[i], "recv")),
		}
	}
	return created
}

// unassociated returns the transceivers that no section has, of those that are
// not stopping.
func (n *negotiation) unassociated(rows []mline, l Local) []*Transceiver {
	taken := map[TransceiverID]bool{}
	for _, list := range [][]mline{rows, n.stable.lines} {
		for _, row := range list {
			taken[row.transceiver] = true
		}
	}
	var free []*Transceiver
	for i := range l.Transceivers {
		if t := &l.Transceivers[i]; !t.Stopping && !taken[t.ID] && !slices.Contains(n.created, t.ID) {
			free = append(free, t)
		}
	}
	return free
}

// describe returns what a description says of each transceiver. The rows are
// those of the offer, in which sections that an answer rejects have theirs still.
func (n *negotiation) describe(d *description, rows []mline, who side, created map[TransceiverID]TransceiverCreated) Effects {
	var effects Effects
	for i, row := range rows {
		if row.transceiver == 0 {
			continue
		}
		if !slices.Contains(n.touched, row.transceiver) {
			n.touched = append(n.touched, row.transceiver)
		}
		if c, ok := created[row.transceiver]; ok {
			effects = append(effects, c)
		}
		m := d.Media[i]
		e := MediaDescribed{
			Transceiver: row.transceiver, Mid: row.name, Index: i, Transport: row.transport, Remote: who == remote, Type: d.kind,
			Rejected: unusable(m), Direction: d.seenFromHere(i, who),
		}
		if who == remote {
			// webrtc-pc §4.4.1.5: "If direction is "sendrecv" or "recvonly", let msids be
			// a list of the MSIDs that the media description indicates
			// transceiver.[[Receiver]].[[ReceiverTrack]] is to be associated with.
			// Otherwise, let msids be an empty list."
			if e.Direction.Receives() {
				e.Msids = remoteMsids(m)
			}
			if d.kind == Offer && !e.Rejected {
				e.RIDs = ridNames(rids(m, "recv"))
			}
		}
		if who == local && len(m.Msids) > 0 {
			e.TrackID = m.Msids[0].Track
		}
		effects = append(effects, e)
	}
	return effects
}

// seenFromHere returns the direction of section i from our point of view.
// webrtc-pc §4.4.1.5: "with the send and receive directions reversed to represent
// this peer's point of view. If the media description is rejected, set direction
// to "inactive"."
func (d *description) seenFromHere(i int, who side) sdp.Direction {
	switch {
	case unusable(d.Media[i]):
		return sdp.DirectionInactive
	case who == remote:
		return d.direction(i).Reverse()
	}
	return d.direction(i)
}

// stopped returns the end of the transceivers that a final answer leaves without
// a section: that of a rejected one, that of one that later offers put another
// in the place of, and those that had none when stop was called.
func (n *negotiation) stopped(l Local) Effects {
	left := map[TransceiverID]bool{}
	for _, row := range n.lines {
		left[row.transceiver] = true
	}
	var effects Effects
	stop := func(t TransceiverID) {
		if t != 0 && !left[t] {
			left[t] = true // Once.
			effects = append(effects, TransceiverStopped{Transceiver: t})
		}
	}
	for _, row := range n.stable.lines {
		stop(row.transceiver)
	}
	for _, t := range n.touched {
		stop(t)
	}
	for _, t := range l.Transceivers {
		if t.Stopping {
			stop(t.ID)
		}
	}
	return effects
}

// restored returns what the rollback of an offer makes of the transceivers that
// it said something about.
//
// RFC 9429 §4.1.10.2: "Any RtpTransceivers that were created by applying the
// remote offer that was subsequently rolled back MUST be stopped and removed from
// the PeerConnection. However, an RtpTransceiver MUST NOT be removed if a track
// was attached to the RtpTransceiver via the addTrack method."
func (n *negotiation) restored(l Local) Effects {
	at := map[TransceiverID]int{}
	for i, row := range n.stable.lines {
		at[row.transceiver] = i
	}
	var effects Effects
	for _, t := range n.touched {
		if own := l.transceiver(t); slices.Contains(n.created, t) && (own == nil || !own.ByAddTrack) {
			effects = append(effects, TransceiverRemoved{Transceiver: t})
			continue
		}
		i, associated := at[t]
		if !associated {
			effects = append(effects, MediaRestored{Transceiver: t, Index: -1})
			continue
		}
		e := MediaRestored{Transceiver: t, Mid: n.stable.lines[i].name, Index: i}
		if media := n.stable.plan.media[t]; media != nil {
			e.Direction = media.Direction
		}
		if d := n.currentRemote; d != nil {
			e.RemoteDirection = d.seenFromHere(i, remote)
			if e.RemoteDirection.Receives() {
				e.Msids = remoteMsids(d.Media[i])
			}
		}
		effects = append(effects, e)
	}
	return effects
}
