package codec

import (
	"strconv"
	"strings"
)

// matchH265 compares what makes a configuration of H.265. RFC 7798 §7.2.2 lists
// profile-space, profile-id, tier-flag, level-id, interop-constraints,
// profile-compatibility-indicator and tx-mode: "These media configuration
// parameters, except level-id, MUST be used symmetrically". The two bit fields
// narrow a profile; peers leave them out or write them in various lengths, and
// they are not compared. §7.1 has the values of what is missing.
func matchH265(a, b Fmtp) bool {
	return a.number("profile-space", 0) == b.number("profile-space", 0) &&
		a.number("profile-id", 1) == b.number("profile-id", 1) &&
		a.number("tier-flag", 0) == b.number("tier-flag", 0) &&
		strings.EqualFold(txMode(a), txMode(b))
}

func txMode(f Fmtp) string {
	if mode, ok := f.Get("tx-mode"); ok {
		return mode
	}
	return "SRST"
}

// h265Level is the level of H.265 that no level-id means: 3.1, 30 times which is
// 93 (RFC 7798 §7.1).
const h265Level = 93

// answerH265 answers with our parameters and a level that is not above the
// offer's. RFC 7798 §7.2.2 lets an answer change level-id "as long as the highest
// level indicated by the answer is not higher than that indicated by the offer".
func answerH265(offered, local Fmtp) Fmtp {
	own := local.number("level-id", h265Level)
	highest := max(offered.number("level-id", h265Level), offered.number("max-recv-level-id", 0))
	if own <= highest {
		return local
	}
	return local.With("level-id", strconv.Itoa(highest)).Without("max-recv-level-id")
}
