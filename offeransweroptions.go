package webrtc

// OfferAnswerOptions are what offers and answers can be asked for alike.
type OfferAnswerOptions struct {
	// VoiceActivityDetection is taken for compatibility and has no effect: the
	// library has no codec that could detect silence.
	VoiceActivityDetection bool

	// ICETricklingSupported writes the ICE option "trickle" (RFC 8840 §4.1.3),
	// which the library always writes.
	ICETricklingSupported bool
}

// OfferOptions are the options of CreateOffer (webrtc-pc §4.2.7,
// RTCOfferOptions).
type OfferOptions struct {
	OfferAnswerOptions

	// ICERestart offers new ICE credentials, so that the answer makes both
	// peers gather and check anew (RFC 8445 §9).
	ICERestart bool

	// OfferToReceiveAudio and OfferToReceiveVideo are the options of programs from
	// before there were transceivers (webrtc-pc §4.4.3.2). True adds a transceiver of
	// direction recvonly, unless there is one that receives; false has none of the
	// kind receive. With nil, which is the same as leaving them out, the transceivers
	// stay as they are: AddTransceiverFromKind and SetDirection say it better.
	OfferToReceiveAudio, OfferToReceiveVideo *bool `json:",omitempty"`
}

// AnswerOptions are the options of CreateAnswer (webrtc-pc §4.2.7,
// RTCAnswerOptions).
type AnswerOptions struct {
	OfferAnswerOptions
}
