package sdp

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrTooLarge is the cause of the SyntaxError for a description past MaxSize,
// MaxLines or MaxMedia.
var ErrTooLarge = errors.New("sdp: description too large")

// The sizes past which Parse refuses a description. A thousand video sections
// as browsers write them take 5 MB and 170 000 lines. Within these limits the
// model of a description made for the purpose takes some 100 MB, and the time to
// read it grows with its length only.
const (
	// MaxSize is the largest text, in bytes.
	MaxSize = 8 << 20
	// MaxLines is the largest number of lines, blank ones included.
	MaxLines = 1 << 18
	// MaxMedia is the largest number of m= sections.
	MaxMedia = 4096
)

// maxErrorText bounds the part of a line that an error repeats, in bytes.
const maxErrorText = 120

// SyntaxError says which line of a description cannot be read, and why. Parse
// returns it for a description that is of no use as a whole; Media.Malformed
// holds one for a section that is not.
type SyntaxError struct {
	// Line is the line's number, counted from 1. For something missing it is
	// the number of the last line before which it should have stood.
	Line int
	// Text is the line, cut after 120 bytes, or "" if a line is missing.
	Text string
	// Reason says what is wrong with it.
	Reason string

	cause error
}

// Error returns the reason with the line and its number.
func (e *SyntaxError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("sdp: line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("sdp: line %d: %s: %s", e.Line, e.Reason, strconv.Quote(e.Text))
}

// Unwrap returns ErrTooLarge for a description past the limits, else nil.
func (e *SyntaxError) Unwrap() error { return e.cause }

func tooLarge(line int, reason string) *SyntaxError {
	return &SyntaxError{Line: line, Reason: reason, cause: ErrTooLarge}
}

func newSyntaxError(line int, text, reason string) *SyntaxError {
	if len(text) > maxErrorText {
		text = text[:maxErrorText]
	}
	return &SyntaxError{Line: line, Text: text, Reason: reason}
}
