// Package codecs has the codecs of examples that look into what they are sent,
// or write it into files: VP8, with retransmission, and Opus. Whatever a browser
// knows beside them is not offered to it.
package codecs

import "github.com/parleyrtc/webrtc"

// The codecs, as tracks are made with them.
var (
	VP8  = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
	Opus = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
)

// Of returns the codec of a kind.
func Of(kind webrtc.RTPCodecType) webrtc.RTPCodecCapability {
	if kind == webrtc.RTPCodecTypeVideo {
		return VP8
	}
	return Opus
}

// MediaEngine returns an engine with these codecs. Connections with it repair
// loss, report arrivals and tell the layers of simulcast apart.
func MediaEngine() (*webrtc.MediaEngine, error) {
	vp8 := VP8
	vp8.RTCPFeedback = []webrtc.RTCPFeedback{{Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"}}
	opus := Opus
	opus.SDPFmtpLine = "minptime=10;useinbandfec=1"
	rtx := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=96"}
	engine := &webrtc.MediaEngine{}
	for _, c := range []struct {
		payloadType webrtc.PayloadType
		capability  webrtc.RTPCodecCapability
		kind        webrtc.RTPCodecType
	}{
		{96, vp8, webrtc.RTPCodecTypeVideo},
		{97, rtx, webrtc.RTPCodecTypeVideo},
		{111, opus, webrtc.RTPCodecTypeAudio},
	} {
		err := engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c.capability, PayloadType: c.payloadType}, c.kind)
		if err != nil {
			return nil, err
		}
	}
	return engine, webrtc.RegisterDefaultInterceptors(engine, nil)
}
