package webrtc

import (
	"slices"

	"github.com/parleyrtc/webrtc/ice"
)

// blockedPorts is the block bad port list of the Fetch Standard (§2.9): ports of
// services that could take the bytes of another protocol for commands.
var blockedPorts = []int{
	0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
	110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
	532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
	5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}

// prohibited says whether a peer's candidate asks for a connection that is not to be
// made: the user agent "MUST prohibit connections to addresses on the [Fetch] block bad
// port list" (webrtc-pc §4.4.2, addIceCandidate). A candidate that only opens
// connections of its own has the discard port.
func prohibited(c ice.Candidate) bool {
	if !c.NetworkType().IsTCP() || c.TCPType() == ice.TCPTypeActive {
		return false
	}
	_, blocked := slices.BinarySearch(blockedPorts, c.Port())
	return blocked
}
