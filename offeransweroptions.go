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
}

// AnswerOptions are the options of CreateAnswer (webrtc-pc §4.2.7,
// RTCAnswerOptions).
type AnswerOptions struct {
	OfferAnswerOptions
}
