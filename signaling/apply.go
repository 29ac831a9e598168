package signaling

// applyAnswer applies an answer of either side, provisional or final: the
// effects of both descriptions begin with it (RFC 9429 §5.11).
func (n *negotiation) applyAnswer(next State, answerer side, answer *description, l Local) (Effects, error) {
	offer, ours, theirs, before := n.pendingRemote, answer, n.pendingRemote, n.stable.plan
	if answerer == remote {
		offer, ours, theirs = n.pendingLocal, n.pendingLocal, answer
		before = planOffer(n.stable.plan, offer)
	}
	answer.rows = settle(offer.rows, n.lines, answer.content, &n.nextTransport)
	changes := planAnswer(before, n.plan, ours, theirs, answer, l)
	if err := checkContinuity(n.plan, changes, answer); err != nil {
		return nil, err
	}
	if answerer == remote {
		if err := checkRestart(n.stable.plan, changes, answer); err != nil {
			return nil, err
		}
	}

	n.lines = answer.rows
	if answer.kind == Answer {
		for i, row := range n.lines {
			if media := changes.media[row.transceiver]; media != nil {
				n.lines[i].used = row.used.with(media)
			}
		}
		// webrtc-pc §4.4.1.5: "If description is of type "answer", then this
		// completes an offer answer negotiation." The pending descriptions become
		// the current ones.
		n.currentLocal, n.currentRemote = ours.withRows(answer.rows), theirs.withRows(answer.rows)
		n.pendingLocal, n.pendingRemote = nil, nil
	} else if answerer == local {
		n.pendingLocal = answer
	} else {
		n.pendingRemote = answer
	}
	effects := n.enter(next)
	effects = append(effects, n.describe(answer, offer.rows, answerer, nil)...)
	effects = append(effects, n.commitPlan(changes, false)...)
	if answerer == local {
		n.forgetDrafts(answer)
	}
	if answer.kind == Answer {
		effects = append(effects, n.stopped(l)...)
		n.settleStable()
	}
	n.forgetGathered()
	return effects, nil
}
