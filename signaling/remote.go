package signaling

import (
	"fmt"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// SetRemote sets a remote description (webrtc-pc §4.4.2,
// setRemoteDescription). An offer that meets one of ours rolls ours back first. If
// it cannot be applied then, ours is gone all the same, and the effects of the rollback
// come with the error.
//
// It fails with an InvalidStateError, an RTCError for text that does not parse,
// an InvalidAccessError for content that cannot be, or a TypeError without a
// type.
func (m *Machine) SetRemote(d Description, l Local) (Effects, error) {
	var effects Effects
	// webrtc-pc §4.4.2, setRemoteDescription: "If description.type is "offer" and is
	// invalid for the current connection.[[SignalingState]] ... Let p be the result of
	// setting the local session description indicated by {type: "rollback"}. Return the
	// result of reacting to p with a fulfillment step that sets the remote session
	// description". The rollback is a step of its own: it stands whatever
	// becomes of the offer.
	if d.Type == Offer && m.n.state == HaveLocalOffer {
		n := m.n.clone()
		rolledBack, err := n.rollback(local, l)
		if err != nil {
			return nil, err
		}
		m.n, effects = n, rolledBack
	}
	n := m.n.clone()
	applied, err := n.setRemote(d, l)
	if err != nil {
		return effects, err
	}
	m.n = n
	return append(effects, applied...), nil
}

func (n *negotiation) setRemote(d Description, l Local) (Effects, error) {
	if n.state == Closed {
		return nil, n.wrongState("set a remote description")
	}
	switch d.Type {
	case Offer, Answer, Pranswer:
	case Rollback:
		return n.rollback(remote, l)
	default:
		return nil, &rtcerr.TypeError{Err: fmt.Errorf("a remote description needs a type: offer, pranswer, answer or rollback")}
	}
	next, ok := n.state.after(remote, d.Type)
	if !ok {
		return nil, n.wrongState(fmt.Sprintf("set a remote %s", d.Type))
	}
	c, err := parse(d.SDP)
	if err != nil {
		return nil, err
	}
	if l.RTCPMuxRequired {
		if err := checkMultiplexed(c, d.Type); err != nil {
			return nil, err
		}
	}
	if l.CryptexRequired {
		if err := checkCryptex(c, d.Type); err != nil {
			return nil, err
		}
	}
	if err := checkTracks(c, d.Type); err != nil {
		return nil, err
	}
	description := newDescription(d.Type, d.SDP, c)
	if d.Type == Offer {
		// webrtc-pc §4.4.1.5: "If remote is true, validate back-to-back offers as if
		// answers were applied in between, by running the check for subsequent offers
		// as if it were in stable state."
		if err := checkOffer(c, n.lines, remote); err != nil {
			return nil, err
		}
		return n.applyRemoteOffer(next, description, l)
	}
	if err := checkAnswer(n.pendingLocal, c, remote); err != nil {
		return nil, err
	}
	return n.applyAnswer(next, remote, description, l)
}

// applyRemoteOffer makes an offer of the peer's pending (RFC 9429 §5.10). What
// it asks for begins with our answer.
func (n *negotiation) applyRemoteOffer(next State, offer *description, l Local) (Effects, error) {
	offer.rows = propose(n.lines, offer.content, &n.nextTransport)
	if err := checkRenewal(n.plan, offer); err != nil {
		return nil, err
	}
	created := n.pair(offer, l)
	n.lines = offer.rows
	n.pendingRemote = offer
	n.answer = "" // It answers another offer.
	effects := n.enter(next)
	return append(effects, n.describe(offer, offer.rows, remote, created)...), nil
}
