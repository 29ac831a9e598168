package sdp

// String returns the attribute's name, such as "sendrecv", or "unspecified".
func (d Direction) String() string {
	switch d {
	case DirectionSendrecv:
		return "sendrecv"
	case DirectionSendonly:
		return "sendonly"
	case DirectionRecvonly:
		return "recvonly"
	case DirectionInactive:
		return "inactive"
	}
	return "unspecified"
}

// ParseDirection reads the name of a direction attribute (RFC 8866 §6.7).
func ParseDirection(name string) (d Direction, ok bool) {
	ok = d.set(name)
	return d, ok
}

// set is ParseDirection into d, which it leaves as it is if it does not know
// the name. Of several directions in a section the last counts.
func (d *Direction) set(name string) bool {
	switch name {
	case "sendrecv":
		*d = DirectionSendrecv
	case "sendonly":
		*d = DirectionSendonly
	case "recvonly":
		*d = DirectionRecvonly
	case "inactive":
		*d = DirectionInactive
	default:
		return false
	}
	return true
}

// DirectionOf returns the direction of one who sends and receives as given.
func DirectionOf(sends, receives bool) Direction {
	switch {
	case sends && receives:
		return DirectionSendrecv
	case sends:
		return DirectionSendonly
	case receives:
		return DirectionRecvonly
	}
	return DirectionInactive
}

// Sends tells whether one with this direction may send. DirectionUnspecified
// counts as sendrecv (RFC 8866 §6.7).
func (d Direction) Sends() bool { return d != DirectionRecvonly && d != DirectionInactive }

// Receives tells whether one with this direction wants to receive.
func (d Direction) Receives() bool { return d != DirectionSendonly && d != DirectionInactive }

// Reverse returns the direction as the other side sees it: sendonly for
// recvonly and the other way round (RFC 3264 §6.1).
func (d Direction) Reverse() Direction {
	switch d {
	case DirectionSendonly:
		return DirectionRecvonly
	case DirectionRecvonly:
		return DirectionSendonly
	}
	return d
}

// Intersect returns what both directions allow, seen from the same side. An
// answer's direction is the transceiver's intersected with the offer's Reverse
// (RFC 9429 §5.3.1). DirectionUnspecified counts as sendrecv and is never
// returned.
func (d Direction) Intersect(other Direction) Direction {
	return DirectionOf(d.Sends() && other.Sends(), d.Receives() && other.Receives())
}

// String returns the value as a=setup carries it, or "unspecified".
func (s Setup) String() string {
	switch s {
	case SetupActive:
		return "active"
	case SetupPassive:
		return "passive"
	case SetupActpass:
		return "actpass"
	case SetupHoldconn:
		return "holdconn"
	}
	return "unspecified"
}

// ParseSetup reads the value of a=setup (RFC 4145 §4).
func ParseSetup(value string) (Setup, bool) {
	for s := SetupActive; s <= SetupHoldconn; s++ {
		if s.String() == value {
			return s, true
		}
	}
	return SetupUnspecified, false
}
