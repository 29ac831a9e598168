package ice

import "fmt"

// ConnectionState is the state of an agent: RTCIceTransportState of
// webrtc-pc §5.6.4.
type ConnectionState int

const (
	// ConnectionStateUnknown is the zero value; no agent is in it.
	ConnectionStateUnknown ConnectionState = iota
	// ConnectionStateNew means that the agent waits for remote candidates.
	ConnectionStateNew
	// ConnectionStateChecking means that there is a remote candidate, and no
	// pair that works yet.
	ConnectionStateChecking
	// ConnectionStateConnected means that there is a usable pair, and that
	// better ones are still looked for.
	ConnectionStateConnected
	// ConnectionStateCompleted means that a pair is in use and that the search
	// is over on both sides.
	ConnectionStateCompleted
	// ConnectionStateFailed means that no pair worked, or that consent was lost
	// on all; only a restart leads out.
	ConnectionStateFailed
	// ConnectionStateDisconnected means that the pair in use has stopped
	// answering; it may recover by itself.
	ConnectionStateDisconnected
	// ConnectionStateClosed means that Close was called.
	ConnectionStateClosed
)

// String returns the name of the state with a capital, as in "Connected".
func (s ConnectionState) String() string {
	switch s {
	case ConnectionStateNew:
		return "New"
	case ConnectionStateChecking:
		return "Checking"
	case ConnectionStateConnected:
		return "Connected"
	case ConnectionStateCompleted:
		return "Completed"
	case ConnectionStateFailed:
		return "Failed"
	case ConnectionStateDisconnected:
		return "Disconnected"
	case ConnectionStateClosed:
		return "Closed"
	}
	return fmt.Sprintf("unknown connection state %d", int(s))
}

// stateFacts is all that the state depends on.
type stateFacts struct {
	// closed: Close was called.
	closed bool
	// failed: the newest generation has no path left and none can come.
	failed bool
	// selected: there is a pair that packets are sent on.
	selected bool
	// lost: that pair has stopped answering.
	lost bool
	// had: this generation had a pair in use before.
	had bool
	// restarted: a generation that had gone beyond New came before this one.
	restarted bool
	// old: the pair in use belongs to an earlier generation.
	old bool
	// finished: the pair in use is nominated, and both sides have said that no
	// candidate is to come.
	finished bool
	// remote: a remote candidate is known, and the credentials to check it.
	remote bool
}

// deriveState maps the facts to the state, as webrtc-pc §5.6.4 defines it.
func deriveState(f stateFacts) ConnectionState {
	switch {
	case f.closed:
		return ConnectionStateClosed
	case f.selected && !f.lost && f.finished && !f.old:
		return ConnectionStateCompleted
	case f.selected && !f.lost:
		// "An ICE restart causes … a transition to connected if begun in the
		// completed state" (webrtc-pc §5.6.4).
		return ConnectionStateConnected
	case f.selected && f.old, !f.selected && !f.failed && f.restarted && !f.had:
		// "If begun in the transient disconnected state, it causes a transition
		// to checking, effectively forgetting that connectivity was previously
		// lost" (webrtc-pc §5.6.4). So does one begun in the failed state.
		return ConnectionStateChecking
	case f.selected:
		return ConnectionStateDisconnected
	case f.failed:
		return ConnectionStateFailed
	case f.had:
		return ConnectionStateDisconnected
	case f.remote:
		return ConnectionStateChecking
	}
	return ConnectionStateNew
}
