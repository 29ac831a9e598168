package webrtc

import (
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
)

// A TrackLocal is what a program sends: TrackLocalStaticRTP and
// TrackLocalStaticSample are two, and a program may have its own. One track may be
// sent by many connections at once.
type TrackLocal interface {
	// Bind says that a sender begins to send the track: write packets to the
	// context's WriteStream, with its SSRC and with a payload type of its
	// CodecParameters. It returns the codec that the track has chosen of these, or
	// an error, ErrUnsupportedCodec for instance, if it can use none.
	Bind(TrackLocalContext) (RTPCodecParameters, error)
	// Unbind says that the sender has ended. The context has the ID that it had at
	// Bind.
	Unbind(TrackLocalContext) error
	// ID identifies the track; the peer finds it as TrackRemote.ID.
	ID() string
	// RID names the encoding that the track is, with simulcast (RFC 8851); else it
	// is "".
	RID() string
	// StreamID names the stream that the track is a part of, or is "".
	StreamID() string
	// Kind is audio or video.
	Kind() RTPCodecType
}

// A TrackLocalContext is what a track is bound to: one stream of one sender. Bind
// and Unbind are called by the call that causes them, SetRemoteDescription for
// instance, one at a time for each sender. They may call the connection's methods,
// Close among them, but for ReplaceTrack of their own sender, which waits for them.
type TrackLocalContext interface {
	// CodecParameters returns the codecs that the peer takes, preferred first.
	CodecParameters() []RTPCodecParameters
	// HeaderExtensions returns the header extensions that packets may have.
	HeaderExtensions() []RTPHeaderExtensionParameter
	// SSRC returns the SSRC of the stream.
	SSRC() SSRC
	// SSRCRetransmission returns the SSRC of what is sent again (RFC 4588), 0 if
	// there is none.
	SSRCRetransmission() SSRC
	// SSRCForwardErrorCorrection returns the SSRC of repair packets, 0 if there
	// are none.
	SSRCForwardErrorCorrection() SSRC
	// WriteStream returns where packets are to be written.
	WriteStream() TrackLocalWriter
	// ID identifies the context.
	ID() string
	// RTCPReader returns a reader of the RTCP about the stream.
	RTCPReader() interceptor.RTCPReader
}

// A TrackLocalWriter takes the packets of a track. It may be used from any
// goroutine, one at a time.
type TrackLocalWriter interface {
	// WriteRTP sends a packet. Header and payload are not kept.
	WriteRTP(header *rtp.Header, payload []byte) (int, error)
	// Write sends a marshalled packet, which is not kept.
	Write(b []byte) (int, error)
}
