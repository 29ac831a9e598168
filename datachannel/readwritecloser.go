package datachannel

import (
	"io"
	"time"
)

// Reader reads messages, one a call.
type Reader interface {
	// ReadDataChannel copies the next message to p and says whether it is a
	// string; io.ErrShortBuffer means that p is too short for it.
	ReadDataChannel(p []byte) (n int, isString bool, err error)
}

// Writer writes messages, one a call.
type Writer interface {
	WriteDataChannel(p []byte, isString bool) (n int, err error)
}

// ReadWriteCloser is a detached channel. Read and Write are those of binary
// messages.
type ReadWriteCloser interface {
	io.Reader
	io.Writer
	Reader
	Writer
	io.Closer
}

// ReadWriteCloserDeadliner is a ReadWriteCloser with deadlines.
type ReadWriteCloserDeadliner interface {
	ReadWriteCloser
	ReadDeadliner
	WriteDeadliner
}

// ReadDeadliner bounds reads.
type ReadDeadliner interface {
	// SetReadDeadline sets when a read that waits gives up; zero means never.
	SetReadDeadline(time.Time) error
}

// WriteDeadliner bounds writes.
type WriteDeadliner interface {
	// SetWriteDeadline sets when a write that waits gives up; zero means never.
	SetWriteDeadline(time.Time) error
}
