package webrtc

// RTPCapabilities is what the library can send or receive of a kind of media
// (webrtc-pc §5.2.10, RTCRtpCapabilities).
type RTPCapabilities struct {
	// Codecs has each format once. Retransmission and redundancy are there
	// without saying what they serve.
	Codecs []RTPCodecCapability
	// HeaderExtensions are the header extensions of its packets.
	HeaderExtensions []RTPHeaderExtensionCapability
}

// RTCPParameters is how an m-line uses RTCP (webrtc-pc §5.2.8,
// RTCRtcpParameters).
type RTCPParameters struct {
	// CNAME is the canonical name of the endpoint that sends the media
	// (RFC 3550 §6.5.1), or "".
	CNAME string
	// ReducedSize says that feedback may come without a report before it
	// (RFC 5506).
	ReducedSize bool
}

// RTPParameters is what was agreed for an m-line (webrtc-pc §5.2.3,
// RTCRtpParameters).
type RTPParameters struct {
	HeaderExtensions []RTPHeaderExtensionParameter
	// Codecs has the codec that is in use, or will be, first.
	Codecs []RTPCodecParameters
	RTCP   RTCPParameters
}

// RTPSendParameters is what a sender sends and how (webrtc-pc §5.2.4,
// RTCRtpSendParameters). A program changes what RTPSender.GetParameters returned
// and gives it to RTPSender.SetParameters.
type RTPSendParameters struct {
	RTPParameters
	// Encodings are the sender's streams: one, or several for simulcast.
	Encodings []RTPEncodingParameters
	// TransactionID says which call of GetParameters the parameters are from, so
	// that changes between that call and SetParameters are noticed.
	TransactionID string
	// DegradationPreference is what the program's encoder gives up first when the
	// network does not carry all; it is kept for it (mst-content-hint).
	DegradationPreference DegradationPreference
}

// RTPReceiveParameters is what RTPReceiver.Receive is to receive.
type RTPReceiveParameters struct {
	Encodings []RTPDecodingParameters
}
