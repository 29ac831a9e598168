// Package signal is a signal channel: the way by which two peers that are not
// connected yet exchange descriptions and candidates. WebRTC leaves it to the
// program; a pigeon would do. Here it is a pair of queues within one process, or
// a WebSocket.
//
//	a, b := signal.Pipe()
//	err := a.Send(ctx, signal.Message{Description: &offer})
//	…
//	message, err := b.Receive(ctx)
package signal

import (
	"context"
	"io"
	"sync"

	"github.com/parleyrtc/webrtc"
)

// A Message is a description or a candidate. Its JSON form is what browsers'
// RTCSessionDescription and RTCIceCandidate have.
type Message struct {
	Description *webrtc.SessionDescription `json:"description,omitempty"`
	Candidate   *webrtc.ICECandidateInit   `json:"candidate,omitempty"`
}

// A Channel carries messages to one other peer, in order and reliably.
type Channel interface {
	// Send gives a message to the channel. It may be called from any goroutine.
	Send(ctx context.Context, m Message) error
	// Receive waits for a message. It returns io.EOF once the channel is closed.
	Receive(ctx context.Context) (Message, error)
	// Close ends the channel for both sides.
	Close() error
}

// queueLength is how many messages wait for a slow reader before Send does.
const queueLength = 64

// Pipe returns the two ends of a channel within this process.
func Pipe() (Channel, Channel) {
	ab, ba := make(chan Message, queueLength), make(chan Message, queueLength)
	done, once := make(chan struct{}), new(sync.Once)
	return &end{out: ab, in: ba, done: done, once: once}, &end{out: ba, in: ab, done: done, once: once}
}

type end struct {
	out  chan<- Message
	in   <-chan Message
	done chan struct{} // closed by either end's Close
	once *sync.Once
}

// Send queues the message for the other end.
func (e *end) Send(ctx context.Context, m Message) error {
	select {
	case <-e.done:
		return io.ErrClosedPipe
	case <-ctx.Done():
		return ctx.Err()
	case e.out <- m:
		return nil
	}
}

// Receive waits for the other end's next message.
func (e *end) Receive(ctx context.Context) (Message, error) {
	select {
	case m := <-e.in:
		return m, nil
	case <-e.done:
		return Message{}, io.EOF
	case <-ctx.Done():
		return Message{}, ctx.Err()
	}
}

// Close ends the channel.
func (e *end) Close() error {
	e.once.Do(func() { close(e.done) })
	return nil
}
