package main

import "github.com/parleyrtc/webrtc"

// mediaEngine has the codecs that are forwarded. A picture is VP8, of which the
// program knows how to tell a key frame and how to renumber frames; whatever a
// browser can encode beside it is not offered to it.
func mediaEngine() (*webrtc.MediaEngine, error) {
	engine := &webrtc.MediaEngine{}
	for _, c := range []struct {
		kind        webrtc.RTPCodecType
		payloadType webrtc.PayloadType
		capability  webrtc.RTPCodecCapability
	}{
		{webrtc.RTPCodecTypeVideo, 96, webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeVP8, ClockRate: 90000,
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "ccm", Parameter: "fir"}},
		}},
		{webrtc.RTPCodecTypeVideo, 97, webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=96",
		}},
		{webrtc.RTPCodecTypeAudio, 111, webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
		}},
	} {
		err := engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c.capability, PayloadType: c.payloadType}, c.kind)
		if err != nil {
			return nil, err
		}
	}
	// Loss is repaired, arrivals are reported, and layers are told apart.
	return engine, webrtc.RegisterDefaultInterceptors(engine, nil)
}
