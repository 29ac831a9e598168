package webrtc

// ICECandidateInit is a candidate as peers exchange it (webrtc-pc §4.8.1.1,
// RTCIceCandidateInit). Its JSON form is what a browser's toJSON makes; of a
// form that lacks members, those become nil.
type ICECandidateInit struct {
	// Candidate is the candidate attribute's value with "candidate:" before it
	// (RFC 8839 §5.1). "" means that there are no more candidates.
	Candidate string `json:"candidate"`
	// SDPMid is the mid of the section that the candidate belongs to; nil where
	// SDPMLineIndex says it.
	SDPMid *string `json:"sdpMid"`
	// SDPMLineIndex counts that section from 0; nil where SDPMid says it.
	SDPMLineIndex *uint16 `json:"sdpMLineIndex"`
	// UsernameFragment names the ICE generation that the candidate belongs to;
	// nil means the latest.
	UsernameFragment *string `json:"usernameFragment"`
}
