// Package rtcerr holds the error types that WebRTC operations return, one for
// each DOMException name that the W3C specification uses. Package
// pkg/rtcerr publishes them; the rooms below the root create them.
//
// Each type wraps its cause: errors.As finds the W3C name, errors.Is the
// reason.
package rtcerr

import "fmt"

// InvalidStateError says that the object was in the wrong state for the call,
// such as an answer where no offer is pending (webrtc-pc §4.4.1.5).
type InvalidStateError struct{ Err error }

// InvalidAccessError says that the object does not support the operation or
// the argument, such as candidates for a foreign usernameFragment.
type InvalidAccessError struct{ Err error }

// InvalidModificationError says that something was changed that may not
// change, such as the text of a local description that CreateOffer did not
// produce (webrtc-pc §4.4.1.5).
type InvalidModificationError struct{ Err error }

// NotSupportedError says that the operation is not supported, such as a URL
// scheme that is not one of stun, stuns, turn and turns.
type NotSupportedError struct{ Err error }

// SyntaxError says that a string did not match its expected grammar.
type SyntaxError struct{ Err error }

// InvalidCharacterError says that a string contains characters that it may not.
type InvalidCharacterError struct{ Err error }

// TypeError says that a value was not of the kind expected.
type TypeError struct{ Err error }

// RangeError says that a value was not in the set or range of allowed values.
type RangeError struct{ Err error }

// OperationError says that the operation failed for a reason of its own, such
// as candidates that do not parse or resources that run out.
type OperationError struct{ Err error }

// NetworkError says that a network operation failed.
type NetworkError struct{ Err error }

// NotReadableError says that an input could not be read.
type NotReadableError struct{ Err error }

// UnknownError says that the operation failed for a reason not known to the
// caller.
type UnknownError struct{ Err error }

func (e *InvalidStateError) Error() string        { return text("InvalidStateError", e.Err) }
func (e *InvalidAccessError) Error() string       { return text("InvalidAccessError", e.Err) }
func (e *InvalidModificationError) Error() string { return text("InvalidModificationError", e.Err) }
func (e *NotSupportedError) Error() string        { return text("NotSupportedError", e.Err) }
func (e *SyntaxError) Error() string              { return text("SyntaxError", e.Err) }
func (e *InvalidCharacterError) Error() string    { return text("InvalidCharacterError", e.Err) }
func (e *TypeError) Error() string                { return text("TypeError", e.Err) }
func (e *RangeError) Error() string               { return text("RangeError", e.Err) }
func (e *OperationError) Error() string           { return text("OperationError", e.Err) }
func (e *NetworkError) Error() string             { return text("NetworkError", e.Err) }
func (e *NotReadableError) Error() string         { return text("NotReadableError", e.Err) }
func (e *UnknownError) Error() string             { return text("UnknownError", e.Err) }

// Unwrap returns the cause.
func (e *InvalidStateError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *InvalidAccessError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *InvalidModificationError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *NotSupportedError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *InvalidCharacterError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *TypeError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *RangeError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *OperationError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *NetworkError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *NotReadableError) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *UnknownError) Unwrap() error { return e.Err }

func text(name string, cause error) string {
	if cause == nil {
		return name
	}
	return fmt.Sprintf("%s: %v", name, cause)
}
