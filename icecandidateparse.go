package webrtc

import (
	"errors"
	"strings"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// candidateSource keeps what the fields of a candidate that ParseICECandidate
// made cannot hold, so that ToJSON returns what was parsed.
type candidateSource struct {
	parsed         bool
	text           string // the candidate as it was given
	noMid, noIndex bool   // SDPMid and SDPMLineIndex were null
	hasUfrag       bool   // UsernameFragment was given, in so many words
}

// restore puts back what the source says into a candidate's JSON form.
func (s candidateSource) restore(init ICECandidateInit) ICECandidateInit {
	if !s.parsed {
		return init
	}
	init.Candidate = s.text
	if s.noMid {
		init.SDPMid = nil
	}
	if s.noIndex {
		init.SDPMLineIndex = nil
	}
	if s.hasUfrag && init.UsernameFragment == nil {
		init.UsernameFragment = new(string)
	}
	return init
}

// ParseICECandidate makes a candidate of its JSON form, as the constructor of
// RTCIceCandidate does (webrtc-pc §4.8.1): text that does not parse is kept for
// ToJSON and leaves the fields that it should have filled zero. The error is a
// *rtcerr.TypeError if init names no section at all.
func ParseICECandidate(init ICECandidateInit) (*ICECandidate, error) {
	if init.SDPMid == nil && init.SDPMLineIndex == nil {
		return nil, &rtcerr.TypeError{Err: errors.New("a candidate needs an SDPMid or an SDPMLineIndex; both are nil")}
	}
	out := &ICECandidate{}
	// W3C: "If parsing … fails, … leave all attributes null"; an empty text is
	// the end of candidates.
	if text := strings.TrimPrefix(init.Candidate, "candidate:"); text != "" {
		if c, err := ice.UnmarshalCandidate(init.Candidate); err == nil {
			out = candidateFrom(c)
		}
	}
	out.source = candidateSource{
		parsed:   true,
		text:     init.Candidate,
		noMid:    init.SDPMid == nil,
		noIndex:  init.SDPMLineIndex == nil,
		hasUfrag: init.UsernameFragment != nil,
	}
	if init.SDPMid != nil {
		out.SDPMid = *init.SDPMid
	}
	if init.SDPMLineIndex != nil {
		out.SDPMLineIndex = *init.SDPMLineIndex
	}
	if init.UsernameFragment != nil {
		out.ufrag = *init.UsernameFragment
	} else {
		out.ufrag = ""
	}
	return out, nil
}

// ParseICECandidate is the package's function of that name.
func (*API) ParseICECandidate(init ICECandidateInit) (*ICECandidate, error) {
	return ParseICECandidate(init)
}
