package rtcerr_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	internal "github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// Each published type is the one that the library returns, wraps its cause and
// says its W3C name.
func TestErrorsAreThoseOfTheLibrary(t *testing.T) {
	cause := fmt.Errorf("read: %w", io.ErrUnexpectedEOF)
	for _, c := range []struct {
		err    error
		target any
		name   string
	}{
		{&internal.InvalidStateError{Err: cause}, new(*rtcerr.InvalidStateError), "InvalidStateError"},
		{&internal.InvalidAccessError{Err: cause}, new(*rtcerr.InvalidAccessError), "InvalidAccessError"},
		{&internal.InvalidModificationError{Err: cause}, new(*rtcerr.InvalidModificationError), "InvalidModificationError"},
		{&internal.NotSupportedError{Err: cause}, new(*rtcerr.NotSupportedError), "NotSupportedError"},
		{&internal.SyntaxError{Err: cause}, new(*rtcerr.SyntaxError), "SyntaxError"},
		{&internal.TypeError{Err: cause}, new(*rtcerr.TypeError), "TypeError"},
		{&internal.RangeError{Err: cause}, new(*rtcerr.RangeError), "RangeError"},
		{&internal.OperationError{Err: cause}, new(*rtcerr.OperationError), "OperationError"},
		{&internal.NetworkError{Err: cause}, new(*rtcerr.NetworkError), "NetworkError"},
		{&internal.NotReadableError{Err: cause}, new(*rtcerr.NotReadableError), "NotReadableError"},
		{&internal.UnknownError{Err: cause}, new(*rtcerr.UnknownError), "UnknownError"},
	} {
		wrapped := fmt.Errorf("call: %w", c.err)
		if !errors.As(wrapped, c.target) {
			t.Errorf("%s is not found as %T", c.name, c.target)
		}
		if !errors.Is(wrapped, io.ErrUnexpectedEOF) {
			t.Errorf("%s does not wrap its cause", c.name)
		}
		if want := c.name + ": read: unexpected EOF"; c.err.Error() != want {
			t.Errorf("%q, want %q", c.err, want)
		}
	}
	// Without a cause the name stands alone.
	if got := (&rtcerr.InvalidStateError{}).Error(); got != "InvalidStateError" {
		t.Errorf("without a cause: %q", got)
	}
}

// webrtc-pc §11.2: an RTCError is an OperationError.
func TestRTCErrorIsAnOperationError(t *testing.T) {
	line := 7
	err := fmt.Errorf("call: %w", &rtcerr.RTCError{Detail: rtcerr.DetailSDPSyntaxError, Line: &line, Err: io.EOF})
	var detailed *rtcerr.RTCError
	if !errors.As(err, &detailed) || detailed.RTCErrorDetail() != "sdp-syntax-error" || *detailed.SDPLineNumber() != 7 {
		t.Errorf("%v is found as %+v", err, detailed)
	}
	var operation *rtcerr.OperationError
	if !errors.As(err, &operation) || !errors.Is(operation, io.EOF) {
		t.Errorf("%v is no OperationError", err)
	}
}
