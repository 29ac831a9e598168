// Package rtcerr publishes the errors that WebRTC operations return, one type
// for each DOMException name that the W3C specification uses (webrtc-pc, Web
// IDL §2.8.1).
//
// The types wrap their cause. errors.As finds the W3C name,
//
//	var invalid *rtcerr.InvalidStateError
//	if errors.As(err, &invalid) { … }
//
// and errors.Is the reason, such as webrtc.ErrModifyingCertificates. Whatever
// is used after Close returns an error that matches net.ErrClosed.
package rtcerr

import "github.com/parleyrtc/webrtc/internal/rtcerr"

type (
	// InvalidStateError says that the object was in the wrong state for the
	// call, such as for an answer where no offer is pending.
	InvalidStateError = rtcerr.InvalidStateError

	// InvalidAccessError says that the object does not support the operation or
	// the argument, such as an expired certificate or a TURN server without
	// credentials.
	InvalidAccessError = rtcerr.InvalidAccessError

	// InvalidModificationError says that something was to be changed that may
	// not change, such as the certificates of a connection.
	InvalidModificationError = rtcerr.InvalidModificationError

	// NotSupportedError says that the operation is not supported, such as a
	// certificate with a kind of key that it cannot have.
	NotSupportedError = rtcerr.NotSupportedError

	// SyntaxError says that a string did not match its grammar, such as the URL
	// of an ICE server.
	SyntaxError = rtcerr.SyntaxError

	// InvalidCharacterError says that a string contains characters that it may
	// not, such as a letter that is no telephone tone.
	InvalidCharacterError = rtcerr.InvalidCharacterError

	// TypeError says that a value was not of the kind expected.
	TypeError = rtcerr.TypeError

	// RangeError says that a value was not in the set or range allowed.
	RangeError = rtcerr.RangeError

	// OperationError says that the operation failed for a reason of its own,
	// such as a candidate that does not parse.
	OperationError = rtcerr.OperationError

	// NetworkError says that a network operation failed.
	NetworkError = rtcerr.NetworkError

	// NotReadableError says that an input could not be read.
	NotReadableError = rtcerr.NotReadableError

	// UnknownError says that the operation failed for a reason that the caller
	// cannot know.
	UnknownError = rtcerr.UnknownError

	// RTCError is an OperationError, which errors.As finds in it too, that says
	// which protocol failed and where (webrtc-pc §11.2).
	RTCError = rtcerr.RTCError
)

// The values of RTCError.Detail (webrtc-pc §11.3, webrtc-identity §9.3).
const (
	// DetailDataChannelFailure means that a data channel failed.
	DetailDataChannelFailure = rtcerr.DetailDataChannelFailure
	// DetailDTLSFailure means that the DTLS handshake failed or that a fatal
	// alert came; ReceivedAlert and SentAlert tell.
	DetailDTLSFailure = rtcerr.DetailDTLSFailure
	// DetailFingerprintFailure means that the peer's certificate does not match
	// the fingerprint in its description.
	DetailFingerprintFailure = rtcerr.DetailFingerprintFailure
	// DetailSCTPFailure means that the SCTP association failed; SCTPCauseCode
	// tells.
	DetailSCTPFailure = rtcerr.DetailSCTPFailure
	// DetailSDPSyntaxError means that a description does not parse;
	// SDPLineNumber tells where.
	DetailSDPSyntaxError = rtcerr.DetailSDPSyntaxError
	// DetailHardwareEncoderNotAvailable means that an encoder lacks its hardware.
	DetailHardwareEncoderNotAvailable = rtcerr.DetailHardwareEncoderNotAvailable
	// DetailHardwareEncoderError means that an encoder does not take its
	// parameters.
	DetailHardwareEncoderError = rtcerr.DetailHardwareEncoderError
	// DetailIdentityProviderBadScript means that the identity provider is not
	// usable.
	DetailIdentityProviderBadScript = rtcerr.DetailIdentityProviderBadScript
	// DetailIdentityProviderExecutionFailure means that the provider failed.
	DetailIdentityProviderExecutionFailure = rtcerr.DetailIdentityProviderExecutionFailure
	// DetailIdentityProviderLoadFailure means that the provider could not be
	// loaded.
	DetailIdentityProviderLoadFailure = rtcerr.DetailIdentityProviderLoadFailure
	// DetailIdentityProviderNeedsLogin means that the user has to log in.
	DetailIdentityProviderNeedsLogin = rtcerr.DetailIdentityProviderNeedsLogin
	// DetailIdentityProviderTimeout means that the provider took too long.
	DetailIdentityProviderTimeout = rtcerr.DetailIdentityProviderTimeout
	// DetailIdentityProviderTLSFailure means that the provider's TLS connection
	// is not to be trusted.
	DetailIdentityProviderTLSFailure = rtcerr.DetailIdentityProviderTLSFailure
	// DetailIdentityProviderTokenExpired means that the assertion has expired.
	DetailIdentityProviderTokenExpired = rtcerr.DetailIdentityProviderTokenExpired
	// DetailIdentityProviderTokenInvalid means that the assertion is not valid.
	DetailIdentityProviderTokenInvalid = rtcerr.DetailIdentityProviderTokenInvalid
)
