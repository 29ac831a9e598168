package codec

import (
	"fmt"
	"strconv"
	"strings"
)

// An h264Profile is a profile of H.264 with its constraints.
type h264Profile uint8

const (
	h264Unknown h264Profile = iota
	h264ConstrainedBaseline
	h264Baseline
	h264Main
	h264Extended
	h264ConstrainedHigh
	h264High
)

// A profileLevelID is the parameter profile-level-id, taken apart.
type profileLevelID struct {
	idc, iop, level uint8
}

func parseProfileLevelID(f Fmtp) (p profileLevelID, ok bool) {
	value, present := f.Get("profile-level-id")
	if !present {
		return profileLevelID{idc: 0x42, level: 10}, true
	}
	n, err := strconv.ParseUint(value, 16, 32)
	if err != nil || len(value) != 6 {
		return p, false
	}
	return profileLevelID{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}

// profile says which profile the first two bytes mean.
func (p profileLevelID) profile() h264Profile {
	switch {
	case p.idc == 0x42 && p.iop&0x4f == 0x40, p.idc == 0x4d && p.iop&0x8f == 0x80, p.idc == 0x58 && p.iop&0xcf == 0xc0:
		return h264ConstrainedBaseline
	case p.idc == 0x42 && p.iop&0x4f == 0, p.idc == 0x58 && p.iop&0xcf == 0x80:
		return h264Baseline
	case p.idc == 0x4d && p.iop&0xaf == 0:
		return h264Main
	case p.idc == 0x58 && p.iop&0xcf == 0:
		return h264Extended
	case p.idc == 0x64 && p.iop == 0:
		return h264High
	case p.idc == 0x64 && p.iop == 0x0c:
		return h264ConstrainedHigh
	}
	return h264Unknown
}

func matchH264(a, b Fmtp) bool {
	if a.number("packetization-mode", 0) != b.number("packetization-mode", 0) {
		return false
	}
	p, ok := parseProfileLevelID(a)
	q, okQ := parseProfileLevelID(b)
	if !ok || !okQ {
		return false
	}
	if k := p.profile(); k != h264Unknown {
		return k == q.profile()
	}
	return p.idc == q.idc && p.iop == q.iop
}

func answerH264(offered, local Fmtp) Fmtp {
	p, _ := parseProfileLevelID(offered)
	q, _ := parseProfileLevelID(local)
	level := q.level
	if offered.number("level-asymmetry-allowed", 0) != 1 || local.number("level-asymmetry-allowed", 0) != 1 {
		level = min(level, p.level)
	}
	return local.With("profile-level-id", strings.ToLower(fmt.Sprintf("%02x%02x%02x", p.idc, p.iop, level)))
}
