// Package stream reads formats that say how long their parts are, without
// believing them: memory grows with what is read, not with what is claimed.
package stream

import (
	"fmt"
	"io"

	"github.com/parleyrtc/webrtc/pkg/media"
)

// step is how many bytes are allocated ahead of what has been read.
const step = 64 << 10

// A Reader reads parts of known length and counts the bytes of whole units
// (frames, pages, packets), so that a live stream can be taken up again where
// the last whole unit ended.
type Reader struct {
	format string
	in     io.Reader
	unit   int64 // where the current unit begins
	read   int64 // bytes of the current unit that have been read
}

// NewReader makes a reader of the format with that name for errors.
func NewReader(format string, in io.Reader) *Reader {
	return &Reader{format: format, in: in}
}

// Unit ends the current unit: the next byte is the first of another.
func (r *Reader) Unit() { r.unit, r.read = r.unit+r.read, 0 }

// Offset is where the current unit begins, in bytes from the start.
func (r *Reader) Offset() int64 { return r.unit }

// Reset goes on with the stream that reset returns, given the number of bytes
// that whole units took so far. What was read of the current unit is forgotten.
func (r *Reader) Reset(reset func(bytesRead int64) io.Reader) {
	r.in, r.read = reset(r.unit), 0
}

// Full fills b with the next part of the current unit. It returns io.EOF if the
// stream ends just where the unit would begin, a *media.FormatError that matches
// io.ErrUnexpectedEOF if it ends within the unit, and the stream's error if it
// fails.
func (r *Reader) Full(b []byte, what string) error {
	n, err := io.ReadFull(r.in, b)
	start := r.read
	r.read += int64(n)
	if err == nil || len(b) == 0 {
		return nil
	}
	if err == io.EOF && start == 0 {
		return io.EOF
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return &media.FormatError{Format: r.format, Offset: r.unit, Reason: what + " is cut short", Err: io.ErrUnexpectedEOF}
	}
	return err
}

// Append appends the next n bytes of the current unit to dst. The result has
// room for no more than twice what the stream really had, and a little.
func (r *Reader) Append(dst []byte, n int, what string) ([]byte, error) {
	for n > 0 {
		part := min(n, step, max(cap(dst)-len(dst), step))
		start := len(dst)
		if cap(dst)-start < part {
			grown := make([]byte, start, max(start+part, min(2*start, start+n)))
			copy(grown, dst)
			dst = grown
		}
		dst = dst[:start+part]
		if err := r.Full(dst[start:], what); err != nil {
			return dst[:start], err
		}
		n -= part
	}
	return dst, nil
}

// Errorf is a *media.FormatError about the current unit.
func (r *Reader) Errorf(format string, args ...any) error {
	return &media.FormatError{Format: r.format, Offset: r.unit, Reason: fmt.Sprintf(format, args...)}
}
