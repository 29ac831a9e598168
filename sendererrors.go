package webrtc

import (
	"errors"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// The causes of errors about senders and what they send.
var (
	// ErrExistingTrack means that a track was to be added which is being sent
	// already.
	ErrExistingTrack = errors.New("the track is being sent already")

	// ErrSenderNotCreatedByConnection means that a sender was used with another
	// connection, or another transceiver, than its own.
	ErrSenderNotCreatedByConnection = errors.New("the sender is not of this connection")

	// ErrRTPSenderNewTrackHasIncorrectKind means that audio was to be sent by a
	// sender of video, or the other way round.
	ErrRTPSenderNewTrackHasIncorrectKind = errors.New("the track is of another kind than the sender")

	// ErrRTPSenderNewTrackHasIncorrectEnvelope is there for programs that test for
	// it. It is not returned: a sender's encodings take tracks of any RID that
	// they have.
	ErrRTPSenderNewTrackHasIncorrectEnvelope = errors.New("the track has another envelope than the one before")

	// ErrCodecNotFound means that a codec is not registered with the MediaEngine.
	ErrCodecNotFound = errors.New("codec not found")

	// ErrNoCodecsAvailable and ErrSenderWithNoCodecs are there for programs that
	// test for them. They are not returned: media without a codec that both sides
	// have is rejected in the answer, and shows in the transceiver's direction.
	ErrNoCodecsAvailable  = errors.New("no codecs are available")
	ErrSenderWithNoCodecs = errors.New("the sender has no codecs")

	// ErrNoSRTPProtectionProfile means that the DTLS handshake settled no way to
	// protect media: the peer does not offer any.
	ErrNoSRTPProtectionProfile = errors.New("no SRTP protection profile was negotiated")

	// ErrRTPHeaderEncryptionRequired means that a peer does not encrypt header
	// extensions, which RTPHeaderEncryptionPolicyRequire insists on.
	ErrRTPHeaderEncryptionRequired = rtcerr.ErrHeaderEncryptionRequired

	// ErrRTPHeaderEncryptionModeChangeNotSupported means that SetConfiguration was
	// to change the RTPHeaderEncryptionPolicy.
	ErrRTPHeaderEncryptionModeChangeNotSupported = errors.New("the policy of header encryption cannot be changed")

	// ErrRTPHeaderEncryptionMixedModeNotSupported is there for programs that test
	// for it. It is not returned: media of which only a part has agreed to
	// encrypted header extensions is sent without.
	ErrRTPHeaderEncryptionMixedModeNotSupported = errors.New("header extensions are encrypted in a part of the media only")

	// ErrSimulcastProbeOverflow is there for programs that test for it. It is not
	// returned: packets of unknown streams are kept within bounds and dropped
	// beyond them.
	ErrSimulcastProbeOverflow = errors.New("too many unknown streams")
)
