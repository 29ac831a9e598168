package signaling

// rollback abandons the pending descriptions, whichever side calls for it.
//
// RFC 9429 §5.7: "A rollback may be performed if the PeerConnection is in any
// state except for "stable". This means that both offers and provisional
// answers can be rolled back. ... The effect of rollback MUST be the same
// regardless of whether setLocalDescription or setRemoteDescription is
// called."
func (n *negotiation) rollback(cfg Config, who side) (Effects, error) {
	// webrtc-pc §4.4.1.5 is stricter: "If description.type is "rollback" and
	// connection.[[SignalingState]] is either "stable", "have-local-pranswer", or
	// "have-remote-pranswer", then reject p with a newly created
	// InvalidStateError".
	if cfg.KeepPranswers && (n.state == HaveLocalPranswer || n.state == HaveRemotePranswer) {
		return nil, n.wrongState("roll back")
	}
	next, ok := n.state.after(who, Rollback)
	if !ok {
		return nil, n.wrongState("roll back")
	}
	// "a JSEP implementation abandons the current offer/answer transaction, sets
	// the signaling state to "stable", and sets the pending local and/or remote
	// description ... to "null". Any resources or candidates that were allocated by
	// the abandoned local description are discarded".
	n.pendingLocal, n.pendingRemote = nil, nil
	n.lines = n.stable.lines
	effects := n.enter(next)
	effects = append(effects, n.commitPlan(n.stable.plan, true)...)
	n.forgetGathered()
	return effects, nil
}
