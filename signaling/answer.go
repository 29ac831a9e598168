package signaling

import (
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
		return "", n.wrongState("create an answer")
	}
	offer := n.pendingRemote
	session := newSession()
	session.ExtmapAllowMixed = offer.session.ExtmapAllowMixed
	data := activeData(offer.rows)
	for i, offered := range offer.session.Media {
		// RFC 9429 §5.3.1: "For each m= section in the offer, an m= section MUST be
		// generated in the answer", rejected ones included, in the offer's order.
		if i != data {
			session.Media = append(session.Media, rejectedSection(offered, offered.Mid))
			continue
		}
		media := n.limited(answeredData(offered), l)
		t := offer.rows[i].transport
		n.fillTransport(media, t, l, n.answerCredentials(t, i, l))
		media.Transport.Setup = n.answerSetup(cfg, t, transportOf(offer.session, i).Setup)
		session.Media = append(session.Media, media)
	}
	session.Groups = answeredBundle(offer.session, session)
	n.answer = n.write(cfg, session)
	return n.answer, nil
}

// answeredBundle returns the group of an answer. RFC 9143 §7.3: of the offered
// group's sections those that are accepted, in the offer's order.
func answeredBundle(offer, answer *sdp.Session) []sdp.Group {
	var mids []string
	for _, i := range bundled(offer) {
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
		return n.draft(t, ICEParameters{}, l)
	}
	// RFC 9429 §5.3.1: "the "a=ice-ufrag" and "a=ice-pwd" lines ... MUST be new
	// if the offer restarts ICE". RFC 8839 §4.4.1.1.1 makes a restart of changed
	// credentials. After a provisional answer the final one keeps its own.
	stable, inForce := n.stable.plan.transports[t]
	restarted := inForce && stable.remote != nil && stable.remote.parameters != n.pendingRemote.credentials(i)
	if restarted && have == stable.local {
		return n.draft(t, have, l)
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
	// RFC 9429 §5.3.2: an association that goes on keeps its roles.
	if v, ok := n.plan.transports[t]; ok && v.remote != nil {
		if v.remote.client {
			return sdp.SetupActive
		}
		return sdp.SetupPassive
	}
	// RFC 9429 §5.3.1: "if the offer is actpass, the answer SHOULD be active".
	if cfg.AnswerSetup == sdp.SetupPassive {
		return sdp.SetupPassive
	}
	return sdp.SetupActive
}
