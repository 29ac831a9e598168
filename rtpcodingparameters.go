package webrtc

// SSRC identifies a stream of RTP packets within a transport (RFC 3550 §3).
type SSRC uint32

// RTPRtxParameters says how an encoding is retransmitted.
type RTPRtxParameters struct {
	// SSRC sends the retransmissions (RFC 4588); 0 is none.
	SSRC SSRC `json:"ssrc"`
}

// RTPFecParameters says how an encoding is protected by forward error
// correction.
type RTPFecParameters struct {
	// SSRC sends the repair packets (RFC 8627); 0 is none.
	SSRC SSRC `json:"ssrc"`
}

// RTPCodingParameters is what encodings have in common, whether they are sent or
// received (webrtc-pc §5.2.5, RTCRtpCodingParameters).
type RTPCodingParameters struct {
	// RID names the encoding (RFC 8851); it is "" where there is but one.
	RID string `json:"rid"`
	// SSRC identifies the encoding's packets; 0 is one that is not known yet, or
	// is to be chosen.
	SSRC SSRC `json:"ssrc"`
	// PayloadType is that of the codec in use; 0 is one that is to be chosen.
	PayloadType PayloadType `json:"payloadType"`
	// RTX and FEC are the sources that go with SSRC.
	RTX RTPRtxParameters `json:"rtx"`
	FEC RTPFecParameters `json:"fec"`
}

// RTPDecodingParameters is an encoding that is received (webrtc-pc §5.2.6,
// RTCRtpDecodingParameters).
type RTPDecodingParameters struct {
	RTPCodingParameters
}

// RTPEncodingParameters is an encoding that is sent (webrtc-pc §5.2.5,
// RTCRtpEncodingParameters).
//
// The library sends what a program has encoded. What it sees to by itself is
// Active, Codec, Priority and NetworkPriority; the others are for the program's
// encoder, and kept and checked for it. A pointer that is nil means that nothing
// was set.
type RTPEncodingParameters struct {
	RTPCodingParameters
	// Active says that the encoding is sent. While it is not, packets that are
	// written to it go nowhere.
	Active bool `json:"active"`
	// MaxBitrate is the highest bitrate in bits per second, without the headers
	// of RTP and below; 0 is none.
	MaxBitrate uint64 `json:"maxBitrate,omitempty"`
	// MaxFramerate is the highest number of frames a second, 0 or more.
	MaxFramerate *float64 `json:"maxFramerate,omitempty"`
	// ScaleResolutionDownBy divides the width and the height of a picture; 1 or
	// more.
	ScaleResolutionDownBy *float64 `json:"scaleResolutionDownBy,omitempty"`
	// Priority says how bitrate is shared out among encodings (webrtc-priority
	// §4.1).
	Priority PriorityType `json:"priority,omitempty"`
	// NetworkPriority says how packets are marked for the network (RFC 8837 §5).
	NetworkPriority PriorityType `json:"networkPriority,omitempty"`
	// Codec is the codec to send, payload type and feedback aside, or nil for the
	// first of the negotiated ones that the track can use. An answer that leaves it
	// out makes it nil (webrtc-pc §5.2.5).
	Codec *RTPCodecCapability `json:"codec,omitempty"`
	// ScalabilityMode names the layers of the stream, such as "L1T3" (webrtc-svc
	// §6); "" is the encoder's choice.
	ScalabilityMode string `json:"scalabilityMode,omitempty"`
	// ScaleResolutionDownTo is the largest picture to send; ScaleResolutionDownBy
	// does not count then (webrtc-extensions).
	ScaleResolutionDownTo *RTPResolutionRestriction `json:"scaleResolutionDownTo,omitempty"`
	// AdaptivePtime lets the encoder change how much audio a packet has
	// (webrtc-extensions).
	AdaptivePtime bool `json:"adaptivePtime,omitempty"`
}

// RTPResolutionRestriction is the largest picture of an encoding, in either
// orientation (RTCResolutionRestriction of webrtc-extensions).
type RTPResolutionRestriction struct {
	// MaxWidth and MaxHeight are in pixels, 1 or more.
	MaxWidth  uint32 `json:"maxWidth"`
	MaxHeight uint32 `json:"maxHeight"`
}
