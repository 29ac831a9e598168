package webrtc

import "github.com/parleyrtc/webrtc/internal/codec"

// PayloadType is the number that says in each RTP packet which codec it carries,
// 0 to 127 (RFC 3550 §5.1). What it stands for is agreed for each m-line.
type PayloadType uint8

// RTPCodecCapability is a codec as it can be negotiated (webrtc-pc §5.2.9,
// RTCRtpCodec).
type RTPCodecCapability struct {
	// MimeType is one of the MimeType constants, or another.
	MimeType string
	// ClockRate is the rate of RTP timestamps in hertz.
	ClockRate uint32
	// Channels is the number of channels of audio, as a=rtpmap has it: 2 for
	// Opus, 0 for one channel and for video.
	Channels uint16
	// SDPFmtpLine are the codec's parameters, the value of a=fmtp without the
	// payload type: "minptime=10;useinbandfec=1".
	SDPFmtpLine string
	// RTCPFeedback is what feedback the codec is used with.
	RTCPFeedback []RTCPFeedback
}

// RTPCodecParameters is a codec with its payload type (webrtc-pc §5.2.9,
// RTCRtpCodecParameters). Retransmission, redundancy and the like are codecs of
// their own, whose SDPFmtpLine names the payload type that they serve.
type RTPCodecParameters struct {
	RTPCodecCapability
	PayloadType PayloadType
}

// codecFrom returns a codec as the rooms below have it. The slices are its own.
func codecFrom(p RTPCodecParameters) codec.Codec {
	c := codec.Codec{
		PayloadType: uint8(p.PayloadType),
		MimeType:    p.MimeType,
		ClockRate:   p.ClockRate,
		Channels:    p.Channels,
		Fmtp:        p.SDPFmtpLine,
	}
	for _, f := range p.RTCPFeedback {
		c.Feedback = append(c.Feedback, codec.Feedback(f))
	}
	return c
}

// codecTo is the inverse of codecFrom.
func codecTo(c codec.Codec) RTPCodecParameters {
	return RTPCodecParameters{RTPCodecCapability: capabilityTo(c), PayloadType: PayloadType(c.PayloadType)}
}

// capabilityTo returns a codec without its payload type.
func capabilityTo(c codec.Codec) RTPCodecCapability {
	p := RTPCodecCapability{
		MimeType:    c.MimeType,
		ClockRate:   c.ClockRate,
		Channels:    c.Channels,
		SDPFmtpLine: c.Fmtp,
	}
	for _, f := range c.Feedback {
		p.RTCPFeedback = append(p.RTCPFeedback, RTCPFeedback(f))
	}
	return p
}
