package webrtc

// The MIME types of codecs, for RTPCodecCapability.MimeType. Case does not
// count where two are compared (RFC 4855 §3).
const (
	// MimeTypeVP8 is VP8 (RFC 7741).
	MimeTypeVP8 = "video/VP8"

	// MimeTypeVP9 is VP9 (RFC 9628).
	MimeTypeVP9 = "video/VP9"

	// MimeTypeAV1 is AV1 (RTP Payload Format For AV1).
	MimeTypeAV1 = "video/AV1"

	// MimeTypeH264 is H.264 (RFC 6184).
	MimeTypeH264 = "video/H264"

	// MimeTypeH265 is H.265 (RFC 7798).
	MimeTypeH265 = "video/H265"

	// MimeTypeRTX is retransmission of video (RFC 4588).
	MimeTypeRTX = "video/rtx"

	// MimeTypeFlexFEC is flexible forward error correction (RFC 8627).
	MimeTypeFlexFEC = "video/flexfec"

	// MimeTypeFlexFEC03 is the draft of it that browsers have.
	MimeTypeFlexFEC03 = "video/flexfec-03"

	// MimeTypeUlpFEC is generic forward error correction (RFC 5109).
	MimeTypeUlpFEC = "video/ulpfec"

	// MimeTypeOpus is Opus (RFC 7587).
	MimeTypeOpus = "audio/opus"

	// MimeTypeG722 is G.722 (RFC 3551 §4.5.2). Its clock rate is 8000, though it
	// has 16000 samples a second.
	MimeTypeG722 = "audio/G722"

	// MimeTypePCMU is G.711 in µ-law (RFC 3551 §4.5.14).
	MimeTypePCMU = "audio/PCMU"

	// MimeTypePCMA is G.711 in A-law (RFC 3551 §4.5.14).
	MimeTypePCMA = "audio/PCMA"

	// MimeTypeRED is redundant audio (RFC 2198).
	MimeTypeRED = "audio/red"

	// MimeTypeCN is comfort noise (RFC 3389).
	MimeTypeCN = "audio/CN"

	// MimeTypeTelephoneEvent is the tones of a telephone's keys (RFC 4733).
	MimeTypeTelephoneEvent = "audio/telephone-event"
)
