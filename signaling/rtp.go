package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// rtpProto is the protocol of the sections that we offer.
//
// RFC 9429 §5.1.2: "re-offers by JSEP implementations MUST use the correct
// profile strings even if the initial offer/answer exchange used an (incorrect)
// older profile string."
const rtpProto = "UDP/TLS/RTP/SAVPF"

// rtpProtos are those that are accepted. RFC 9429 §5.1.2 has peers in mind that
// write another profile than they mean: all of these MUST be accepted. "Because
// DTLS-SRTP is REQUIRED, the choice of SAVP or AVP has no effect; support for
// DTLS-SRTP is determined by the presence of one or more "a=fingerprint"
// attributes."
var rtpProtos = []string{
	"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVP",
	"RTP/SAVPF", "RTP/SAVP", "RTP/AVPF", "RTP/AVP",
}

// mediaKind returns the kind of a section of audio or video over DTLS-SRTP.
func mediaKind(m *sdp.Media) (codec.Kind, bool) {
	kind, ok := codec.ParseKind(m.Kind)
	return kind, ok && slices.Contains(rtpProtos, m.Proto)
}

// usesDTLS says whether section i is secured by DTLS: by its protocol, or by the
// fingerprint that it has.
func (c *content) usesDTLS(i int) bool {
	return securedByDTLS(c.Media[i]) || c.Media[i].IsRTP() && len(c.transport[i].Fingerprints) > 0
}

// acceptable says whether section i of an offer can be accepted with what a
// transceiver can do. What is not acceptable is rejected in its place.
//
// RFC 9429 §5.3.1: "if any mandatory SDP attributes are missing, or functionality
// listed as mandatory-to-use above is not present, this MUST be treated as an
// error and MUST cause the affected m= sections to be marked as rejected."
func (c *content) acceptable(i int, kind codec.Kind, can *Transceiver) bool {
	m := c.Media[i]
	k, ok := mediaKind(m)
	if !ok || k != kind || unusable(m) || !c.bundledIfOnly(i) {
		return false
	}
	// RTCP has no way of its own, whatever the policy is.
	if !c.muxes(i) || c.transport[i].ICEUfrag == "" || len(c.transport[i].Fingerprints) == 0 {
		return false
	}
	// "None of the offered media formats are supported and, if applicable, allowed
	// by codec preferences."
	return len(codec.Negotiate(codecsOf(m), can.Codecs, can.PreferOwnOrder)) > 0
}

// bundledIfOnly says whether section i can be had as it is offered. RFC 9143 §6:
// a bundle-only section is either in the group or not at all.
func (c *content) bundledIfOnly(i int) bool { return !c.Media[i].BundleOnly || c.member[i] }

// muxes says whether section i multiplexes RTCP with RTP. In a group the tagged
// section speaks for all (RFC 9143 §7.1.3: attributes of the category IDENTICAL).
func (c *content) muxes(i int) bool {
	return c.Media[i].RTCPMux || c.member[i] && c.Media[c.group[0]].RTCPMux
}

// cryptex says whether section i has a=cryptex. RFC 9335 §4: it may stand at
// session level, and is of the category TRANSPORT.
func (c *content) cryptex(i int) bool {
	return c.Media[i].Cryptex || c.Cryptex || c.member[i] && c.Media[c.group[0]].Cryptex
}

// direction returns that of section i, seen from the side that described it.
func (c *content) direction(i int) sdp.Direction { return c.EffectiveDirection(c.Media[i]) }

// allowsMixed says whether one-byte and two-byte header extensions may stand in
// one stream (RFC 8285 §6: at session or media level).
func (c *content) allowsMixed(i int) bool { return c.ExtmapAllowMixed || c.Media[i].ExtmapAllowMixed }

// codecsOf returns the formats of a section.
func codecsOf(m *sdp.Media) []codec.Codec {
	described := m.Codecs()
	codecs := make([]codec.Codec, len(described))
	var shared []codec.Feedback
	for i, d := range described {
		codecs[i] = codec.Codec{
			PayloadType: d.PayloadType,
			MimeType:    m.Kind + "/" + d.Encoding,
			ClockRate:   d.ClockRate,
			Channels:    d.Channels,
			Fmtp:        d.Parameters,
		}
		// Most have the same feedback; one list is enough for them.
		if len(d.Feedback) == 0 {
			continue
		}
		if !slices.EqualFunc(shared, d.Feedback, sameFeedback) {
			shared = feedbackOf(d.Feedback)
		}
		codecs[i].Feedback = shared
	}
	return codecs
}

func feedbackOf(described []sdp.RTCPFB) []codec.Feedback {
	list := make([]codec.Feedback, len(described))
	for i, f := range described {
		list[i] = codec.Feedback{Type: f.Type, Parameter: f.Parameter}
	}
	return list
}

func sameFeedback(f codec.Feedback, described sdp.RTCPFB) bool {
	return f.Type == described.Type && f.Parameter == described.Parameter
}

// putCodecs writes the formats of a section.
func putCodecs(m *sdp.Media, codecs []codec.Codec) {
	for _, c := range codecs {
		format := decimal(int(c.PayloadType))
		m.Formats = append(m.Formats, format)
		m.RTPMaps = append(m.RTPMaps, sdp.RTPMap{
			PayloadType: c.PayloadType, Encoding: c.Name(), ClockRate: c.ClockRate, Channels: c.Channels,
		})
		if c.Fmtp != "" {
			m.FMTPs = append(m.FMTPs, sdp.FMTP{Format: format, Parameters: c.Fmtp})
		}
		for _, f := range c.Feedback {
			m.RTCPFBs = append(m.RTCPFBs, sdp.RTCPFB{Format: format, Type: f.Type, Parameter: f.Parameter})
		}
	}
}

// hasMedia says whether there is a format that is media by itself.
func hasMedia(codecs []codec.Codec) bool {
	return slices.ContainsFunc(codecs, func(c codec.Codec) bool { return !c.IsAuxiliary() })
}

// checkMultiplexed says whether all media of a remote description multiplexes RTCP.
//
// RFC 9429 §5.8.3: "If the RTP/RTCP multiplexing policy is "require", each "m="
// section MUST contain an "a=rtcp-mux" attribute."
func checkMultiplexed(c *content, kind Type) error {
	for i, m := range c.Media {
		if _, ok := mediaKind(m); ok && !unusable(m) && !c.muxes(i) {
			return invalid("%s of the remote %s has no a=rtcp-mux, which the RTCP mux policy requires", section(i, m), kind)
		}
	}
	return nil
}

// checkCryptex says whether all media of a remote description has encrypted header
// extensions (RFC 9335 §4).
func checkCryptex(c *content, kind Type) error {
	for i, m := range c.Media {
		if m.IsRTP() && !unusable(m) && !c.cryptex(i) {
			return invalidFor(rtcerr.ErrHeaderEncryptionRequired, "%s of the remote %s has no a=cryptex", section(i, m), kind)
		}
	}
	return nil
}
