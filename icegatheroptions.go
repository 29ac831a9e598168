package webrtc

// ICEGatherOptions says how an ICEGatherer gathers. It belongs to the ORTC part
// of the API; a PeerConnection takes these from its Configuration.
type ICEGatherOptions struct {
	// ICEServers are the STUN and TURN servers to ask.
	ICEServers []ICEServer
	// ICEGatherPolicy limits the candidates.
	ICEGatherPolicy ICETransportPolicy
	// ICECandidatePoolSize is how many sets of candidates to gather ahead.
	ICECandidatePoolSize uint8
}
