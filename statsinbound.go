package webrtc

// InboundRTPStreamStats are the figures of a stream that comes in (webrtc-stats
// §8.4, RTCInboundRtpStreamStats), measured here. It is there from its first
// packet on.
type InboundRTPStreamStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "inbound-rtp".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// SSRC is the stream's source.
	SSRC SSRC `json:"ssrc"`
	// Kind is "audio" or "video".
	Kind string `json:"kind"`
	// TransportID is the id of the TransportStats of the transport.
	TransportID string `json:"transportId"`
	// CodecID is the id of the CodecStats of the newest packet's codec, and before
	// the first that of the first one negotiated.
	CodecID string `json:"codecId"`
	// TrackIdentifier is the ID of the receiver's track.
	TrackIdentifier string `json:"trackIdentifier"`
	// Mid is the identification of the section.
	Mid string `json:"mid"`
	// Rid is the encoding's identifier, where the peer sends several.
	Rid string `json:"rid,omitempty"`
	// RemoteID is the id of the RemoteOutboundRTPStreamStats, once a sender report
	// has come.
	RemoteID string `json:"remoteId"`
	// PlayoutID is the id of the AudioPlayoutStats of what plays the track, if the
	// program has said.
	PlayoutID string `json:"playoutId"`

	// PacketsReceived and BytesReceived (of payloads) count retransmissions too;
	// HeaderBytesReceived is of headers and padding.
	PacketsReceived     uint32 `json:"packetsReceived"`
	BytesReceived       uint64 `json:"bytesReceived"`
	HeaderBytesReceived uint64 `json:"headerBytesReceived"`
	// PacketsReceivedWithECT1 and PacketsReceivedWithCE count packets by their ECN
	// field (RFC 3168 §5).
	PacketsReceivedWithECT1 uint64 `json:"packetsReceivedWithEct1"`
	PacketsReceivedWithCE   uint64 `json:"packetsReceivedWithCe"`
	// PacketsReportedAsLost counts the packets that were reported as lost by RFC 8888,
	// PacketsReportedAsLostButRecovered those of them that came after all.
	PacketsReportedAsLost             uint64 `json:"packetsReportedAsLost"`
	PacketsReportedAsLostButRecovered uint64 `json:"packetsReportedAsLostButRecovered"`
	// PacketsLost is the difference between what was expected and what came (RFC 3550
	// §6.4.1); negative where more came than was sent.
	PacketsLost int32 `json:"packetsLost"`
	// Jitter is in seconds (RFC 3550 §6.4.1).
	Jitter float64 `json:"jitter"`
	// PacketsDiscarded came too late or were not read in time, or were of a payload
	// type or direction that was not agreed on.
	PacketsDiscarded uint32 `json:"packetsDiscarded"`
	// PacketsRepaired were lost and came by a retransmission or redundant data.
	PacketsRepaired uint32 `json:"packetsRepaired"`
	// PacketsDuplicated came more than once.
	PacketsDuplicated uint32 `json:"packetsDuplicated"`
	// LastPacketReceivedTimestamp is when the last packet came.
	LastPacketReceivedTimestamp StatsTimestamp `json:"lastPacketReceivedTimestamp"`
	// RetransmittedPacketsReceived and RetransmittedBytesReceived are the part that
	// came by RTX.
	RetransmittedPacketsReceived uint64 `json:"retransmittedPacketsReceived"`
	RetransmittedBytesReceived   uint64 `json:"retransmittedBytesReceived"`
	// RTXSSRC is the source of that, FECSSRC that of forward error correction; 0 for
	// none.
	RTXSSRC SSRC `json:"rtxSsrc"`
	FECSSRC SSRC `json:"fecSsrc"`
	// FECPacketsReceived and those discarded are packets of forward error correction,
	// which is not used.
	FECPacketsReceived  uint32 `json:"fecPacketsReceived"`
	FECPacketsDiscarded uint64 `json:"fecPacketsDiscarded"`
	FECBytesReceived    uint64 `json:"fecBytesReceived"`
	// NACKCount, FIRCount and PLICount are the requests that were sent.
	NACKCount uint32 `json:"nackCount"`
	FIRCount  uint32 `json:"firCount"`
	PLICount  uint32 `json:"pliCount"`
	// FramesReceived counts the frames of video of which the last packet has come.
	FramesReceived uint32 `json:"framesReceived"`
	// AudioLevel is what the newest packet says of its loudness (RFC 6464), from 0 to
	// 1, which is 0 dBov.
	AudioLevel float64 `json:"audioLevel"`

	// Only a jitter buffer, a decoder and what plays the media know these; a
	// program that has them may fill them in.
	TotalProcessingDelay               float64        `json:"totalProcessingDelay"`
	EstimatedPlayoutTimestamp          StatsTimestamp `json:"estimatedPlayoutTimestamp"`
	JitterBufferDelay                  float64        `json:"jitterBufferDelay"`
	JitterBufferTargetDelay            float64        `json:"jitterBufferTargetDelay"`
	JitterBufferEmittedCount           uint64         `json:"jitterBufferEmittedCount"`
	JitterBufferMinimumDelay           float64        `json:"jitterBufferMinimumDelay"`
	TotalSamplesReceived               uint64         `json:"totalSamplesReceived"`
	ConcealedSamples                   uint64         `json:"concealedSamples"`
	SilentConcealedSamples             uint64         `json:"silentConcealedSamples"`
	ConcealmentEvents                  uint64         `json:"concealmentEvents"`
	InsertedSamplesForDeceleration     uint64         `json:"insertedSamplesForDeceleration"`
	RemovedSamplesForAcceleration      uint64         `json:"removedSamplesForAcceleration"`
	TotalAudioEnergy                   float64        `json:"totalAudioEnergy"`
	TotalSamplesDuration               float64        `json:"totalSamplesDuration"`
	FramesDecoded                      uint32         `json:"framesDecoded"`
	KeyFramesDecoded                   uint32         `json:"keyFramesDecoded"`
	FramesRendered                     uint32         `json:"framesRendered"`
	FramesDropped                      uint32         `json:"framesDropped"`
	FrameWidth                         uint32         `json:"frameWidth"`
	FrameHeight                        uint32         `json:"frameHeight"`
	FramesPerSecond                    float64        `json:"framesPerSecond"`
	FramesAssembledFromMultiplePackets uint32         `json:"framesAssembledFromMultiplePackets"`
	TotalAssemblyTime                  float64        `json:"totalAssemblyTime"`
	QPSum                              uint64         `json:"qpSum"`
	TotalDecodeTime                    float64        `json:"totalDecodeTime"`
	TotalInterFrameDelay               float64        `json:"totalInterFrameDelay"`
	TotalSquaredInterFrameDelay        float64        `json:"totalSquaredInterFrameDelay"`
	PauseCount                         uint32         `json:"pauseCount"`
	TotalPausesDuration                float64        `json:"totalPausesDuration"`
	FreezeCount                        uint32         `json:"freezeCount"`
	TotalFreezesDuration               float64        `json:"totalFreezesDuration"`
	DecoderImplementation              string         `json:"decoderImplementation"`
	PowerEfficientDecoder              bool           `json:"powerEfficientDecoder"`
	TotalCorruptionProbability         float64        `json:"totalCorruptionProbability"`
	TotalSquaredCorruptionProbability  float64        `json:"totalSquaredCorruptionProbability"`
	CorruptionMeasurements             uint64         `json:"corruptionMeasurements"`

	// These belong to earlier versions of the specification and are not filled.
	TrackID                 string            `json:"trackId"`
	ReceiverID              string            `json:"receiverId"`
	SLICount                uint32            `json:"sliCount"`
	BurstPacketsLost        uint32            `json:"burstPacketsLost"`
	BurstPacketsDiscarded   uint32            `json:"burstPacketsDiscarded"`
	BurstLossCount          uint32            `json:"burstLossCount"`
	BurstDiscardCount       uint32            `json:"burstDiscardCount"`
	BurstLossRate           float64           `json:"burstLossRate"`
	BurstDiscardRate        float64           `json:"burstDiscardRate"`
	GapLossRate             float64           `json:"gapLossRate"`
	GapDiscardRate          float64           `json:"gapDiscardRate"`
	AverageRTCPInterval     float64           `json:"averageRtcpInterval"`
	PacketsFailedDecryption uint32            `json:"packetsFailedDecryption"`
	PerDSCPPacketsReceived  map[string]uint32 `json:"perDscpPacketsReceived"`
}

// RemoteOutboundRTPStreamStats is what the peer says in its sender reports of a
// stream that comes in (webrtc-stats, RTCRemoteOutboundRtpStreamStats). It
// is there from the first report on.
type RemoteOutboundRTPStreamStats struct {
	// Timestamp is when the newest report came.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "remote-outbound-rtp".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// SSRC is the stream's source.
	SSRC SSRC `json:"ssrc"`
	// Kind is "audio" or "video".
	Kind string `json:"kind"`
	// TransportID is the id of the TransportStats of the transport.
	TransportID string `json:"transportId"`
	// CodecID is the id of the CodecStats of the newest packet's codec, and before
	// the first that of the first one negotiated.
	CodecID string `json:"codecId"`
	// LocalID is the id of the InboundRTPStreamStats.
	LocalID string `json:"localId"`
	// PacketsSent and BytesSent (of payloads) are the peer's counts.
	PacketsSent uint32 `json:"packetsSent"`
	BytesSent   uint64 `json:"bytesSent"`
	// RemoteTimestamp is when the peer made the newest report, by its own clock.
	RemoteTimestamp StatsTimestamp `json:"remoteTimestamp"`
	// ReportsSent is how many of its reports have come.
	ReportsSent uint64 `json:"reportsSent"`

	// The round trip is measured by reference times that the peer answers (RFC 3611
	// §4.5): the newest, the sum of all in seconds, and their number.
	RoundTripTime             float64 `json:"roundTripTime"`
	TotalRoundTripTime        float64 `json:"totalRoundTripTime"`
	RoundTripTimeMeasurements uint64  `json:"roundTripTimeMeasurements"`

	// These belong to earlier versions of the specification and are not filled.
	FIRCount               uint32 `json:"firCount"`
	PLICount               uint32 `json:"pliCount"`
	NACKCount              uint32 `json:"nackCount"`
	SLICount               uint32 `json:"sliCount"`
	QPSum                  uint64 `json:"qpSum"`
	PacketsDiscardedOnSend uint32 `json:"packetsDiscardedOnSend"`
	FECPacketsSent         uint32 `json:"fecPacketsSent"`
	BytesDiscardedOnSend   uint64 `json:"bytesDiscardedOnSend"`
}

// RTPContributingSourceStats is of an earlier version of webrtc-stats and in no
// report; RTPReceiver.GetContributingSources tells of those sources.
type RTPContributingSourceStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "csrc".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID                   string  `json:"id"`
	ContributorSSRC      SSRC    `json:"contributorSsrc"`
	InboundRTPStreamID   string  `json:"inboundRtpStreamId"`
	PacketsContributedTo uint32  `json:"packetsContributedTo"`
	AudioLevel           float64 `json:"audioLevel"`
}
