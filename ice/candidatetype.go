package ice

import "fmt"

// CandidateType says how a candidate's address was learned (RFC 8445 §4).
type CandidateType byte

const (
	// CandidateTypeUnspecified is the zero value; no candidate has it.
	CandidateTypeUnspecified CandidateType = iota
	// CandidateTypeHost is an address of one of the host's own interfaces.
	CandidateTypeHost
	// CandidateTypeServerReflexive is an address that a STUN or TURN server saw
	// the host's packets come from: the outer side of a NAT.
	CandidateTypeServerReflexive
	// CandidateTypePeerReflexive is an address that the peer saw, or that one of
	// its checks came from, and that no candidate had announced.
	CandidateTypePeerReflexive
	// CandidateTypeRelay is an address on a TURN server.
	CandidateTypeRelay
)

// String returns the type as it stands after "typ" in a candidate line
// (RFC 8839 §5.1): host, srflx, prflx or relay.
func (c CandidateType) String() string {
	switch c {
	case CandidateTypeHost:
		return "host"
	case CandidateTypeServerReflexive:
		return "srflx"
	case CandidateTypePeerReflexive:
		return "prflx"
	case CandidateTypeRelay:
		return "relay"
	}
	return fmt.Sprintf("unknown candidate type %d", byte(c))
}

// Preference returns the type preference that RFC 8445 §5.1.2.2 recommends for
// UDP: 126 for host, 110 for peer reflexive, 100 for server reflexive, and 0
// for relayed candidates.
func (c CandidateType) Preference() uint16 {
	switch c {
	case CandidateTypeHost:
		return 126
	case CandidateTypePeerReflexive:
		return 110
	case CandidateTypeServerReflexive:
		return 100
	}
	return 0
}

// parseCandidateType reads the token after "typ", in any case of letters.
func parseCandidateType(s string) (CandidateType, bool) {
	for t := CandidateTypeHost; t <= CandidateTypeRelay; t++ {
		if equalFold(s, t.String()) {
			return t, true
		}
	}
	return CandidateTypeUnspecified, false
}
