package webrtc

import "fmt"

// ICECandidatePair is a local and a remote candidate that a path leads between
// (webrtc-pc §5.6.1, RTCIceCandidatePair).
type ICECandidatePair struct {
	// Local is the candidate on this side.
	Local *ICECandidate
	// Remote is the candidate on the peer's side.
	Remote *ICECandidate
}

// NewICECandidatePair returns the pair of local and remote. It keeps both
// pointers.
func NewICECandidatePair(local, remote *ICECandidate) *ICECandidatePair {
	return &ICECandidatePair{Local: local, Remote: remote}
}

// String describes both candidates for a log line.
func (p *ICECandidatePair) String() string {
	return fmt.Sprintf("(local) %s <-> (remote) %s", p.Local, p.Remote)
}
