package codec

import (
	"fmt"
	"strconv"
)

// An h264Profile is a profile of H.264, with its constraints.
type h264Profile string

// A profilePattern is a line of RFC 6184 §8.1, Table 5: profile_idc, and the bits
// of profile-iop that count with their values.
type profilePattern struct {
	idc, mask, bits uint8
	profile         h264Profile
}

// profilePatterns says which first two bytes of profile-level-id mean the same
// profile. Constrained High, which browsers and phones have, came into H.264
// after the RFC: High with constraint_set4_flag and constraint_set5_flag.
var profilePatterns = []profilePattern{
	{0x42, 0b0100_1111, 0b0100_0000, "Constrained Baseline"},
	{0x4d, 0b1000_1111, 0b1000_0000, "Constrained Baseline"},
	{0x58, 0b1100_1111, 0b1100_0000, "Constrained Baseline"},
	{0x42, 0b0100_1111, 0b0000_0000, "Baseline"},
	{0x58, 0b1100_1111, 0b1000_0000, "Baseline"},
	{0x4d, 0b1010_1111, 0b0000_0000, "Main"},
	{0x58, 0b1100_1111, 0b0000_0000, "Extended"},
	{0x64, 0b1111_1111, 0b0000_0000, "High"},
	{0x64, 0b1111_1111, 0b0000_1100, "Constrained High"},
	{0x6e, 0b1111_1111, 0b0000_0000, "High 10"},
	{0x7a, 0b1111_1111, 0b0000_0000, "High 4:2:2"},
	{0xf4, 0b1111_1111, 0b0000_0000, "High 4:4:4 Predictive"},
	{0x6e, 0b1111_1111, 0b0001_0000, "High 10 Intra"},
	{0x7a, 0b1111_1111, 0b0001_0000, "High 4:2:2 Intra"},
	{0xf4, 0b1111_1111, 0b0001_0000, "High 4:4:4 Intra"},
	{0x2c, 0b1111_1111, 0b0001_0000, "CAVLC 4:4:4 Intra"},
}

// A profileLevelID is the parameter profile-level-id, taken apart: profile_idc,
// profile-iop, level_idc.
type profileLevelID struct {
	idc, iop, level uint8
}

// constraintSet3 is the bit of profile-iop that makes level 1.1 level 1b.
const constraintSet3 = 0b0001_0000

// parseProfileLevelID reads the parameter. given is false if it is missing: "If
// no profile-level-id is present, the Baseline profile, without additional
// constraints at Level 1, MUST be inferred" (RFC 6184 §8.1). ok is false if it is
// not six hexadecimal digits.
func parseProfileLevelID(f Fmtp) (p profileLevelID, given, ok bool) {
	value, given := f.Get("profile-level-id")
	if !given {
		return profileLevelID{idc: 0x42, level: 10}, false, true
	}
	n, err := strconv.ParseUint(value, 16, 24)
	if err != nil || len(value) != 6 {
		return profileLevelID{}, true, false
	}
	return profileLevelID{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true, true
}

// String writes the parameter as browsers do, in lower case.
func (p profileLevelID) String() string {
	return fmt.Sprintf("%02x%02x%02x", p.idc, p.iop, p.level)
}

// profile says which profile is meant, or "" for one that is not in the table.
func (p profileLevelID) profile() h264Profile {
	for _, pattern := range profilePatterns {
		if p.idc == pattern.idc && p.iop&pattern.mask == pattern.bits {
			return pattern.profile
		}
	}
	return ""
}

// old reports whether level 1b is written as level 1.1 with constraint_set3_flag,
// as in the first profiles, rather than as level 9 (RFC 6184 §8.2.2).
func (p profileLevelID) old() bool { return p.idc == 66 || p.idc == 77 || p.idc == 88 }

// level1b reports whether the level is 1b.
func (p profileLevelID) level1b() bool {
	if p.old() {
		return p.level == 11 && p.iop&constraintSet3 != 0
	}
	return p.level == 9
}

// rank orders levels. "Level 1b is a level higher than Level 1.0 but lower than
// Level 1.1" (RFC 6184 §8.2.2).
func (p profileLevelID) rank() int {
	if p.level1b() {
		return 2*10 + 1
	}
	return 2 * int(p.level)
}

// withLevelOf returns the profile with the level of another.
func (p profileLevelID) withLevelOf(q profileLevelID) profileLevelID {
	if p.rank() == q.rank() {
		return p
	}
	if p.old() {
		p.iop &^= constraintSet3
	}
	switch {
	case !q.level1b():
		p.level = q.level
	case p.old():
		p.level = 11
		p.iop |= constraintSet3
	default:
		p.level = 9
	}
	return p
}

// matchH264 compares what makes a configuration of H.264. RFC 6184 §8.2.2: "The
// parameters identifying a media format configuration for H.264 are
// profile-level-id and packetization-mode. These media format configuration
// parameters (except for the level part of profile-level-id) MUST be used
// symmetrically".
//
// Peers without profile-level-id seldom mean the Baseline profile in full, so
// that Constrained Baseline, a part of it, suits them too.
func matchH264(a, b Fmtp) bool {
	if a.number("packetization-mode", 0) != b.number("packetization-mode", 0) {
		return false
	}
	p, pGiven, ok := parseProfileLevelID(a)
	q, qGiven, okQ := parseProfileLevelID(b)
	if !ok || !okQ {
		return false
	}
	profile, other := p.profile(), q.profile()
	if profile == "" {
		return p.idc == q.idc && p.iop == q.iop
	}
	return profile == other ||
		!pGiven && other == "Constrained Baseline" || !qGiven && profile == "Constrained Baseline"
}

// answerH264 answers with our parameters, with the offer's profile in the
// offer's form, since "an answer MUST NOT contain the payload type number used
// in the offer unless the configuration is exactly the same as in the offer"
// (RFC 6184 §8.2.2), and with a level by these rules of that section:
//
//   - "If level-asymmetry-allowed is equal to 0 (or not present) in either the
//     offer or the answer, level asymmetry is not allowed", and "the default level
//     in the answer MUST be equal to or lower than the default level in the offer";
//   - "Otherwise [...] the level to use in the offerer-to-answerer direction MUST
//     be equal to the highest level the answerer supports for receiving".
func answerH264(offered, local Fmtp) Fmtp {
	if len(local) == 0 {
		// Ours stands for any; what the offer says of its own stream is not ours.
		return withoutParameterSets(offered)
	}
	theirs, given, _ := parseProfileLevelID(offered)
	if !given {
		local = local.Without("profile-level-id")
	} else {
		level, _, _ := parseProfileLevelID(local)
		if !asymmetric(offered) || !asymmetric(local) {
			if theirs.rank() < level.rank() {
				level = theirs
			}
		}
		local = local.With("profile-level-id", theirs.withLevelOf(level).String())
	}
	// "If the offer includes in-band-parameter-sets equal to 1, the answerer MUST
	// NOT include sprop-parameter-sets or sprop-level-parameter-sets".
	if offered.number("in-band-parameter-sets", 0) == 1 {
		local = withoutParameterSets(local)
	}
	return local
}

func asymmetric(f Fmtp) bool { return f.number("level-asymmetry-allowed", 0) == 1 }

func withoutParameterSets(f Fmtp) Fmtp {
	return f.Without("sprop-parameter-sets").Without("sprop-level-parameter-sets")
}
