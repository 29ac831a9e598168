package media

import (
	"errors"
	"io"
	"net"
	"testing"
)

func TestFormatError(t *testing.T) {
	for _, c := range []struct {
		err  FormatError
		want string
	}{
		{FormatError{Format: "IVF", Offset: 32, Reason: "frame is cut short", Err: io.ErrUnexpectedEOF}, "media: not valid IVF at byte 32: frame is cut short"},
		{FormatError{Format: "Opus", Offset: -1, Reason: "packet of 0 bytes"}, "media: not valid Opus: packet of 0 bytes"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("error %q, want %q", got, c.want)
		}
		if got := errors.Is(&c.err, io.ErrUnexpectedEOF); got != (c.err.Err != nil) {
			t.Errorf("%q matches io.ErrUnexpectedEOF: %v", c.want, got)
		}
	}
}

func TestClosedWriterMatchesNetErrClosed(t *testing.T) {
	if !errors.Is(ErrWriterClosed, net.ErrClosed) {
		t.Error("ErrWriterClosed does not match net.ErrClosed")
	}
}
