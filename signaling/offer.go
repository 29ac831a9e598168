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
	session := newSession()
	session.ExtmapAllowMixed = true
	session.Media = n.offeredSections(l)
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
	rows := propose(n.lines, written, &next)
	for i, media := range session.Media {
		if rows[i].rejected {
			continue
		}
		n.fillTransport(media, rows[i].transport, l, n.offerCredentials(rows[i].transport, l, options))
		// RFC 8842 §5.2: the offerer leaves the choice of the role to the answerer,
		// in later offers too.
		media.Transport.Setup = sdp.SetupActpass
	}
	n.offer, n.offerOptions = n.write(cfg, session), options
	return n.offer, nil
}

// offeredSections returns the sections of an offer, yet without their
// transport attributes.
func (n *negotiation) offeredSections(l Local) []*sdp.Media {
	var sections []*sdp.Media
	wantsData := l.Data && activeData(n.lines) < 0
	for i, row := range n.lines {
		switch {
		case row.data && !row.rejected:
			sections = append(sections, n.limited(offeredData(row.mid), l))
		case wantsData && n.recyclable(i):
			// RFC 9429 §5.2.2: where there is "an m= section with a zero port in the
			// current local description or the current remote description, that m=
			// section MUST be recycled" for what has been added, with a new mid "and
			// placing it at the same index".
			wantsData = false
			sections = append(sections, n.limited(offeredData(newMid(n.lines)), l))
		default:
			// §5.2.2: otherwise it stays where it is, with port zero.
			sections = append(sections, rejectedSection(n.written(i), row.mid))
		}
	}
	if wantsData {
		// §5.2.1: the data section comes last, if no other place is free.
		sections = append(sections, n.limited(offeredData(newMid(n.lines)), l))
	}
	return sections
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

// offerCredentials returns the credentials that an offer has for a transport.
func (n *negotiation) offerCredentials(t TransportID, l Local, options OfferOptions) ICEParameters {
	have, ok := n.localCredentials(t)
	if !ok {
		return n.draft(t, l)
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
