package signaling

// rollback abandons the pending offer, whichever side calls for it.
//
// RFC 9429 §5.7: "The effect of rollback MUST be the same regardless of whether
// setLocalDescription or setRemoteDescription is called."
func (n *negotiation) rollback(who side, l Local) (Effects, error) {
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
	// §4.1.10.2: the transceivers are those of the stable state again, and so are
	// their sections.
	effects = append(effects, n.restored(l)...)
	n.touched, n.created = nil, nil
	effects = append(effects, n.commitPlan(n.stable.plan, true)...)
	n.forgetGathered()
	return effects, nil
}
