package webrtc

// QualityLimitationReason is why an encoder is held back (webrtc-stats,
// RTCQualityLimitationReason).
type QualityLimitationReason string

const (
	// QualityLimitationReasonNone is no limit.
	QualityLimitationReasonNone QualityLimitationReason = "none"
	// QualityLimitationReasonCPU is a machine that is too slow.
	QualityLimitationReasonCPU QualityLimitationReason = "cpu"
	// QualityLimitationReasonBandwidth is a path that carries no more.
	QualityLimitationReasonBandwidth QualityLimitationReason = "bandwidth"
	// QualityLimitationReasonOther is any other reason.
	QualityLimitationReasonOther QualityLimitationReason = "other"
)

// OutboundRTPStreamStats are the figures of a stream that goes out (webrtc-stats
// §8.6, RTCOutboundRtpStreamStats), measured here. It is there from the time on
// when a track is sent by agreement with the peer.
type OutboundRTPStreamStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "outbound-rtp".
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
	// Mid is the identification of the section.
	Mid string `json:"mid"`
	// Rid is the encoding's identifier, where there are several.
	Rid string `json:"rid"`
	// EncodingIndex is the encoding's place among the sender's, from 0.
	EncodingIndex uint32 `json:"encodingIndex"`
	// MediaSourceID is the id of the media source, an AudioSourceStats or
	// VideoSourceStats, while there is a track.
	MediaSourceID string `json:"mediaSourceId"`
	// RemoteID is the id of the RemoteInboundRTPStreamStats, once the peer has
	// reported.
	RemoteID string `json:"remoteId"`
	// Active says that what the program writes is sent.
	Active bool `json:"active"`

	// PacketsSent and BytesSent (of payloads) count retransmissions too;
	// HeaderBytesSent is of headers and padding.
	PacketsSent     uint32 `json:"packetsSent"`
	BytesSent       uint64 `json:"bytesSent"`
	HeaderBytesSent uint64 `json:"headerBytesSent"`
	// RetransmittedPacketsSent and RetransmittedBytesSent are the part that was sent
	// again.
	RetransmittedPacketsSent uint64 `json:"retransmittedPacketsSent"`
	RetransmittedBytesSent   uint64 `json:"retransmittedBytesSent"`
	// RTXSSRC is the source of retransmissions (RFC 4588), 0 without it.
	RTXSSRC SSRC `json:"rtxSsrc"`
	// LastPacketSentTimestamp is when the last packet was sent.
	LastPacketSentTimestamp StatsTimestamp `json:"lastPacketSentTimestamp"`
	// FramesSent counts the frames of video of which the last packet was sent.
	// FramesEncoded is the same: what a program hands over is encoded.
	FramesSent    uint32 `json:"framesSent"`
	FramesEncoded uint32 `json:"framesEncoded"`
	// NACKCount, FIRCount and PLICount are the peer's requests.
	NACKCount uint32 `json:"nackCount"`
	FIRCount  uint32 `json:"firCount"`
	PLICount  uint32 `json:"pliCount"`
	// PacketsSentWithECT1 would count packets by their ECN field: none is marked.
	PacketsSentWithECT1 uint64 `json:"packetsSentWithEct1"`

	// Only an encoder knows these; a program that has one may fill them in.
	TargetBitrate                      float64                 `json:"targetBitrate"`
	FrameWidth                         uint32                  `json:"frameWidth"`
	FrameHeight                        uint32                  `json:"frameHeight"`
	FramesPerSecond                    float64                 `json:"framesPerSecond"`
	HugeFramesSent                     uint32                  `json:"hugeFramesSent"`
	KeyFramesEncoded                   uint32                  `json:"keyFramesEncoded"`
	QPSum                              uint64                  `json:"qpSum"`
	PSNRSum                            map[string]float64      `json:"psnrSum"`
	PSNRMeasurements                   uint64                  `json:"psnrMeasurements"`
	TotalEncodeTime                    float64                 `json:"totalEncodeTime"`
	TotalPacketSendDelay               float64                 `json:"totalPacketSendDelay"`
	QualityLimitationReason            QualityLimitationReason `json:"qualityLimitationReason"`
	QualityLimitationDurations         map[string]float64      `json:"qualityLimitationDurations"`
	QualityLimitationResolutionChanges uint32                  `json:"qualityLimitationResolutionChanges"`
	EncoderImplementation              string                  `json:"encoderImplementation"`
	PowerEfficientEncoder              bool                    `json:"powerEfficientEncoder"`
	ScalabilityMode                    string                  `json:"scalabilityMode"`

	// These belong to earlier versions of the specification and are not filled.
	TrackID                 string            `json:"trackId"`
	SenderID                string            `json:"senderId"`
	SLICount                uint32            `json:"sliCount"`
	PacketsDiscardedOnSend  uint32            `json:"packetsDiscardedOnSend"`
	BytesDiscardedOnSend    uint64            `json:"bytesDiscardedOnSend"`
	FECPacketsSent          uint32            `json:"fecPacketsSent"`
	TotalEncodedBytesTarget uint64            `json:"totalEncodedBytesTarget"`
	AverageRTCPInterval     float64           `json:"averageRtcpInterval"`
	PerDSCPPacketsSent      map[string]uint32 `json:"perDscpPacketsSent"`
}

// RemoteInboundRTPStreamStats is what the peer says in its reports of a stream
// that goes out (webrtc-stats, RTCRemoteInboundRtpStreamStats). It is there
// from the first report on.
type RemoteInboundRTPStreamStats struct {
	// Timestamp is when the newest report came.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "remote-inbound-rtp".
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
	// LocalID is the id of the OutboundRTPStreamStats.
	LocalID string `json:"localId"`
	// PacketsReceived is estimated from the highest sequence number that the peer has
	// seen and the packets that it misses.
	PacketsReceived uint32 `json:"packetsReceived"`
	// PacketsLost is how many packets the peer misses in all; FractionLost the part
	// of those since its report before, 0 to 1.
	PacketsLost  int32   `json:"packetsLost"`
	FractionLost float64 `json:"fractionLost"`
	// Jitter is in seconds (RFC 3550 §6.4.1).
	Jitter float64 `json:"jitter"`
	// RoundTripTime is the newest measurement in seconds, TotalRoundTripTime the sum
	// of all, RoundTripTimeMeasurements their number.
	RoundTripTime             float64 `json:"roundTripTime"`
	TotalRoundTripTime        float64 `json:"totalRoundTripTime"`
	RoundTripTimeMeasurements uint64  `json:"roundTripTimeMeasurements"`

	// What the peer reports by RFC 8888, each packet once.
	PacketsReceivedWithECT1           uint64 `json:"packetsReceivedWithEct1"`
	PacketsReceivedWithCE             uint64 `json:"packetsReceivedWithCe"`
	PacketsReportedAsLost             uint64 `json:"packetsReportedAsLost"`
	PacketsReportedAsLostButRecovered uint64 `json:"packetsReportedAsLostButRecovered"`
	PacketsWithBleachedECT1Marking    uint64 `json:"packetsWithBleachedEct1Marking"`

	// These belong to earlier versions of the specification and are not filled.
	FIRCount              uint32  `json:"firCount"`
	PLICount              uint32  `json:"pliCount"`
	NACKCount             uint32  `json:"nackCount"`
	SLICount              uint32  `json:"sliCount"`
	QPSum                 uint64  `json:"qpSum"`
	PacketsDiscarded      uint32  `json:"packetsDiscarded"`
	PacketsRepaired       uint32  `json:"packetsRepaired"`
	BurstPacketsLost      uint32  `json:"burstPacketsLost"`
	BurstPacketsDiscarded uint32  `json:"burstPacketsDiscarded"`
	BurstLossCount        uint32  `json:"burstLossCount"`
	BurstDiscardCount     uint32  `json:"burstDiscardCount"`
	BurstLossRate         float64 `json:"burstLossRate"`
	BurstDiscardRate      float64 `json:"burstDiscardRate"`
	GapLossRate           float64 `json:"gapLossRate"`
	GapDiscardRate        float64 `json:"gapDiscardRate"`
}
