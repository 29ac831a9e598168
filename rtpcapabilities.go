package webrtc

import (
	"slices"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// GetSenderCapabilities returns what connections of the API can send of a kind
// (webrtc-pc §5.2, RTCRtpSender.getCapabilities), and nil for a kind that is
// neither audio nor video. The result is the caller's.
func (api *API) GetSenderCapabilities(kind RTPCodecType) *RTPCapabilities {
	return api.capabilities(kind, sdp.DirectionSendonly)
}

// GetReceiverCapabilities returns what connections of the API can receive of a
// kind (webrtc-pc §5.3, RTCRtpReceiver.getCapabilities), and nil for a kind that
// is neither audio nor video. The result is the caller's.
func (api *API) GetReceiverCapabilities(kind RTPCodecType) *RTPCapabilities {
	return api.capabilities(kind, sdp.DirectionRecvonly)
}

// GetSenderCapabilities returns what connections of the default API can send.
func GetSenderCapabilities(kind RTPCodecType) *RTPCapabilities {
	return defaultAPI().GetSenderCapabilities(kind)
}

// GetReceiverCapabilities returns what connections of the default API can receive.
func GetReceiverCapabilities(kind RTPCodecType) *RTPCapabilities {
	return defaultAPI().GetReceiverCapabilities(kind)
}

// capabilities returns the capabilities for a direction, sendonly or recvonly.
func (api *API) capabilities(typ RTPCodecType, direction sdp.Direction) *RTPCapabilities {
	kind, err := mediaKind(typ)
	if err != nil {
		return nil
	}
	media := api.media()
	capabilities := &RTPCapabilities{}
	var seen []codec.Codec
	for _, c := range media.codecs(kind) {
		// webrtc-pc §5.2: "There will only be a single entry in codecs for
		// retransmission via RTX, with sdpFmtpLine not present." The payload types
		// in the parameters of red would say as little.
		if c.IsRTX() || c.IsRED() {
			c.Fmtp = ""
		}
		c.PayloadType = 0
		if !slices.ContainsFunc(seen, func(other codec.Codec) bool { return identical(other, c) }) {
			seen = append(seen, c)
			capabilities.Codecs = append(capabilities.Codecs, capabilityTo(c))
		}
	}
	for _, e := range media.extensions(kind) {
		if e.Direction == sdp.DirectionUnspecified || e.Direction == direction {
			capabilities.HeaderExtensions = append(capabilities.HeaderExtensions, extensionCapability(e))
		}
	}
	return capabilities
}
