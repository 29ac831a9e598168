package webrtc

// RTPHeaderExtensionCapability is a header extension that can be negotiated
// (webrtc-pc §5.2.12, RTCRtpHeaderExtensionCapability; RFC 8285).
type RTPHeaderExtensionCapability struct {
	// URI names the extension, as a=extmap does. Case counts.
	URI string
	// Direction is in which direction of media descriptions have it, from this side:
	// one of the four, or RTPTransceiverDirectionStopped for not at all
	// (webrtc-extensions §5). RegisterHeaderExtension does not look at it.
	Direction RTPTransceiverDirection `json:",omitempty"`
}

// RTPHeaderExtensionParameter is a header extension that both peers agreed on
// (webrtc-pc §5.2.7, RTCRtpHeaderExtensionParameters).
type RTPHeaderExtensionParameter struct {
	// URI names the extension.
	URI string
	// ID is what packets of the m-line have it under, 1 to 255.
	ID int
	// Encrypted says that packets carry it encrypted. Packets here are encrypted
	// with all of their header extensions (RFC 9335) or with none, so that it is
	// the same for each.
	Encrypted bool
}
