package signaling

import (
	"fmt"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// SetRemote sets a remote description (webrtc-pc §4.4.2,
// setRemoteDescription). An offer that meets one of ours rolls ours back first;
// if it cannot be applied, ours stays.
//
// It fails with an InvalidStateError, an RTCError for text that does not parse,
// an InvalidAccessError for content that cannot be, or a TypeError without a
// type.
func (m *Machine) SetRemote(d Description, _ Local) (Effects, error) {
	n := m.n.clone()
	effects, err := n.setRemote(d)
	if err != nil {
		return nil, err
	}
	m.n = n
	return effects, nil
}

func (n *negotiation) setRemote(d Description) (Effects, error) {
	if n.state == Closed {
		return nil, n.wrongState("set a remote description")
	}
	switch d.Type {
	case Offer, Answer, Pranswer:
	case Rollback:
		return n.rollback(remote)
	default:
		return nil, &rtcerr.TypeError{Err: fmt.Errorf("a remote description needs a type: offer, pranswer, answer or rollback")}
	}
	var effects Effects
	// webrtc-pc §4.4.2, setRemoteDescription: "If description.type is "offer" and
	// is invalid for the current connection.[[SignalingState]] ..., then: Let p be
	// the result of setting the local session description indicated by
	// {type: "rollback"}. Return the result of reacting to p with a fulfillment
	// step that sets the remote session description".
	if d.Type == Offer && n.state == HaveLocalOffer {
		rolledBack, err := n.rollback(local)
		if err != nil {
			return nil, err
		}
		effects = rolledBack
	}
	next, ok := n.state.after(remote, d.Type)
	if !ok {
		return nil, n.wrongState(fmt.Sprintf("set a remote %s", d.Type))
	}
	session, err := parse(d.SDP)
	if err != nil {
		return nil, err
	}
	if d.Type == Offer {
		if err := n.checkOffer(session, n.stable.lines, remote); err != nil {
			return nil, err
		}
		return append(effects, n.applyRemoteOffer(next, newDescription(Offer, d.SDP, session, nil))...), nil
	}
	if err := checkAnswer(n.pendingLocal, session, remote); err != nil {
		return nil, err
	}
	return append(effects, n.applyAnswer(next, remote, newDescription(d.Type, d.SDP, session, nil))...), nil
}

// applyRemoteOffer makes an offer of the peer's pending (RFC 9429 §5.10). What
// it asks for begins with our answer.
func (n *negotiation) applyRemoteOffer(next State, offer *description) Effects {
	offer.rows = propose(n.stable.lines, offer.session, &n.nextTransport)
	n.lines = offer.rows
	n.pendingRemote = offer
	n.answer = ""
	return n.enter(next)
}
