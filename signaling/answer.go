package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// CreateAnswer writes an answer to the pending remote offer (RFC 9429 §5.3)
// and remembers it as the last one created. It fails with an InvalidStateError
// outside of have-remote-offer and have-local-pranswer.
func (m *Machine) CreateAnswer(l Local) (string, error) {
	n := m.n.clone()
	text, err := n.createAnswer(m.cfg, l)
	if err != nil {
		return "", err
	}
	m.n = n
	return text, nil
}

func (n *negotiation) createAnswer(cfg Config, l Local) (string, error) {
	// webrtc-pc §4.4.2, createAnswer: "If connection.[[SignalingState]] is neither
	// "have-remote-offer" nor "have-local-pranswer", return a promise rejected
	// with a newly created InvalidStateError."
	if n.state != HaveRemoteOffer && n.state != HaveLocalPranswer {
		err := n.wrongState("create an answer")
		if n.state != Closed && n.remoteDescription() == nil {
			err = rtcerr.Because(rtcerr.ErrNoRemoteDescription, err)
		}
		return "", err
	}
	offer := n.pendingRemote
	// RFC 9429 §5.3.1: what is said for the session is as in offers, except that
	// an ICE option is only included if it was present in the offer.
	session := newSession(cfg, l)
	session.Transport.ICEOptions = slices.DeleteFunc(session.Transport.ICEOptions, func(option string) bool {
		return !offer.hasICEOption(option)
	})
	session.ExtmapAllowMixed = offer.ExtmapAllowMixed
	data := activeData(offer.rows)
	for i, offered := range offer.Media {
		// RFC 9429 §5.3.1: "The next step is to generate m= sections for each m=
		// section that is present in the remote offer, as specified in [RFC3264],
		// Section 6", those that are rejected included, in the offer's order.
		var media *sdp.Media
		switch {
		case i == data && offer.bundledIfOnly(i):
			media = n.answeredInit(n.limited(answeredData(offered), l), offered, l)
		case offer.rows[i].transceiver != 0 && !offer.rows[i].rejected:
			media = n.answeredMedia(offer, i, l.transceiver(offer.rows[i].transceiver), l)
		}
		if media == nil {
			session.Media = append(session.Media, rejectedSection(offered, offered.Mid))
			continue
		}
		t := offer.rows[i].transport
		n.fillTransport(media, t, l, n.answerCredentials(t, i, l))
		media.Transport.Setup = n.answerSetup(cfg, t, offer.transport[i].Setup)
		session.Media = append(session.Media, media)
	}
	session.Groups = answeredBundle(offer.content, session)
	n.answer = n.write(cfg, session)
	return n.answer, nil
}

// answeredBundle returns the group of an answer. RFC 9143 §7.3: of the offered
// group's sections those that are accepted, in the offer's order.
func answeredBundle(offer *content, answer *sdp.Session) []sdp.Group {
	var mids []string
	for _, i := range offer.group {
		if !answer.Media[i].IsRejected() {
			mids = append(mids, answer.Media[i].Mid)
		}
	}
	if len(mids) == 0 {
		return nil
	}
	return []sdp.Group{{Semantics: "BUNDLE", Mids: mids}}
}

// answerCredentials returns the credentials that an answer has for the
// transport of section i.
func (n *negotiation) answerCredentials(t TransportID, i int, l Local) ICEParameters {
	have, ok := n.localCredentials(t)
	if !ok {
		return n.draft(t, l)
	}
	// RFC 9429 §5.10: "If the ICE ufrag or password changed from the previous
	// remote description, then an ICE restart is needed", and the answer to one
	// has new credentials (RFC 8839 §4.4.1.1.1). After a provisional answer the
	// final one keeps what that had.
	stable, inForce := n.stable.plan.transports[t]
	restarted := inForce && stable.remote != nil && stable.remote.parameters != n.pendingRemote.credentials(i)
	if restarted && have == stable.local {
		return n.draft(t, l)
	}
	return have
}

// answerSetup returns the DTLS role to answer with.
func (n *negotiation) answerSetup(cfg Config, t TransportID, offered sdp.Setup) sdp.Setup {
	// RFC 8842 §5.3: the answer to active is passive, and the other way round.
	switch offered {
	case sdp.SetupActive:
		return sdp.SetupPassive
	case sdp.SetupPassive:
		return sdp.SetupActive
	}
	// RFC 9429 §5.3.1: "The role value MUST be consistent with the existing DTLS
	// connection, if one exists and is being continued."
	if v, ok := n.plan.transports[t]; ok && v.remote != nil {
		if v.remote.client {
			return sdp.SetupActive
		}
		return sdp.SetupPassive
	}
	// RFC 9429 §5.3.1: "The role value in the answer MUST be "active" or
	// "passive"; the "active" role is RECOMMENDED."
	if cfg.AnswerSetup == sdp.SetupPassive {
		return sdp.SetupPassive
	}
	return sdp.SetupActive
}
