package signaling

// State is the signaling state of a connection (webrtc-pc §4.3.1, RFC 9429
// §3.2).
type State uint8

// The signaling states. Stable is the zero value: a new machine is in it.
const (
	Stable State = iota
	HaveLocalOffer
	HaveRemoteOffer
	HaveLocalPranswer
	HaveRemotePranswer
	Closed
)

var stateNames = [...]string{
	Stable:             "stable",
	HaveLocalOffer:     "have-local-offer",
	HaveRemoteOffer:    "have-remote-offer",
	HaveLocalPranswer:  "have-local-pranswer",
	HaveRemotePranswer: "have-remote-pranswer",
	Closed:             "closed",
}

// String returns the name of the RTCSignalingState enum.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Type is the kind of a description (webrtc-pc §4.6.1). The zero value names
// none: Machine.SetLocal then chooses by the signaling state.
type Type uint8

// The description types.
const (
	Offer Type = iota + 1
	Pranswer
	Answer
	Rollback
)

var typeNames = [...]string{
	Offer:    "offer",
	Pranswer: "pranswer",
	Answer:   "answer",
	Rollback: "rollback",
}

// String returns the name of the RTCSdpType enum, or "" for the zero value.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// side says who made a description.
type side uint8

const (
	local side = iota
	remote
)

func (s side) String() string {
	if s == local {
		return "local"
	}
	return "remote"
}

// RFC 9429 §3.2 (figure 1): the transitions of the signaling state machine. An
// operation that is not listed for a state is illegal in it.
//
// Either side can roll an offer back, but nobody a provisional answer, although
// RFC 9429 §5.7 would have it. webrtc-pc §4.4.1.5 is stricter: "If
// description.type is "rollback" and connection.[[SignalingState]] is either
// "stable", "have-local-pranswer", or "have-remote-pranswer", then reject p with
// a newly created InvalidStateError".
var transitions = map[State]map[side]map[Type]State{
	Stable: {
		local:  {Offer: HaveLocalOffer},
		remote: {Offer: HaveRemoteOffer},
	},
	HaveLocalOffer: {
		local:  {Offer: HaveLocalOffer, Rollback: Stable},
		remote: {Answer: Stable, Pranswer: HaveRemotePranswer, Rollback: Stable},
	},
	HaveRemoteOffer: {
		local:  {Answer: Stable, Pranswer: HaveLocalPranswer, Rollback: Stable},
		remote: {Offer: HaveRemoteOffer, Rollback: Stable},
	},
	HaveLocalPranswer: {
		local: {Answer: Stable, Pranswer: HaveLocalPranswer},
	},
	HaveRemotePranswer: {
		remote: {Answer: Stable, Pranswer: HaveRemotePranswer},
	},
}

// after returns the state that follows when a description of type t is set on
// side who, and whether that is legal.
func (s State) after(who side, t Type) (State, bool) {
	next, ok := transitions[s][who][t]
	return next, ok
}
