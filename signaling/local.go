package signaling

import (
	"fmt"
)

// SetLocal sets a local description (webrtc-pc §4.4.2, setLocalDescription).
// An empty SDP stands for the last offer or answer created, or one that is
// created now if that no longer says how things are; a zero Type is chosen by
// the signaling state. Other text has to be the last one created, with such
// changes only as checkMunged allows.
//
// It fails with an InvalidModificationError for foreign text, an
// InvalidStateError, an RTCError for text that does not parse, or an
// InvalidAccessError for content that cannot be.
func (m *Machine) SetLocal(d Description, l Local) (Effects, error) {
	n := m.n.clone()
	effects, err := n.setLocal(m.cfg, d, l)
	if err != nil {
		return nil, err
	}
	m.n = n
	return effects, nil
}

func (n *negotiation) setLocal(cfg Config, d Description, l Local) (Effects, error) {
	if n.state == Closed {
		return nil, n.wrongState("set a local description")
	}
	// webrtc-pc §4.4.2, setLocalDescription: "Let type be description.type if
	// present, or "offer" if not present and connection.[[SignalingState]] is
	// either "stable", "have-local-offer", or "have-remote-pranswer"; otherwise
	// "answer"."
	if d.Type == 0 {
		d.Type = Answer
		if n.state == Stable || n.state == HaveLocalOffer || n.state == HaveRemotePranswer {
			d.Type = Offer
		}
	}
	if d.Type == Rollback {
		return n.rollback(local, l)
	}
	text, err := n.localText(cfg, d, l)
	if err != nil {
		return nil, err
	}
	next, ok := n.state.after(local, d.Type)
	if !ok {
		return nil, n.wrongState(fmt.Sprintf("set a local %s", d.Type))
	}
	c, err := parse(text)
	if err != nil {
		return nil, err
	}
	description := newDescription(d.Type, text, c)
	if d.Type == Offer {
		if err := checkOffer(c, n.lines, local); err != nil {
			return nil, err
		}
		return n.applyLocalOffer(cfg, next, description), nil
	}
	if err := checkAnswer(n.pendingRemote, c, local); err != nil {
		return nil, err
	}
	return n.applyAnswer(next, local, description, l)
}

// localText returns the text that SetLocal is to set.
func (n *negotiation) localText(cfg Config, d Description, l Local) (string, error) {
	last := n.offer
	if d.Type != Offer {
		last = n.answer
	}
	if d.SDP != "" {
		// "If type is "offer", and sdp is not the empty string and sdp is not equal
		// to connection.[[LastCreatedOffer]], then return a promise rejected with a
		// newly created InvalidModificationError", and likewise for answers.
		return d.SDP, checkMunged(d.Type, last, d.SDP)
	}
	// "If sdp is the empty string, or if it no longer accurately represents the
	// offerer's system state of connection, then let p be the result of creating
	// an offer". Writing it again gives the same text if nothing has changed.
	if d.Type != Offer {
		return n.createAnswer(cfg, l)
	}
	if last == "" {
		n.offerOptions = OfferOptions{}
	}
	return n.createOffer(cfg, l, n.offerOptions)
}

// applyLocalOffer makes an offer of ours pending (RFC 9429 §5.9). It replaces
// one that is pending already.
func (n *negotiation) applyLocalOffer(cfg Config, next State, offer *description) Effects {
	offer.rows = n.proposeOwn(offer.content, cfg.Bundle, &n.nextTransport)
	n.associate(offer.rows)
	n.lines = offer.rows
	n.pendingLocal = offer
	effects := n.enter(next)
	effects = append(effects, n.describe(offer, offer.rows, local, nil)...)
	effects = append(effects, n.commitPlan(planOffer(n.stable.plan, offer), false)...)
	n.forgetDrafts(offer)
	n.forgetGathered()
	return effects
}
