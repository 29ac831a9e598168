package webrtc

import "errors"

// The causes of errors about codecs and tracks.
var (
	// ErrCodecAlreadyRegistered means that a MediaEngine has another codec under
	// the payload type.
	ErrCodecAlreadyRegistered = errors.New("payload type is another codec's")

	// ErrRegisterHeaderExtensionInvalidDirection means that a header extension
	// was to be registered for a direction other than sendonly and recvonly.
	ErrRegisterHeaderExtensionInvalidDirection = errors.New("a header extension is for sendonly, recvonly or both")

	// ErrUnsupportedCodec means that the peer does not take the codec of a track.
	ErrUnsupportedCodec = errors.New("the codec of the track was not negotiated")

	// ErrNoPayloaderForCodec means that samples of a codec cannot be cut into
	// packets: the library does not know its payload format, and the track was
	// made without WithPayloader.
	ErrNoPayloaderForCodec = errors.New("no payloader for the codec")

	// ErrUnbindFailed means that a track was to be unbound from a sender to which
	// it was not bound.
	ErrUnbindFailed = errors.New("the track is not bound to this sender")
)
