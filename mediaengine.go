package webrtc

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
	"github.com/parleyrtc/webrtc/signaling"
)

// A MediaEngine says which codecs and header extensions connections may
// negotiate. The zero value has none. Give it to NewAPI by WithMediaEngine; an
// API without one has the default codecs and extensions.
//
// A connection takes a copy when it is made, and negotiation does not change it:
// which payload types and identifiers are used is agreed for each m-line, and
// may differ from one to the next. Methods may be called from any goroutine.
type MediaEngine struct {
	mu sync.Mutex
	// registered has what connections may negotiate, of audio and of video. The
	// slices in it are replaced, never changed, so that copies may share them.
	registered [2]registered
}

type registered struct {
	codecs     []codec.Codec
	extensions []signaling.Extension
}

// of returns where a kind is registered. The caller holds m.mu.
func (m *MediaEngine) of(kind codec.Kind) *registered {
	if kind == codec.Audio {
		return &m.registered[0]
	}
	return &m.registered[1]
}

// codecs returns the codecs of a kind in the order of their registration. They
// are not to be changed.
func (m *MediaEngine) codecs(kind codec.Kind) []codec.Codec {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of(kind).codecs
}

// clone returns a copy.
func (m *MediaEngine) clone() *MediaEngine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &MediaEngine{registered: m.registered}
}

// RegisterCodec adds a codec. Those registered first are preferred. A codec that
// serves another one names it in SDPFmtpLine, as "apt=96" does for
// retransmission, and is negotiated together with it only.
//
// The payload type is what offers have. Where it is taken in an m-line of the
// same bundle, or is 64 to 95, which RFC 5761 §4 keeps for RTCP, another one is
// offered in its place. Answers have the peer's.
//
// H.264 without parameters stands for all profiles and packetization modes; of
// other codecs missing parameters mean what the payload format says.
//
// To register the same codec again changes nothing. The errors are a
// *rtcerr.TypeError, which matches ErrUnknownType for a kind that is neither
// audio nor video, a *rtcerr.RangeError for a payload type above 127, and a
// *rtcerr.InvalidModificationError that matches ErrCodecAlreadyRegistered.
func (m *MediaEngine) RegisterCodec(c RTPCodecParameters, typ RTPCodecType) error {
	kind, err := mediaKind(typ)
	if err != nil {
		return err
	}
	own, err := registrable(c, kind)
	if err != nil {
		return err
	}
	return m.register(kind, own)
}

// RegisterDefaultCodecs adds the codecs that an API without a MediaEngine has.
// Of video these are VP8, VP9, AV1, H.264 in the profiles that browsers know and
// H.265, each with retransmission; of audio Opus, its redundancy, G.722, G.711,
// comfort noise and telephone events. The error is one that matches
// ErrCodecAlreadyRegistered, and nothing is added then.
func (m *MediaEngine) RegisterDefaultCodecs() error {
	before := m.clone()
	for _, kind := range []codec.Kind{codec.Audio, codec.Video} {
		if err := m.register(kind, codec.Defaults(kind)...); err != nil {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.registered = before.registered
			return err
		}
	}
	return nil
}

// register adds all codecs or none.
func (m *MediaEngine) register(kind codec.Kind, codecs ...codec.Codec) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.Clip(m.of(kind).codecs)
	for _, c := range codecs {
		i := slices.IndexFunc(list, func(other codec.Codec) bool { return other.PayloadType == c.PayloadType })
		switch {
		case i < 0:
			list = append(list, c)
		case !identical(list[i], c):
			return &rtcerr.InvalidModificationError{Err: fmt.Errorf(
				"%w: payload type %d is %s %q, and was to be %s %q",
				ErrCodecAlreadyRegistered, c.PayloadType, list[i].MimeType, list[i].Fmtp, c.MimeType, c.Fmtp)}
		}
	}
	m.of(kind).codecs = list
	return nil
}

func identical(a, b codec.Codec) bool {
	return strings.EqualFold(a.MimeType, b.MimeType) && a.ClockRate == b.ClockRate && a.Channels == b.Channels &&
		a.Fmtp == b.Fmtp && slices.Equal(a.Feedback, b.Feedback)
}

// registrable checks a codec that a program registers.
func registrable(p RTPCodecParameters, kind codec.Kind) (codec.Codec, error) {
	c := codecFrom(p)
	if c.PayloadType > 127 {
		return c, &rtcerr.RangeError{Err: fmt.Errorf("payload type %d; the highest is 127", c.PayloadType)}
	}
	if c.ClockRate == 0 {
		return c, &rtcerr.TypeError{Err: fmt.Errorf("codec %q without a clock rate", c.MimeType)}
	}
	prefix, name, typed := strings.Cut(c.MimeType, "/")
	switch {
	case !typed:
		name = prefix
	case !strings.EqualFold(prefix, kind.String()) && !c.IsRTX() && !c.IsRED() && !c.IsFEC():
		return c, &rtcerr.TypeError{Err: fmt.Errorf("codec %q registered as %s", c.MimeType, kind)}
	}
	if name == "" || strings.ContainsAny(name, " /\r\n\t") || strings.ContainsAny(c.Fmtp, "\r\n") {
		return c, &rtcerr.TypeError{Err: fmt.Errorf("codec %q with parameters %q; no description can have it", c.MimeType, c.Fmtp)}
	}
	// What serves others does so for both kinds, and has one constant here.
	c.MimeType = kind.String() + "/" + name
	return c, nil
}

// RegisterFeedback adds a kind of RTCP feedback to the codecs of a kind that are
// registered already. Codecs that serve another one have none of their own and
// are left as they are; so is a codec that has it.
func (m *MediaEngine) RegisterFeedback(feedback RTCPFeedback, typ RTPCodecType) {
	kind, err := mediaKind(typ)
	if err != nil || feedback.Type == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.Clone(m.of(kind).codecs)
	for i, c := range list {
		if !c.IsAuxiliary() && !slices.Contains(c.Feedback, codec.Feedback(feedback)) {
			list[i].Feedback = append(slices.Clip(c.Feedback), codec.Feedback(feedback))
		}
	}
	m.of(kind).codecs = list
}

// mediaKind returns the kind as the rooms below have it. The error for any but audio
// and video is a *rtcerr.TypeError that matches ErrUnknownType.
func mediaKind(typ RTPCodecType) (codec.Kind, error) {
	switch typ {
	case RTPCodecTypeAudio:
		return codec.Audio, nil
	case RTPCodecTypeVideo:
		return codec.Video, nil
	}
	return 0, &rtcerr.TypeError{Err: fmt.Errorf("%w kind of media: %d; audio and video are known", ErrUnknownType, typ)}
}

// RegisterHeaderExtension adds a header extension to a kind of media, for the
// directions given, RTPTransceiverDirectionSendonly and
// RTPTransceiverDirectionRecvonly, or for both if none is. If the extension is
// registered already it gets these directions.
//
// The errors are *rtcerr.TypeErrors, which match ErrUnknownType for a kind that
// is neither audio nor video, and ErrRegisterHeaderExtensionInvalidDirection.
func (m *MediaEngine) RegisterHeaderExtension(
	extension RTPHeaderExtensionCapability, typ RTPCodecType, allowedDirections ...RTPTransceiverDirection,
) error {
	kind, err := mediaKind(typ)
	if err != nil {
		return err
	}
	if extension.URI == "" || strings.ContainsAny(extension.URI, " \r\n\t") {
		return &rtcerr.TypeError{Err: fmt.Errorf("header extension %q; a URI is needed", extension.URI)}
	}
	var send, receive bool
	for _, d := range allowedDirections {
		switch d {
		case RTPTransceiverDirectionSendonly:
			send = true
		case RTPTransceiverDirectionRecvonly:
			receive = true
		default:
			return &rtcerr.TypeError{Err: fmt.Errorf("%w, not %s", ErrRegisterHeaderExtensionInvalidDirection, d)}
		}
	}
	e := signaling.Extension{URI: extension.URI}
	switch {
	case send && !receive:
		e.Direction = sdp.DirectionSendonly
	case receive && !send:
		e.Direction = sdp.DirectionRecvonly
	}
	m.addExtensions(kind, e)
	return nil
}

// addExtensions adds extensions, or changes the directions of those that are
// there.
func (m *MediaEngine) addExtensions(kind codec.Kind, extensions ...signaling.Extension) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.Clone(m.of(kind).extensions)
	for _, e := range extensions {
		if i := slices.IndexFunc(list, func(other signaling.Extension) bool { return other.URI == e.URI }); i >= 0 {
			list[i] = e
		} else {
			list = append(list, e)
		}
	}
	m.of(kind).extensions = list
}
