package webrtc

// CodecType says which way a codec works.
type CodecType string

const (
	// CodecTypeEncode is a codec of what is sent.
	CodecTypeEncode CodecType = "encode"
	// CodecTypeDecode is a codec of what is received.
	CodecTypeDecode CodecType = "decode"
)

// MediaKind is the kind of media.
type MediaKind string

const (
	// MediaKindAudio is sound.
	MediaKindAudio MediaKind = "audio"
	// MediaKindVideo is pictures.
	MediaKindVideo MediaKind = "video"
)

// CodecStats tells of a codec that a stream of the report uses (webrtc-stats
// §8.2, RTCCodecStats).
type CodecStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "codec".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// PayloadType is what packets say.
	PayloadType PayloadType `json:"payloadType"`
	// CodecType says whether the codec is of what is sent or received.
	CodecType CodecType `json:"codecType"`
	// TransportID is the id of the TransportStats of the transport.
	TransportID string `json:"transportId"`
	// MimeType is such as "video/VP8".
	MimeType string `json:"mimeType"`
	// ClockRate is in hertz.
	ClockRate uint32 `json:"clockRate"`
	// Channels is 2 for stereo, 0 where it is not given.
	Channels uint8 `json:"channels"`
	// SDPFmtpLine are the parameters as the description has them.
	SDPFmtpLine string `json:"sdpFmtpLine"`
	// Implementation is of an earlier version of the specification and not filled.
	Implementation string `json:"implementation"`
}

// AudioSourceStats tells of a track that a sender of audio has (webrtc-stats
// §8.10, RTCAudioSourceStats).
type AudioSourceStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "media-source".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// TrackIdentifier is the track's ID.
	TrackIdentifier string `json:"trackIdentifier"`
	// Kind is "audio".
	Kind string `json:"kind"`

	// Only what captures the sound knows these.
	AudioLevel                float64 `json:"audioLevel"`
	TotalAudioEnergy          float64 `json:"totalAudioEnergy"`
	TotalSamplesDuration      float64 `json:"totalSamplesDuration"`
	EchoReturnLoss            float64 `json:"echoReturnLoss"`
	EchoReturnLossEnhancement float64 `json:"echoReturnLossEnhancement"`
	DroppedSamplesDuration    float64 `json:"droppedSamplesDuration"`
	DroppedSamplesEvents      uint64  `json:"droppedSamplesEvents"`
	TotalCaptureDelay         float64 `json:"totalCaptureDelay"`
	TotalSamplesCaptured      uint64  `json:"totalSamplesCaptured"`
}

// VideoSourceStats tells of a track that a sender of video has (webrtc-stats
// §8.11, RTCVideoSourceStats).
type VideoSourceStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "media-source".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// TrackIdentifier is the track's ID.
	TrackIdentifier string `json:"trackIdentifier"`
	// Kind is "video".
	Kind string `json:"kind"`

	// Only what captures the pictures knows these.
	Width           uint32  `json:"width"`
	Height          uint32  `json:"height"`
	Frames          uint32  `json:"frames"`
	FramesPerSecond float64 `json:"framesPerSecond"`
}

// AudioPlayoutStats tells of what plays audio (webrtc-stats,
// RTCAudioPlayoutStats). It is the program's to fill: see
// AudioPlayoutStatsProvider.
type AudioPlayoutStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "media-playout".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// Kind is "audio".
	Kind string `json:"kind"`
	// SynthesizedSamplesDuration is for how many seconds sound was made up for want
	// of any, SynthesizedSamplesEvents how often that began.
	SynthesizedSamplesDuration float64 `json:"synthesizedSamplesDuration"`
	SynthesizedSamplesEvents   uint64  `json:"synthesizedSamplesEvents"`
	// TotalSamplesDuration is how much was played, in seconds, TotalSamplesCount in
	// samples.
	TotalSamplesDuration float64 `json:"totalSamplesDuration"`
	// TotalPlayoutDelay is the sum over all samples of the seconds until they are
	// heard.
	TotalPlayoutDelay float64 `json:"totalPlayoutDelay"`
	TotalSamplesCount uint64  `json:"totalSamplesCount"`
}
