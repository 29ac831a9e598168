package ice

// Preferences of a candidate that is the only one of its type.
const (
	// maxLocalPreference is the local preference of a host with one address
	// (RFC 8445 §5.1.2.1).
	maxLocalPreference uint16 = 65535
	// tcpTypePenalty lowers the type preference of TCP candidates, so that a
	// UDP path of the same kind wins, as RFC 6544 §4.2 advises for media.
	tcpTypePenalty = 27
	// maxOtherPreference is the largest other-pref of RFC 6544 §4.2, 13 bits.
	maxOtherPreference uint16 = 1<<13 - 1
)

// Priority computes a candidate's priority by the recommended formula of
// RFC 8445 §5.1.2.1:
//
//	priority = 2^24 × type preference + 2^8 × local preference + (256 − component)
//
// typePreference is at most 126 and component 1 to 256; larger values are cut
// to those bounds.
func Priority(typePreference, localPreference, component uint16) uint32 {
	// "The type preference MUST be an integer from 0 (lowest preference) to 126
	// (highest preference) inclusive" (RFC 8445 §5.1.2.1).
	typePreference = min(typePreference, 126)
	component = min(max(component, 1), 256)
	return uint32(typePreference)<<24 | uint32(localPreference)<<8 | uint32(256-component)
}

// typePreference is the type preference of a candidate of type c over network
// type n.
func typePreference(c CandidateType, n NetworkType) uint16 {
	p := c.Preference()
	if n.IsTCP() {
		return p - min(p, tcpTypePenalty)
	}
	return p
}

// priorityOf computes the priority of a candidate whose local preference is
// local. For TCP the direction takes the upper three bits of the local
// preference (RFC 6544 §4.2).
func priorityOf(c CandidateType, n NetworkType, t TCPType, local, component uint16) uint32 {
	if n.IsTCP() {
		local = t.directionPreference(c)<<13 | local>>3&maxOtherPreference
	}
	p := Priority(typePreference(c, n), local, component)
	// A priority of 0 is not allowed (RFC 8839 §5.1); only a relayed candidate
	// of component 256 with no local preference comes to it.
	return max(p, 1)
}
