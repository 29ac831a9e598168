package rtcerr

import "fmt"

// The values of RTCErrorDetailType (webrtc-pc §11.3).
const (
	DetailDataChannelFailure               = "data-channel-failure"
	DetailDTLSFailure                      = "dtls-failure"
	DetailFingerprintFailure               = "fingerprint-failure"
	DetailSCTPFailure                      = "sctp-failure"
	DetailSDPSyntaxError                   = "sdp-syntax-error"
	DetailHardwareEncoderNotAvailable      = "hardware-encoder-not-available"
	DetailHardwareEncoderError             = "hardware-encoder-error"
	DetailIdentityProviderBadScript        = "idp-bad-script-failure"
	DetailIdentityProviderExecutionFailure = "idp-execution-failure"
	DetailIdentityProviderLoadFailure      = "idp-load-failure"
	DetailIdentityProviderNeedsLogin       = "idp-need-login"
	DetailIdentityProviderTimeout          = "idp-timeout"
	DetailIdentityProviderTLSFailure       = "idp-tls-failure"
	DetailIdentityProviderTokenExpired     = "idp-token-expired"
	DetailIdentityProviderTokenInvalid     = "idp-token-invalid"
)

// RTCError is an OperationError that says which protocol failed and where
// (webrtc-pc §11.2). A field that does not apply to the detail is nil.
type RTCError struct {
	// Detail is one of the Detail constants.
	Detail string
	// Line is the line of the description, counted from 1, that does not parse.
	Line *int
	// Cause is the SCTP cause code of a failed association (RFC 9260 §3.3.10).
	Cause *uint16
	// Received and Sent are the DTLS alerts that crossed the wire.
	Received, Sent *uint32
	Err            error
}

func (e *RTCError) Error() string {
	return text("RTCError", fmt.Errorf("%s: %w", e.Detail, orUnknown(e.Err)))
}

// Unwrap returns the cause.
func (e *RTCError) Unwrap() error { return e.Err }

// As lets errors.As find an *OperationError too, of which the W3C makes
// RTCError a subclass.
func (e *RTCError) As(target any) bool {
	t, ok := target.(**OperationError)
	if ok {
		*t = &OperationError{Err: e}
	}
	return ok
}

// RTCErrorDetail returns the kind of failure.
func (e *RTCError) RTCErrorDetail() string { return e.Detail }

// SDPLineNumber returns the line of the description that does not parse.
func (e *RTCError) SDPLineNumber() *int { return e.Line }

// SCTPCauseCode returns the cause code with which the association failed.
func (e *RTCError) SCTPCauseCode() *uint16 { return e.Cause }

// ReceivedAlert returns the number of the DTLS alert that the peer sent.
func (e *RTCError) ReceivedAlert() *uint32 { return e.Received }

// SentAlert returns the number of the DTLS alert that was sent to the peer.
func (e *RTCError) SentAlert() *uint32 { return e.Sent }

func orUnknown(err error) error {
	if err == nil {
		return fmt.Errorf("no cause known")
	}
	return err
}
