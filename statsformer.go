package webrtc

// MediaStreamStats is of an earlier version of webrtc-stats and in no report.
type MediaStreamStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "stream".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID               string   `json:"id"`
	StreamIdentifier string   `json:"streamIdentifier"`
	TrackIDs         []string `json:"trackIds"`
}

// AudioSenderStats is of an earlier version of webrtc-stats and in no report.
type AudioSenderStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "sender".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID                        string  `json:"id"`
	TrackIdentifier           string  `json:"trackIdentifier"`
	RemoteSource              bool    `json:"remoteSource"`
	Ended                     bool    `json:"ended"`
	Kind                      string  `json:"kind"`
	AudioLevel                float64 `json:"audioLevel"`
	TotalAudioEnergy          float64 `json:"totalAudioEnergy"`
	VoiceActivityFlag         bool    `json:"voiceActivityFlag"`
	TotalSamplesDuration      float64 `json:"totalSamplesDuration"`
	EchoReturnLoss            float64 `json:"echoReturnLoss"`
	EchoReturnLossEnhancement float64 `json:"echoReturnLossEnhancement"`
	TotalSamplesSent          uint64  `json:"totalSamplesSent"`
}

// VideoSenderStats is of an earlier version of webrtc-stats and in no report.
type VideoSenderStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "sender".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID             string `json:"id"`
	Kind           string `json:"kind"`
	FramesCaptured uint32 `json:"framesCaptured"`
	FramesSent     uint32 `json:"framesSent"`
	HugeFramesSent uint32 `json:"hugeFramesSent"`
	KeyFramesSent  uint32 `json:"keyFramesSent"`
}

// AudioReceiverStats is of an earlier version of webrtc-stats and in no report.
type AudioReceiverStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "receiver".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID                        string         `json:"id"`
	Kind                      string         `json:"kind"`
	AudioLevel                float64        `json:"audioLevel"`
	TotalAudioEnergy          float64        `json:"totalAudioEnergy"`
	VoiceActivityFlag         bool           `json:"voiceActivityFlag"`
	TotalSamplesDuration      float64        `json:"totalSamplesDuration"`
	EstimatedPlayoutTimestamp StatsTimestamp `json:"estimatedPlayoutTimestamp"`
	JitterBufferDelay         float64        `json:"jitterBufferDelay"`
	JitterBufferEmittedCount  uint64         `json:"jitterBufferEmittedCount"`
	TotalSamplesReceived      uint64         `json:"totalSamplesReceived"`
	ConcealedSamples          uint64         `json:"concealedSamples"`
	ConcealmentEvents         uint64         `json:"concealmentEvents"`
}

// VideoReceiverStats is of an earlier version of webrtc-stats and in no report.
type VideoReceiverStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "receiver".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID                        string         `json:"id"`
	Kind                      string         `json:"kind"`
	FrameWidth                uint32         `json:"frameWidth"`
	FrameHeight               uint32         `json:"frameHeight"`
	FramesPerSecond           float64        `json:"framesPerSecond"`
	EstimatedPlayoutTimestamp StatsTimestamp `json:"estimatedPlayoutTimestamp"`
	JitterBufferDelay         float64        `json:"jitterBufferDelay"`
	JitterBufferEmittedCount  uint64         `json:"jitterBufferEmittedCount"`
	FramesReceived            uint32         `json:"framesReceived"`
	KeyFramesReceived         uint32         `json:"keyFramesReceived"`
	FramesDecoded             uint32         `json:"framesDecoded"`
	FramesDropped             uint32         `json:"framesDropped"`
	PartialFramesLost         uint32         `json:"partialFramesLost"`
	FullFramesLost            uint32         `json:"fullFramesLost"`
}

// SenderAudioTrackAttachmentStats is of an earlier version of webrtc-stats and in
// no report.
type SenderAudioTrackAttachmentStats AudioSenderStats

// SenderVideoTrackAttachmentStats is of an earlier version of webrtc-stats and in
// no report.
type SenderVideoTrackAttachmentStats VideoSenderStats
