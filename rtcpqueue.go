package webrtc

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/pion/interceptor"
)

// rtcpQueueLimit is how many compound packets wait for a program that reads
// them. The oldest go first: RTCP is about the present.
const rtcpQueueLimit = 64

// An rtcpQueue holds the RTCP about one stream for the program. The library has
// acted on it already, so that nothing depends on its being read.
type rtcpQueue struct {
	mu       sync.Mutex // guards all below
	packets  [][]byte
	err      error         // after which nothing comes
	deadline time.Time     // of reads, zero for none
	changed  chan struct{} // closed when something above changes; nil while nobody waits

	bind   sync.Once
	reader interceptor.RTCPReader // with the program's interceptors
}

// readThrough is read by way of the program's interceptors.
func (q *rtcpQueue) readThrough(in *interceptors, b []byte) (int, interceptor.Attributes, error) {
	q.bind.Do(func() { q.reader = in.rtcpReader(q) })
	return q.reader.Read(b, nil)
}

// push takes a copy of a compound packet.
func (q *rtcpQueue) push(raw []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return
	}
	var b []byte
	if len(q.packets) == rtcpQueueLimit {
		b = q.packets[0][:0]
		copy(q.packets, q.packets[1:])
		q.packets = q.packets[:rtcpQueueLimit-1]
	}
	q.packets = append(q.packets, append(b, raw...))
	q.wake()
}

// read waits for a compound packet and copies it into b. It returns
// io.ErrShortBuffer if b is too small, which loses the packet,
// os.ErrDeadlineExceeded after the deadline, and the error of close.
func (q *rtcpQueue) read(b []byte) (int, error) {
	for {
		q.mu.Lock()
		deadline := q.deadline
		if !deadline.IsZero() && !time.Now().Before(deadline) {
			q.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		}
		if len(q.packets) > 0 {
			p := q.packets[0]
			q.packets[0] = nil
			q.packets = q.packets[1:]
			q.mu.Unlock()
			if len(p) > len(b) {
				return 0, fmt.Errorf("the compound packet has %d bytes, the buffer %d: %w", len(p), len(b), io.ErrShortBuffer)
			}
			return copy(b, p), nil
		}
		if q.err != nil {
			err := q.err
			q.mu.Unlock()
			return 0, err
		}
		if q.changed == nil {
			q.changed = make(chan struct{})
		}
		changed := q.changed
		q.mu.Unlock()
		await(changed, deadline)
	}
}

// await waits for changed or the deadline; a zero one is none.
func await(changed <-chan struct{}, deadline time.Time) {
	if deadline.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

func (q *rtcpQueue) setDeadline(t time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.deadline = t
	q.wake()
}

// close has reads return err once the queue is empty.
func (q *rtcpQueue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.err = err
		q.wake()
	}
}

// wake lets waiting reads look again; q.mu is held.
func (q *rtcpQueue) wake() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}
