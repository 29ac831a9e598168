package webrtc

import (
	"slices"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/signaling"
	"github.com/parleyrtc/webrtc/transceiver/extension"
)

// extensions returns the header extensions of a kind in the order of their
// registration. They are not to be changed.
//
// The one that names the m-line is among them whether or not it was registered.
// RFC 9429 §5.2.1 wants it in every offer of media, and without it a peer cannot
// tell to which m-line of a bundle a stream belongs that it has not been told of.
func (m *MediaEngine) extensions(kind codec.Kind) []signaling.Extension {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.of(kind).extensions
	if slices.ContainsFunc(list, func(e signaling.Extension) bool { return e.URI == extension.MID }) {
		return list
	}
	return append([]signaling.Extension{{URI: extension.MID}}, list...)
}

// defaultExtensions are those of an API without a MediaEngine.
//
// The library itself writes and reads those that name streams, and those that
// measure the path: transport-wide sequence numbers for peers with send-side
// bandwidth estimation, the time of sending for those without. The others
// describe the media; browsers write and understand them, a program finds what
// it needs in the packets, and one that relays passes them on. All of both kinds
// fit the 14 identifiers of one-byte headers (RFC 8285 §4.2).
func defaultExtensions(kind codec.Kind) []signaling.Extension {
	uris := []string{extension.MID, extension.TransportCC, extension.AbsSendTime, extension.AbsCaptureTime}
	switch kind {
	case codec.Audio:
		uris = append(uris, extension.AudioLevel, extension.MixerAudioLevel)
	case codec.Video:
		uris = append(uris,
			extension.RID, extension.RepairedRID, // simulcast (RFC 8852)
			extension.VideoOrientation, extension.PlayoutDelay,
			extension.DependencyDescriptor, // layers, for what relays them
		)
	}
	list := make([]signaling.Extension, len(uris))
	for i, uri := range uris {
		list[i].URI = uri
	}
	return list
}

// newDefaultMediaEngine returns what an API without a MediaEngine negotiates.
func newDefaultMediaEngine() *MediaEngine {
	m := &MediaEngine{}
	for _, kind := range []codec.Kind{codec.Audio, codec.Video} {
		*m.of(kind) = registered{codecs: codec.Defaults(kind), extensions: defaultExtensions(kind)}
	}
	return m
}
