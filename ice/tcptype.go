package ice

// TCPType says which side of a TCP candidate opens the connection (RFC 6544
// §4.5).
type TCPType int

const (
	// TCPTypeUnspecified is the type of candidates that are not TCP.
	TCPTypeUnspecified TCPType = iota
	// TCPTypeActive candidates open connections and accept none; their port is
	// written as 9.
	TCPTypeActive
	// TCPTypePassive candidates accept connections and open none.
	TCPTypePassive
	// TCPTypeSimultaneousOpen candidates do both at once.
	TCPTypeSimultaneousOpen
)

// NewTCPType reads the value of a tcptype extension, in any case of letters;
// anything but active, passive and so is TCPTypeUnspecified.
func NewTCPType(value string) TCPType {
	for t := TCPTypeActive; t <= TCPTypeSimultaneousOpen; t++ {
		if equalFold(value, t.String()) {
			return t
		}
	}
	return TCPTypeUnspecified
}

// String returns active, passive or so, and "" for TCPTypeUnspecified.
func (t TCPType) String() string {
	switch t {
	case TCPTypeActive:
		return "active"
	case TCPTypePassive:
		return "passive"
	case TCPTypeSimultaneousOpen:
		return "so"
	}
	return ""
}

// opposite is the type that a peer's candidate has to have for a pair with one of
// type t (RFC 6544 §6.2).
func (t TCPType) opposite() TCPType {
	switch t {
	case TCPTypeActive:
		return TCPTypePassive
	case TCPTypePassive:
		return TCPTypeActive
	}
	return t
}

// directionPreference is the part of the local preference that RFC 6544 §4.2
// gives to the direction: for host candidates active 6, passive 4 and
// simultaneous-open 2; for all others simultaneous-open 6, active 4, passive 2.
func (t TCPType) directionPreference(c CandidateType) uint16 {
	host := c == CandidateTypeHost || c == CandidateTypeRelay
	switch {
	case host && t == TCPTypeActive, !host && t == TCPTypeSimultaneousOpen:
		return 6
	case t == TCPTypeActive, host && t == TCPTypePassive:
		return 4
	case t == TCPTypePassive, t == TCPTypeSimultaneousOpen:
		return 2
	}
	return 0
}
