package signaling

import (
	"fmt"
	"slices"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// enter changes the signaling state, and says so if it is another one.
func (n *negotiation) enter(next State) Effects {
	if n.state == next {
		return nil
	}
	n.state = next
	return Effects{StateChanged{State: next}}
}

// settleStable remembers that what is in force has been agreed.
func (n *negotiation) settleStable() {
	n.stable.lines, n.stable.plan = n.lines, n.plan
	n.touched, n.created = nil, nil
	// webrtc-pc §4.4.1.5: "Set both connection.[[LastCreatedOffer]] and
	// connection.[[LastCreatedAnswer]] to "" ... Finally, if none of the ICE
	// credentials in connection.[[LocalIceCredentialsToReplace]] are present in the
	// newly set connection.[[CurrentLocalDescription]], then set
	// connection.[[LocalIceCredentialsToReplace]] to an empty set."
	n.offer, n.answer, n.offerOptions, n.offered = "", "", OfferOptions{}, nil
	inUse := n.currentLocal.allCredentials()
	if !slices.ContainsFunc(n.replace, func(p ICEParameters) bool { return slices.Contains(inUse, p) }) {
		n.replace = nil
	}
}

// forgetDrafts drops the credentials that a description has put to use.
func (n *negotiation) forgetDrafts(d *description) {
	for _, t := range transports(d.rows) {
		delete(n.drafts, t)
	}
}

// wrongState returns the error for an operation that the state does not allow.
func (n *negotiation) wrongState(operation string) error {
	if n.state == Closed {
		return &rtcerr.InvalidStateError{Err: fmt.Errorf("cannot %s: %w", operation, rtcerr.ErrConnectionClosed)}
	}
	return &rtcerr.InvalidStateError{Err: rtcerr.Because(rtcerr.ErrIncorrectSignalingState, fmt.Errorf("cannot %s in signaling state %s", operation, n.state))}
}
