package signaling

import "github.com/parleyrtc/webrtc/sdp"

// offeredInit adds our INIT chunk to an offered data section.
//
// draft-hancke-tsvwg-snap-00 §5.6: "Subsequent offers and answers MUST include the
// "a=sctp-init" line in the negotiated SDP with the same value as in the initial
// negotiation." An association that has begun without one goes on without.
func (n *negotiation) offeredInit(m *sdp.Media, l Local) *sdp.Media {
	if data := n.stable.plan.data; len(l.SCTPInit) > 0 && (data == nil || data.localInit != "") {
		m.SCTPInit = sdp.FormatSCTPInit(l.SCTPInit)
	}
	return m
}

// answeredInit adds our INIT chunk to the answer to an offered data section.
//
// draft-hancke-tsvwg-snap-00 §5.4: there is one in the answer if that in the offer is
// valid. A peer whose chunk is not gets none, and the association its handshake.
func (n *negotiation) answeredInit(m, offered *sdp.Media, l Local) *sdp.Media {
	if _, ok := offered.InitChunk(); ok && m.SCTPPort != 0 {
		return n.offeredInit(m, l)
	}
	return m
}

// exchangedInits returns the INIT chunks of the two descriptions' data sections if
// both have one, and none otherwise. A peer that does not know the attribute may
// give ours back as it gives back others: a chunk of its own has another tag.
func exchangedInits(ours, theirs *sdp.Media) (local, remote string) {
	l, ok := ours.InitChunk()
	r, also := theirs.InitChunk()
	if !ok || !also || string(l) == string(r) {
		return "", ""
	}
	return string(l), string(r)
}
