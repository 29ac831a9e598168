package webrtc

// What each object has even if it is zero. What depends on the object is below.

func (CodecStats) statsMarker() statsMembers { return "payloadType transportId mimeType" }

func (RemoteOutboundRTPStreamStats) statsMarker() statsMembers {
	return "ssrc kind packetsSent bytesSent reportsSent"
}

func (AudioSourceStats) statsMarker() statsMembers { return "trackIdentifier kind" }

func (VideoSourceStats) statsMarker() statsMembers { return "trackIdentifier kind" }

func (AudioPlayoutStats) statsMarker() statsMembers {
	return "kind synthesizedSamplesDuration synthesizedSamplesEvents totalSamplesDuration totalPlayoutDelay totalSamplesCount"
}

func (PeerConnectionStats) statsMarker() statsMembers { return "dataChannelsOpened dataChannelsClosed" }

func (DataChannelStats) statsMarker() statsMembers {
	return "label protocol dataChannelIdentifier state messagesSent bytesSent messagesReceived bytesReceived"
}

func (TransportStats) statsMarker() statsMembers {
	return "packetsSent packetsReceived bytesSent bytesReceived iceRole iceState dtlsState dtlsRole selectedCandidatePairChanges"
}

func (ICECandidateStats) statsMarker() statsMembers {
	return "transportId address port protocol candidateType priority"
}

func (CertificateStats) statsMarker() statsMembers {
	return "fingerprint fingerprintAlgorithm base64Certificate"
}

func (SCTPTransportStats) statsMarker() statsMembers {
	return "transportId congestionWindow receiverWindow mtu unackData bytesSent bytesReceived"
}

func (RTPContributingSourceStats) statsMarker() statsMembers {
	return "contributorSsrc packetsContributedTo"
}

func (MediaStreamStats) statsMarker() statsMembers { return "streamIdentifier" }

func (AudioSenderStats) statsMarker() statsMembers { return "kind" }

func (VideoSenderStats) statsMarker() statsMembers { return "kind" }

func (AudioReceiverStats) statsMarker() statsMembers { return "kind" }

func (VideoReceiverStats) statsMarker() statsMembers { return "kind" }

func (SenderAudioTrackAttachmentStats) statsMarker() statsMembers { return "kind" }

func (SenderVideoTrackAttachmentStats) statsMarker() statsMembers { return "kind" }

func (s InboundRTPStreamStats) statsMarker() statsMembers {
	m := statsMembers("ssrc kind trackIdentifier packetsReceived packetsLost jitter packetsDiscarded bytesReceived headerBytesReceived nackCount")
	if s.Kind == "video" {
		m += " firCount pliCount framesReceived"
	}
	if s.RTXSSRC != 0 {
		// "If RTX is not negotiated, retransmitted packets can not be identified and
		// this member must not exist."
		m += " retransmittedPacketsReceived retransmittedBytesReceived"
	}
	return m
}

func (s OutboundRTPStreamStats) statsMarker() statsMembers {
	m := statsMembers("ssrc kind packetsSent bytesSent headerBytesSent retransmittedPacketsSent retransmittedBytesSent nackCount encodingIndex active packetsSentWithEct1")
	if s.Kind == "video" {
		m += " firCount pliCount framesSent framesEncoded"
	}
	return m
}

func (s RemoteInboundRTPStreamStats) statsMarker() statsMembers {
	return "ssrc kind packetsReceived packetsLost jitter fractionLost totalRoundTripTime roundTripTimeMeasurements"
}

func (s ICECandidatePairStats) statsMarker() statsMembers {
	return "state nominated packetsSent packetsReceived bytesSent bytesReceived totalRoundTripTime requestsReceived requestsSent " +
		"responsesReceived responsesSent consentRequestsSent packetsDiscardedOnSend bytesDiscardedOnSend"
}

// MarshalJSON writes the members that exist.
func (s CodecStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s InboundRTPStreamStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s OutboundRTPStreamStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s RemoteInboundRTPStreamStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s RemoteOutboundRTPStreamStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s AudioSourceStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s VideoSourceStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s AudioPlayoutStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s PeerConnectionStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s DataChannelStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s TransportStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s ICECandidatePairStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s ICECandidateStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s CertificateStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s SCTPTransportStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s RTPContributingSourceStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s MediaStreamStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s AudioSenderStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s VideoSenderStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s AudioReceiverStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s VideoReceiverStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s SenderAudioTrackAttachmentStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }

// MarshalJSON writes the members that exist.
func (s SenderVideoTrackAttachmentStats) MarshalJSON() ([]byte, error) { return marshalStats(s) }
