package webrtc

import (
	"time"

	"github.com/parleyrtc/webrtc/signaling"
)

// negotiationDelay is how long the task of webrtc-pc §4.7.3 waits in its queue: as
// long as it takes a program to make a few calls in a row, all of which the event
// is to cover.
const negotiationDelay = time.Millisecond

// A negotiationNeed is what the loop knows about the need to negotiate.
type negotiationNeed struct {
	needed bool      // what the check says now
	told   bool      // [[NegotiationNeeded]]: the event has been fired for the need
	task   time.Time // when the queued task runs; zero is none
}

// updateNegotiationNeeded updates the negotiation-needed flag. The loop calls it
// in the call that may have changed something.
//
// webrtc-pc §4.7.3: "If the length of connection.[[Operations]] is not 0, then set
// connection.[[UpdateNegotiationNeededFlagOnEmptyChain]] to true, and abort these
// steps." The loop runs operations one after the other and the task after all of
// them, so that the chain is empty when it runs.
//
// "Queue a task to run the following steps".
func (pc *PeerConnection) updateNegotiationNeeded() {
	pc.checkNegotiationNeeded()
	if pc.negotiation.needed && !pc.negotiation.told && pc.negotiation.task.IsZero() {
		pc.negotiation.task = time.Now().Add(negotiationDelay)
	}
}

// clearNegotiationNeeded ends a negotiation. webrtc-pc §4.4.1.5: "If
// connection.[[SignalingState]] is now "stable", ... Clear the negotiation-needed
// flag and update the negotiation-needed flag."
func (pc *PeerConnection) clearNegotiationNeeded() {
	pc.negotiation.told = false
	pc.updateNegotiationNeeded()
}

// checkNegotiationNeeded brings up to date what is needed. Outside of stable
// nothing is: the end of the negotiation that is under way checks again.
func (pc *PeerConnection) checkNegotiationNeeded() {
	needed := !pc.isClosed.Load() && pc.machine.State() == signaling.Stable && pc.machine.NegotiationNeeded(pc.local())
	if needed != pc.negotiation.needed {
		pc.negotiation.needed, pc.dirty = needed, true
	}
}

// runNegotiationTask is the queued task of webrtc-pc §4.7.3, its steps quoted. It
// runs on the loop when its time has come.
func (pc *PeerConnection) runNegotiationTask(now time.Time) {
	n := &pc.negotiation
	if n.task.IsZero() || now.Before(n.task) {
		return
	}
	n.task = time.Time{}
	// "If connection.[[SignalingState]] is not "stable", abort these steps. The
	// negotiation-needed flag will be updated once the state transitions to "stable",
	// as part of the steps for setting a session description."
	if pc.isClosed.Load() || pc.machine.State() != signaling.Stable {
		return
	}
	// "If the result of checking if negotiation is needed is false, clear the
	// negotiation-needed flag by setting connection.[[NegotiationNeeded]] to false, and
	// abort these steps."
	pc.checkNegotiationNeeded()
	if !n.needed {
		n.told = false
		return
	}
	// "If connection.[[NegotiationNeeded]] is already true, abort these steps. Set
	// connection.[[NegotiationNeeded]] to true. Fire an event named negotiationneeded
	// at connection."
	if n.told {
		return
	}
	n.told = true
	pc.fire(func() {
		// Another handler may have held the event up until it was pointless.
		v := pc.view.Load()
		if !v.negotiationNeeded || v.signaling != SignalingStateStable {
			return
		}
		if f := pc.handlers.negotiationNeeded.get(); f != nil {
			f()
		}
	})
}

// NegotiationNeeded reports whether something was changed that only another
// exchange of descriptions puts into effect (webrtc-pc §4.7.3): what the check for
// it says now. OnNegotiationNeeded's handler learns of it a moment later.
func (pc *PeerConnection) NegotiationNeeded() bool { return pc.read().negotiationNeeded }

// OnNegotiationNeeded sets the handler that is called when the program should
// start an exchange of descriptions (webrtc-pc §4.7.3).
//
// It is called once for all that a run of calls changes: not in the call that makes
// the exchange necessary, but a millisecond after it, on a goroutine of the
// connection's, if the exchange is necessary then and the signaling state is
// stable. What is changed later is covered by the exchange to come, or announced
// when that has ended.
func (pc *PeerConnection) OnNegotiationNeeded(f func()) { pc.handlers.negotiationNeeded.set(f) }
