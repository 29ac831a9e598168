package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/sdp"
)

// CreateOffer writes an offer (RFC 9429 §5.2) and remembers it as the last one
// created. It fails with an InvalidStateError outside of stable and
// have-local-offer.
func (m *Machine) CreateOffer(l Local, options OfferOptions) (string, error) {
	n := m.n.clone()
	text, err := n.createOffer(m.cfg, l, options)
	if err != nil {
		return "", err
	}
	m.n = n
	return text, nil
}

func (n *negotiation) createOffer(cfg Config, l Local, options OfferOptions) (string, error) {
	// webrtc-pc §4.4.2, createOffer: "If connection.[[SignalingState]] is neither
	// "stable" nor "have-local-offer", return a promise rejected with a newly
	// created InvalidStateError."
	if n.state != Stable && n.state != HaveLocalOffer {
		return "", n.wrongState("create an offer")
	}
	session := newSession(cfg, l)
	session.ExtmapAllowMixed = true
	session.Media, n.offered = n.offeredSections(l)
	// RFC 9429 §5.2.2: "The "a=group:BUNDLE" attribute MUST include the mid
	// identifiers specified in the bundle group in the most recent answer, minus
	// any m= sections that have been marked as rejected, plus any newly added or
	// re-enabled m= sections." A peer without mids cannot bundle.
	var mids []string
	for _, media := range session.Media {
		if !media.IsRejected() && media.Mid != "" {
			mids = append(mids, media.Mid)
		}
	}
	if len(mids) > 0 {
		session.Groups = []sdp.Group{{Semantics: "BUNDLE", Mids: mids}}
	}

	written, err := newContent(session)
	if err != nil {
		return "", err
	}
	next := n.nextTransport
	rows := n.proposeOwn(written, cfg.Bundle, &next)
	var initial ICEParameters // of transports that are new
	for i, media := range session.Media {
		if rows[i].rejected {
			continue
		}
		if n.bundling(cfg.Bundle).bundleOnly(n.stable.lines, rows, written, i) {
			// RFC 9143 §6: "the offerer MUST assign a zero port value" and an SDP
			// "bundle-only" attribute, and §7.1.3: attributes of the TRANSPORT and IDENTICAL
			// categories are those of the tagged section.
			media.Port, media.BundleOnly = 0, true
			media.RTCP = ""
			continue
		}
		n.fillTransport(media, rows[i].transport, l, n.offerCredentials(cfg, rows[i].transport, l, options, &initial))
		// RFC 8842 §5.2: the offerer leaves the choice of the role to the answerer,
		// in later offers too.
		media.Transport.Setup = sdp.SetupActpass
	}
	n.offer, n.offerOptions = n.write(cfg, session), options
	return n.offer, nil
}

// place is what stands at one index of an offer of ours. Without a transceiver
// and data the section is rejected.
type place struct {
	mid         string
	transceiver *Transceiver
	data        bool
}

// offeredSections returns the sections of an offer, yet without their transport
// attributes, and the transceivers that they are for.
func (n *negotiation) offeredSections(l Local) ([]*sdp.Media, []TransceiverID) {
	places := n.places(l)
	sections := make([]*sdp.Media, len(places))
	ids := make([]TransceiverID, len(places))
	pts, extensions := newNumbers(n.lines), newExtensionIDs(n.lines)
	// Those that have been negotiated come first: their numbers stand.
	for _, negotiated := range []bool{true, false} {
		for i, p := range places {
			if p.transceiver == nil || negotiated != (n.stable.plan.media[p.transceiver.ID] != nil) {
				continue
			}
			var row mline
			if i < len(n.lines) && n.lines[i].transceiver == p.transceiver.ID {
				row = n.lines[i]
			}
			sections[i] = n.offeredMedia(p.transceiver, p.mid, row, l, pts, extensions)
			ids[i] = p.transceiver.ID
		}
	}
	for i, p := range places {
		switch {
		case sections[i] != nil:
		case p.data:
			sections[i] = n.offeredInit(n.limited(offeredData(p.mid), l), l)
		default:
			// RFC 9429 §5.2.2: otherwise it stays where it is, with port zero.
			sections[i] = rejectedSection(n.written(i), p.mid)
		}
	}
	return sections, ids
}

// places returns what stands where in an offer.
//
// RFC 9429 §5.2.1: an m= section is generated "for each RtpTransceiver that has
// been added to the PeerConnection, excluding any stopped RtpTransceivers; this is
// done in the order the RtpTransceivers were added".
func (n *negotiation) places(l Local) []place {
	var added []place
	for _, t := range n.unassociated(n.lines, l) {
		added = append(added, place{transceiver: t})
	}
	if l.Data && activeData(n.lines) < 0 {
		// "Lastly, if a data channel has been created, an "m=" section MUST be
		// generated for data."
		added = append(added, place{data: true})
	}
	var places []place
	mids := newMids(n.lines)
	add := func() place {
		p := added[0]
		added = added[1:]
		p.mid = mids.take()
		return p
	}
	for i, row := range n.lines {
		switch t := l.transceiver(row.transceiver); {
		case row.data && !row.rejected:
			places = append(places, place{mid: row.mid, data: true})
		case t != nil && !t.Stopping && !row.rejected:
			places = append(places, place{mid: row.mid, transceiver: t})
		case len(added) > 0 && n.recyclable(i):
			// §5.2.2: "If any RtpTransceiver has been added and there exists an "m="
			// section with a zero port in the current local description or the current
			// remote description, that "m=" section MUST be recycled by generating an
			// "m=" section for the added RtpTransceiver as if the "m=" section were being
			// added to the session description (including a new MID value) and placing it
			// at the same index as the "m=" section with a zero port." Data likewise.
			places = append(places, add())
		default:
			// §5.2.2: "If an RtpTransceiver has been stopped and is associated with an
			// "m=" section, and the "m=" section is not being recycled as described above,
			// an "m=" section MUST be generated for it with the port set to zero".
			places = append(places, place{mid: row.mid})
		}
	}
	for len(added) > 0 {
		places = append(places, add())
	}
	return places
}

// recyclable says whether the section at an index is rejected in the
// descriptions that are in force. A pending offer's sections are the peer's
// already.
func (n *negotiation) recyclable(i int) bool {
	return n.lines[i].rejected && i < len(n.stable.lines) && n.stable.lines[i].rejected
}

// written returns section i as the newest description of either side has it.
func (n *negotiation) written(i int) *sdp.Media {
	for _, d := range []*description{n.pendingLocal, n.pendingRemote, n.currentLocal, n.currentRemote} {
		if d != nil && i < len(d.Media) {
			return d.Media[i]
		}
	}
	return &sdp.Media{Kind: n.lines[i].kind}
}

func (n *negotiation) limited(m *sdp.Media, l Local) *sdp.Media {
	size := l.MaxMessageSize
	m.MaxMessageSize = &size
	return m
}

// offerCredentials returns the credentials that an offer has for a transport. Those
// of the transports that are not agreed on yet are the same, initial, as browsers
// write them: peers that bundle may take them from any section.
func (n *negotiation) offerCredentials(cfg Config, t TransportID, l Local, options OfferOptions, initial *ICEParameters) ICEParameters {
	have, ok := n.localCredentials(t)
	_, agreed := n.stable.plan.transports[t]
	switch {
	case !ok && *initial != (ICEParameters{}) && !cfg.SharedPorts:
		n.drafts[t] = *initial
		return *initial
	case !ok:
		have = n.draft(t, l)
	}
	if !agreed && *initial == (ICEParameters{}) {
		*initial = have
	}
	if !ok {
		return have
	}
	// webrtc-pc §4.4.2.1: with iceRestart, or with
	// [[LocalIceCredentialsToReplace]] not empty, "the generated description will
	// have ICE credentials that are different from the current credentials (as
	// visible in the currentLocalDescription attribute's SDP)".
	_, inForce := n.stable.plan.transports[t]
	restart := options.ICERestart && inForce && have == n.stable.plan.transports[t].local
	if restart || slices.Contains(n.replace, have) {
		return n.draft(t, l)
	}
	return have
}
