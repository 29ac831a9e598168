package webrtc

// offerToReceive is what an option offerToReceiveAudio or offerToReceiveVideo of
// createOffer does (webrtc-pc §4.4.3.2, its steps quoted). nil is none. It runs on the
// loop.
func (pc *PeerConnection) offerToReceive(kind RTPCodecType, receive *bool) {
	if receive == nil {
		return
	}
	receiving := false
	for _, t := range pc.transceivers {
		if t.kind != kind || t.stopping || !t.direction.receives() {
			continue
		}
		receiving = true
		if *receive {
			continue
		}
		// "If the value of the dictionary member is false, For each non-stopped
		// "sendrecv" transceiver of transceiver kind kind, set transceiver.[[Direction]]
		// to "sendonly". For each non-stopped "recvonly" transceiver of transceiver kind
		// kind, set transceiver.[[Direction]] to "inactive"."
		t.direction = withoutReceiving(t.direction)
		t.publish()
		pc.dirty = true
	}
	// "If connection has any non-stopped "sendrecv" or "recvonly" transceivers of
	// transceiver kind kind, continue with the next option, if any."
	if !*receive || receiving {
		return
	}
	// "Let transceiver be the result of invoking the equivalent of
	// connection.addTransceiver(kind), except that this operation MUST NOT update the
	// negotiation-needed flag. ... Set transceiver.[[Direction]] to "recvonly"."
	t, err := pc.newTransceiver(kind, RTPTransceiverDirectionRecvonly, namedTrack{}, nil, nil)
	if err == nil { // "If transceiver is unset ..., abort these steps."
		pc.addTransceiver(t)
	}
}

func withoutReceiving(d RTPTransceiverDirection) RTPTransceiverDirection {
	if d.sends() {
		return RTPTransceiverDirectionSendonly
	}
	return RTPTransceiverDirectionInactive
}
