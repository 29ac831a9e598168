package webrtc

import (
	"errors"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// The causes that errors of this package wrap; errors.Is finds them. The type
// around them is the W3C's name for the failure, from pkg/rtcerr, which
// errors.As finds, and the message says which value was wrong.
var (
	// ErrUnknownType means that a text is none of an enum's names.
	ErrUnknownType = errors.New("unknown")

	// ErrConnectionClosed means that the connection was closed before the call.
	// It matches net.ErrClosed.
	ErrConnectionClosed = rtcerr.ErrConnectionClosed

	// ErrCertificateExpired means that a certificate's time is over.
	ErrCertificateExpired = errors.New("certificate expired")

	// ErrPrivateKeyType means that a private key is neither ECDSA on P-256 nor
	// RSA, or too short.
	ErrPrivateKeyType = errors.New("private key type not supported")

	// ErrFailedToGenerateCertificateFingerprint means that there is no
	// certificate to take the fingerprint of.
	ErrFailedToGenerateCertificateFingerprint = errors.New("no certificate to fingerprint")

	// ErrNoTurnCredentials means that a TURN server was given without username
	// or without credential.
	ErrNoTurnCredentials = errors.New("a TURN server needs a username and a credential")

	// ErrTurnCredentials means that a TURN server's username or credential is
	// not of the kind that its CredentialType names, or too long.
	ErrTurnCredentials = errors.New("unusable TURN credentials")

	// ErrModifyingPeerIdentity means that SetConfiguration was to change the
	// identity that the peer must have.
	ErrModifyingPeerIdentity = errors.New("the peer identity cannot be changed")

	// ErrModifyingCertificates means that SetConfiguration was to change the
	// certificates.
	ErrModifyingCertificates = errors.New("certificates cannot be changed")

	// ErrModifyingBundlePolicy means that SetConfiguration was to change the
	// bundle policy.
	ErrModifyingBundlePolicy = errors.New("the bundle policy cannot be changed")

	// ErrModifyingRTCPMuxPolicy means that SetConfiguration was to change the
	// RTCP mux policy.
	ErrModifyingRTCPMuxPolicy = errors.New("the RTCP mux policy cannot be changed")

	// ErrModifyingICECandidatePoolSize means that SetConfiguration was to change
	// the size of the candidate pool after SetLocalDescription.
	ErrModifyingICECandidatePoolSize = errors.New("the candidate pool cannot be changed after SetLocalDescription")

	// ErrIncorrectSDPSemantics means that Plan B was asked for.
	ErrIncorrectSDPSemantics = errors.New("session descriptions in Plan B are not supported")

	// ErrSDPUnmarshalling means that a session description does not parse.
	ErrSDPUnmarshalling = rtcerr.ErrSDPUnmarshalling

	// ErrDataChannelNotOpen means that a channel was to send or to be detached
	// while its ReadyState was not open.
	ErrDataChannelNotOpen = rtcerr.ErrDataChannelNotOpen

	// ErrStringSizeLimit means that a channel's label has more than 65535 bytes.
	ErrStringSizeLimit = rtcerr.ErrStringSizeLimit

	// ErrProtocolTooLarge means that a channel's protocol has more than 65535
	// bytes.
	ErrProtocolTooLarge = rtcerr.ErrProtocolTooLarge

	// ErrMaxDataChannelID means that a channel's id is 65535 or above what the
	// association can carry, or that none is left.
	ErrMaxDataChannelID = rtcerr.ErrMaxDataChannelID

	// ErrNegotiatedWithoutID means that a negotiated channel was given no id.
	ErrNegotiatedWithoutID = rtcerr.ErrNegotiatedWithoutID

	// ErrRetransmitsOrPacketLifeTime means that a channel was given both limits.
	ErrRetransmitsOrPacketLifeTime = rtcerr.ErrRetransmitsOrPacketLifeTime

	// ErrNoRemoteDescription means that a candidate came, or an answer was
	// asked for, before the remote description that it belongs to.
	ErrNoRemoteDescription = rtcerr.ErrNoRemoteDescription

	// ErrIncorrectSignalingState means that the call does not fit the signaling
	// state, such as CreateAnswer without a remote offer.
	ErrIncorrectSignalingState = rtcerr.ErrIncorrectSignalingState

	// ErrSessionDescriptionNoFingerprint means that a section of a description,
	// and the description itself, have no a=fingerprint (RFC 8842 §5.1).
	ErrSessionDescriptionNoFingerprint = rtcerr.ErrMissingFingerprint

	// ErrSessionDescriptionMissingIceUfrag means that a section of a
	// description, and the description itself, have no a=ice-ufrag (RFC 8839
	// §5.4).
	ErrSessionDescriptionMissingIceUfrag = rtcerr.ErrMissingUfrag

	// ErrSessionDescriptionMissingIcePwd means the same of a=ice-pwd.
	ErrSessionDescriptionMissingIcePwd = rtcerr.ErrMissingPwd
)

// Reasons that programs test for and that are never given.
var (
	// ErrSessionDescriptionInvalidFingerprint is not returned: a section whose
	// a=fingerprint cannot be read is rejected by itself (RFC 9429 §5.8.2), and
	// an answer's is an InvalidAccessError that says so.
	ErrSessionDescriptionInvalidFingerprint = errors.New("invalid fingerprint")

	// ErrSessionDescriptionConflictingFingerprints is not returned: each
	// transport of a description may have fingerprints of its own, and several.
	ErrSessionDescriptionConflictingFingerprints = errors.New("conflicting fingerprints")

	// ErrSessionDescriptionConflictingIceUfrag is not returned: each transport
	// of a description may have credentials of its own.
	ErrSessionDescriptionConflictingIceUfrag = errors.New("conflicting ice-ufrags")

	// ErrSessionDescriptionConflictingIcePwd is not returned, for the same
	// reason.
	ErrSessionDescriptionConflictingIcePwd = errors.New("conflicting ice-pwds")
)
