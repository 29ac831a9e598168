// Package annexb reads and writes NAL units in the byte stream format that
// Recommendations H.264 and H.265 both define in their Annex B: each unit behind
// a start code of the bytes 0, 0 and 1, with any number of zero bytes before the
// start code.
package annexb

import (
	"bytes"
	"fmt"
	"io"
	"iter"

	"github.com/parleyrtc/webrtc/pkg/media"
)

const (
	// MaxUnitSize is how many bytes a NAL unit may have.
	MaxUnitSize = 64 << 20

	// step is how many bytes are read at a time.
	step = 64 << 10

	// emptyReads is how often a stream may return nothing, and no error, in a row.
	emptyReads = 100
)

var startCode = []byte{0, 0, 1}

// A Scanner reads a byte stream. It holds one unit and what was read with it.
type Scanner struct {
	format string
	in     io.Reader
	buffer []byte // what was read and is not returned, from a start code on
	base   int64  // where in the stream the buffer begins
	begun  bool   // the first start code has been found
	err    error  // what ended the stream
}

// NewScanner makes a scanner of a stream of the format with that name, which
// errors give.
func NewScanner(format string, in io.Reader) *Scanner { return &Scanner{format: format, in: in} }

// Next returns the next unit, without start code and zero bytes around it, which
// the caller owns. After the last one the error is io.EOF.
func (s *Scanner) Next() ([]byte, error) {
	if !s.begun {
		if err := s.begin(); err != nil {
			return nil, err
		}
	}
	for {
		end, err := s.unit()
		if err != nil {
			return nil, err
		}
		unit := bytes.Clone(trim(s.buffer[len(startCode):end]))
		s.skip(end)
		if len(unit) > 0 {
			return unit, nil
		}
	}
}

// begin finds the first start code, before which only zero bytes may stand.
func (s *Scanner) begin() error {
	for {
		for len(s.buffer) > 0 && s.buffer[0] == 0 && !bytes.HasPrefix(s.buffer, startCode) {
			if len(s.buffer) < len(startCode) && s.err == nil {
				break
			}
			s.skip(1)
		}
		if bytes.HasPrefix(s.buffer, startCode) {
			s.begun = true
			return nil
		}
		if len(s.buffer) > 0 && s.buffer[0] != 0 {
			return s.errorf("byte %#02x before the first start code", s.buffer[0])
		}
		if s.err != nil {
			return s.err
		}
		s.read()
	}
}

// unit returns where in the buffer the unit at its start ends.
func (s *Scanner) unit() (int, error) {
	if len(s.buffer) == 0 {
		return 0, s.err
	}
	for from := len(startCode); ; {
		if i := bytes.Index(s.buffer[from:], startCode); i >= 0 {
			return from + i, nil
		}
		if s.err == io.EOF {
			return len(s.buffer), nil
		}
		if s.err != nil {
			return 0, s.err
		}
		if len(s.buffer) > MaxUnitSize {
			return 0, s.errorf("NAL unit of more than %d bytes", MaxUnitSize)
		}
		from = max(from, len(s.buffer)-len(startCode)+1)
		s.read()
	}
}

func (s *Scanner) read() {
	n := len(s.buffer)
	if cap(s.buffer)-n < step {
		grown := make([]byte, n, 2*n+step)
		copy(grown, s.buffer)
		s.buffer = grown
	}
	for range emptyReads {
		var m int
		m, s.err = s.in.Read(s.buffer[n : n+step])
		if s.buffer = s.buffer[:n+m]; m > 0 || s.err != nil {
			return
		}
	}
	s.err = io.ErrNoProgress
}

func (s *Scanner) skip(n int) {
	s.base += int64(n)
	if s.buffer = s.buffer[n:]; len(s.buffer) == 0 {
		s.buffer = nil
	}
}

func (s *Scanner) errorf(format string, args ...any) error {
	return &media.FormatError{Format: s.format, Offset: s.base, Reason: fmt.Sprintf(format, args...)}
}

// trim removes the zero bytes at the end of a unit, which belong to the next
// start code: H.264 §7.4.1, "The last byte of the NAL unit shall not be equal to
// 0x00", and the same in H.265 §7.4.2.1.
func trim(unit []byte) []byte { return bytes.TrimRight(unit, "\x00") }

// Units returns an iterator over the units in a part of a byte stream, which are
// lent. What stands before the first start code is none.
func Units(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := bytes.Index(b, startCode)
		for i >= 0 {
			b = b[i+len(startCode):]
			unit := b
			if i = bytes.Index(b, startCode); i >= 0 {
				unit = b[:i]
			}
			if unit = trim(unit); len(unit) > 0 && !yield(unit) {
				return
			}
		}
	}
}
