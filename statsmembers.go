package webrtc

// What each object has even if it is zero. What depends on the object is below.

func (CodecStats) members() statsMembers { return "payloadType transportId mimeType" }

func (RemoteOutboundRTPStreamStats) members() statsMembers {
	return "ssrc kind packetsSent bytesSent reportsSent"
}

func (AudioSourceStats) members() statsMembers { return "trackIdentifier kind" }

func (VideoSourceStats) members() statsMembers { return "trackIdentifier kind" }

func (AudioPlayoutStats) members() statsMembers {
	return "kind synthesizedSamplesDuration synthesizedSamplesEvents totalSamplesDuration totalPlayoutDelay totalSamplesCount"
}

func (PeerConnectionStats) members() statsMembers { return "dataChannelsOpened dataChannelsClosed" }

func (DataChannelStats) members() statsMembers {
	return "label protocol dataChannelIdentifier state messagesSent bytesSent messagesReceived bytesReceived"
}

func (TransportStats) members() statsMembers {
	return "packetsSent packetsReceived bytesSent bytesReceived iceRole iceState dtlsState dtlsRole selectedCandidatePairChanges"
}

func (ICECandidateStats) members() statsMembers {
	return "transportId address port protocol candidateType priority"
}

func (CertificateStats) members() statsMembers {
	return "fingerprint fingerprintAlgorithm base64Certificate"
}

func (SCTPTransportStats) members() statsMembers {
	return "transportId congestionWindow receiverWindow mtu unackData bytesSent bytesReceived"
}

func (RTPContributingSourceStats) members() statsMembers {
	return "contributorSsrc packetsContributedTo"
}

func (MediaStreamStats) members() statsMembers { return "streamIdentifier" }

func (AudioSenderStats) members() statsMembers { return "kind" }

func (VideoSenderStats) members() statsMembers { return "kind" }

func (AudioReceiverStats) members() statsMembers { return "kind" }

func (VideoReceiverStats) members() statsMembers { return "kind" }

func (SenderAudioTrackAttachmentStats) members() statsMembers { return "kind" }

func (SenderVideoTrackAttachmentStats) members() statsMembers { return "kind" }

func (s InboundRTPStreamStats) members() statsMembers {
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

func (s OutboundRTPStreamStats) members() statsMembers {
	m := statsMembers("ssrc kind packetsSent bytesSent headerBytesSent retransmittedPacketsSent retransmittedBytesSent nackCount encodingIndex active packetsSentWithEct1")
	if s.Kind == "video" {
		m += " firCount pliCount framesSent framesEncoded"
	}
	return m
}

func (s RemoteInboundRTPStreamStats) members() statsMembers {
	return "ssrc kind packetsReceived packetsLost jitter fractionLost totalRoundTripTime roundTripTimeMeasurements"
}

func (s ICECandidatePairStats) members() statsMembers {
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
func (CodecStats) statsMarker()                                        {}
func (RemoteOutboundRTPStreamStats) statsMarker()                      {}
func (AudioSourceStats) statsMarker()                                  {}
func (VideoSourceStats) statsMarker()                                  {}
func (AudioPlayoutStats) statsMarker()                                 {}
func (PeerConnectionStats) statsMarker()                               {}
func (DataChannelStats) statsMarker()                                  {}
func (TransportStats) statsMarker()                                    {}
func (ICECandidateStats) statsMarker()                                 {}
func (CertificateStats) statsMarker()                                  {}
func (SCTPTransportStats) statsMarker()                                {}
func (RTPContributingSourceStats) statsMarker()                        {}
func (MediaStreamStats) statsMarker()                                  {}
func (AudioSenderStats) statsMarker()                                  {}
func (VideoSenderStats) statsMarker()                                  {}
func (AudioReceiverStats) statsMarker()                                {}
func (VideoReceiverStats) statsMarker()                                {}
func (SenderAudioTrackAttachmentStats) statsMarker()                   {}
func (SenderVideoTrackAttachmentStats) statsMarker()                   {}
func (InboundRTPStreamStats) statsMarker()                             {}
func (OutboundRTPStreamStats) statsMarker()                            {}
func (RemoteInboundRTPStreamStats) statsMarker()                       {}
func (ICECandidatePairStats) statsMarker()                             {}
