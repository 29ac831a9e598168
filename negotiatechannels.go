package webrtc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// MaxSignalSize is the length in bytes of the longest signal that NewStreamSignalChannel
// sends and takes: far above what descriptions need.
const MaxSignalSize = 1 << 20

// ErrSignalTooLong is the error for a signal that is longer than MaxSignalSize.
var ErrSignalTooLong = errors.New("the signal is longer than MaxSignalSize")

// NewSignalPair returns the two ends of a signal channel in memory. Close of one end
// has the other's Receive return io.EOF once it has received everything.
func NewSignalPair() (a, b *MemorySignalChannel) {
	ab, ba := newSignalQueue(), newSignalQueue()
	return &MemorySignalChannel{in: ba, out: ab}, &MemorySignalChannel{in: ab, out: ba}
}

// A MemorySignalChannel is one end of a signal channel in memory; see NewSignalPair.
type MemorySignalChannel struct{ in, out *signalQueue }

// A signalQueue is one direction.
type signalQueue struct {
	wake chan struct{} // holds one while a receiver should look

	mu     sync.Mutex // guards all below
	queue  []Signal
	closed bool
}

func newSignalQueue() *signalQueue { return &signalQueue{wake: make(chan struct{}, 1)} }

func (q *signalQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Send gives the other end a signal and does not wait. It returns io.ErrClosedPipe
// after Close, and the context's error if that has ended.
func (c *MemorySignalChannel) Send(ctx context.Context, s Signal) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.out.closed {
		return io.ErrClosedPipe
	}
	c.out.queue = append(c.out.queue, s)
	c.out.signal()
	return nil
}

// Receive waits for the other end's next signal. It returns io.EOF once that is
// closed, and the context's error when that ends.
func (c *MemorySignalChannel) Receive(ctx context.Context) (Signal, error) {
	for {
		c.in.mu.Lock()
		if len(c.in.queue) > 0 {
			s := c.in.queue[0]
			c.in.queue = c.in.queue[1:]
			c.in.mu.Unlock()
			return s, nil
		}
		closed := c.in.closed
		c.in.mu.Unlock()
		if closed {
			return Signal{}, io.EOF
		}
		select {
		case <-c.in.wake:
		case <-ctx.Done():
			return Signal{}, ctx.Err()
		}
	}
}

// Close ends the channel for both ends. The error is always nil.
func (c *MemorySignalChannel) Close() error {
	for _, q := range []*signalQueue{c.in, c.out} {
		q.mu.Lock()
		q.closed = true
		q.mu.Unlock()
		q.signal()
	}
	return nil
}

// NewStreamSignalChannel returns a signal channel over a stream such as a TCP
// connection, a pipe or a process's standard input and output: signals are lines of
// JSON, of at most MaxSignalSize bytes.
//
// A read or write that waits is ended with its context by a deadline where the stream
// has those (net.Conn), else by closing the stream where it can be closed. A stream
// that can do neither ends them when it likes.
func NewStreamSignalChannel(stream io.ReadWriter) SignalChannel {
	return &streamSignalChannel{stream: stream, in: bufio.NewReader(stream)}
}

type streamSignalChannel struct {
	stream io.ReadWriter
	in     *bufio.Reader
	line   []byte // the part of a line that has been read
}

// longAgo is a deadline that ends what waits.
var longAgo = time.Unix(1, 0)

// interruptible has a call of the stream end with ctx, and returns what undoes that.
func (c *streamSignalChannel) interruptible(ctx context.Context, deadline func(time.Time) error) (done func()) {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		if deadline != nil && deadline(longAgo) == nil {
			return
		}
		if closer, ok := c.stream.(io.Closer); ok {
			_ = closer.Close()
		}
	})
	return func() {
		if stop() {
			return
		}
		<-ended
		if deadline != nil {
			_ = deadline(time.Time{}) // for the next context
		}
	}
}

func (c *streamSignalChannel) Receive(ctx context.Context) (Signal, error) {
	var deadline func(time.Time) error
	if d, ok := c.stream.(interface{ SetReadDeadline(time.Time) error }); ok {
		deadline = d.SetReadDeadline
	}
	defer c.interruptible(ctx, deadline)()
	for {
		if err := ctx.Err(); err != nil {
			return Signal{}, err
		}
		part, err := c.in.ReadSlice('\n')
		c.line = append(c.line, part...)
		switch {
		case len(c.line) > MaxSignalSize+1:
			return Signal{}, ErrSignalTooLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == nil:
		case ctx.Err() != nil:
			return Signal{}, ctx.Err()
		case errors.Is(err, io.EOF) && len(c.line) > 0:
			return Signal{}, io.ErrUnexpectedEOF
		default:
			return Signal{}, err
		}
		line := bytes.TrimSpace(c.line)
		c.line = nil
		if len(line) == 0 {
			continue
		}
		var s Signal
		if err := json.Unmarshal(line, &s); err != nil {
			return Signal{}, fmt.Errorf("a line is no signal: %w", err)
		}
		return s, nil
	}
}

func (c *streamSignalChannel) Send(ctx context.Context, s Signal) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if len(line) > MaxSignalSize {
		return ErrSignalTooLong
	}
	var deadline func(time.Time) error
	if d, ok := c.stream.(interface{ SetWriteDeadline(time.Time) error }); ok {
		deadline = d.SetWriteDeadline
	}
	defer c.interruptible(ctx, deadline)()
	if _, err = c.stream.Write(append(line, '\n')); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
