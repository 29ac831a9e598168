package media

import (
	"errors"
	"fmt"
	"net"
)

// ErrNilStream is returned by the constructors of readers and writers when they
// are given no stream.
var ErrNilStream = errors.New("media: stream is nil")

// ErrNilPacket is returned when a writer is given a nil packet.
var ErrNilPacket = errors.New("media: packet is nil")

// ErrWriterClosed is returned by writers after Close. It matches net.ErrClosed.
var ErrWriterClosed = fmt.Errorf("media: writer used after Close: %w", net.ErrClosed)

// A FormatError says what a file, or a part of one, has that its format does
// not allow. Find it with errors.As.
type FormatError struct {
	// Format is the name of the format: "IVF", "Ogg", "Opus", "Opus header",
	// "H.264", "H.265" or "rtpdump".
	Format string

	// Offset is where the part begins that is wrong, in bytes from the start of
	// the stream, or -1 where no stream is read.
	Offset int64

	// Reason says what is wrong, with the value that was found.
	Reason string

	// Err is the cause: io.ErrUnexpectedEOF where the stream ended too soon,
	// nil where there is none.
	Err error
}

func (e *FormatError) Error() string {
	s := "media: not valid " + e.Format
	if e.Offset >= 0 {
		s += fmt.Sprintf(" at byte %d", e.Offset)
	}
	return s + ": " + e.Reason
}

func (e *FormatError) Unwrap() error { return e.Err }
