// Package extension reads and writes the data of RTP header extensions, and
// knows their URIs. Which identifier an extension has in packets is negotiated
// (RFC 8285 §5); package rtpheader finds it there.
//
// Append functions write the data to the end of the caller's buffer; Parse
// functions and methods return [ErrMalformed] for data that is not of the
// extension's form, and change nothing then. Neither allocates, but for
// [DependencyParser] when a new dependency structure arrives.
package extension

import "errors"

// ErrMalformed is returned for data that is not of the extension's form.
var ErrMalformed = errors.New("extension: malformed RTP header extension")

// The URIs of header extensions, as a=extmap names them.
const (
	// MID is the identification tag of the m-line (RFC 9143 §15).
	MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
	// RID is the identifier of an encoding (RFC 8852 §3.1).
	RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	// RepairedRID is the identifier of the encoding that a retransmission or
	// repair packet belongs to (RFC 8852 §3.2).
	RepairedRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
	// TransportCC is the transport-wide sequence number.
	TransportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	// TransportCC2 is the same with a request for feedback.
	TransportCC2 = "http://www.webrtc.org/experiments/rtp-hdrext/transport-wide-cc-02"
	// AbsSendTime is the time at which the packet was sent.
	AbsSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	// AudioLevel is the level of the audio in the packet (RFC 6464).
	AudioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	// MixerAudioLevel has the levels of the contributing sources (RFC 6465).
	MixerAudioLevel = "urn:ietf:params:rtp-hdrext:csrc-audio-level"
	// VideoOrientation is how the picture is to be turned (3GPP TS 26.114
	// §7.4.5).
	VideoOrientation = "urn:3gpp:video-orientation"
	// PlayoutDelay bounds the delay until the picture is shown.
	PlayoutDelay = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
	// AbsCaptureTime is when the picture or sound was captured.
	AbsCaptureTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
	// DependencyDescriptor tells the frame's layers and what it depends on (AV1
	// RTP specification, appendix A).
	DependencyDescriptor = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
	// VideoLayersAllocation has the bitrates and sizes of layers. Its data is
	// not read here.
	VideoLayersAllocation = "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
)
