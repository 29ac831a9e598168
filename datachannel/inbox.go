package datachannel

import (
	"context"
	"os"
	"sync"
	"time"
)

// message is a received message.
type message struct {
	data     []byte
	isString bool
	pooled   bool // data is a pooled buffer, for a handler that borrows it
}

// messageOverhead is what an empty message counts against the queue's bound.
const messageOverhead = 64

func (m message) size() int { return len(m.data) + messageOverhead }

// lifeEvent is an event of the channel's life. It waits until the messages that
// were received before it have been delivered.
type lifeEvent struct {
	after uint64 // the number of those messages
	call  func(*Events)
}

// inbox holds what a channel has received and what has happened to it, and
// calls the handlers in order, on a goroutine that is started for what there is
// (see run) and stays for a moment (see lingerer).
type inbox struct {
	limit   int // bytes of messages
	session *Session
	drops   func() // counts a dropped message
	refill  func() // reads what the stream has

	mu sync.Mutex
	// all below is guarded by mu

	events    *Events // never nil; not changed, but replaced
	set       bool    // SetEvents has been called
	announced bool    // OnChannel has returned, or was not needed
	detached  bool    // messages are taken by blocking reads

	life      fifo[lifeEvent]
	begun     bool // the first of them has been handed out
	messages  fifo[message]
	bytes     int    // of messages
	received  uint64 // messages that were put in
	delivered uint64 // messages that were taken out
	end       error  // what reads return after the last message

	draining bool // somebody reads the stream
	again    bool // and has to look once more when there is nothing left
	paused   bool // the stream has been left unread because the queue is full

	amount        amount
	low           bool // a bufferedamountlow event is due
	lowRunning    bool
	readDeadline  time.Time
	writeDeadline time.Time

	turn           uint64 // whose turn it is; 0: nobody's
	turns          uint64 // the last turn given out
	handling       bool   // the owner of the turn is in a handler
	handlingFrom   time.Time
	messageRunning bool // a message handler runs, in or out of turn
	overtaker      *time.Timer
	lingerer       lingerer

	changed chan struct{} // closed when something changes; made by who waits
}

// change wakes those who wait. mu is held.
func (b *inbox) change() {
	if b.paused && (b.bytes <= b.limit/2 || !b.full()) {
		b.paused = false
		b.session.goroutines.start(b.refill)
	}
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// await waits until ok returns true or an error, which it is called for with mu
// held each time something has changed. A deadline that ok returns and that is
// not zero bounds the wait.
func (b *inbox) await(ctx context.Context, ok func() (done bool, deadline time.Time, err error)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var timer *time.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	for {
		done, deadline, err := ok()
		if err != nil || done {
			return err
		}
		var late <-chan time.Time
		if !deadline.IsZero() {
			left := time.Until(deadline)
			if left <= 0 {
				return os.ErrDeadlineExceeded
			}
			if timer != nil {
				timer.Stop()
			}
			timer = time.NewTimer(left)
			late = timer.C
		}
		if b.changed == nil {
			b.changed = make(chan struct{})
		}
		changed := b.changed
		b.mu.Unlock()
		select {
		case <-changed:
			err = nil
		case <-late:
			err = nil
		case <-ctx.Done():
			err = ctx.Err()
		}
		b.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// consumer reports whether somebody takes messages. mu is held.
func (b *inbox) consumer() bool { return b.detached || b.events.takesMessages() }

// full reports whether the queue takes no message now, but will. If the program
// takes nothing, messages are dropped and counted. Where all queues together are full,
// a channel still has one message at a time: it could not wait for the others to be
// emptied. mu is held.
func (b *inbox) full() bool {
	return (b.bytes >= b.limit || b.bytes > 0 && b.session.crowded()) &&
		!b.session.silent.Load() && b.end == nil && b.consumer()
}

// put delivers a message.
func (b *inbox) put(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.enqueue(m) {
		b.kick()
	}
}

// enqueue queues a message if there is room. mu is held.
func (b *inbox) enqueue(m message) bool {
	if b.session.silent.Load() || b.end != nil || b.bytes >= b.limit || b.session.crowded() && !b.consumer() {
		if m.pooled {
			putBuffer(m.data)
		}
		b.drops()
		return false
	}
	b.messages.push(m)
	b.hold(m.size())
	b.received++
	b.change()
	return true
}

// next removes the first message. mu is held.
func (b *inbox) next() message {
	m := b.messages.pop()
	b.hold(-m.size())
	b.delivered++
	b.change()
	return m
}

// discard forgets the messages that have not been delivered. mu is held.
func (b *inbox) discard() {
	b.delivered += uint64(b.messages.len())
	b.messages = fifo[message]{}
	b.hold(-b.bytes)
}

// hold counts bytes that are held from now on, or, if negative, no longer. mu is held.
func (b *inbox) hold(bytes int) {
	b.bytes += bytes
	b.session.queued.Add(int64(bytes))
}

// finish says that no message follows: reads return err, at once if those that
// are queued are to be discarded, as when the program itself has closed the
// channel ("If channel.[[ReadyState]] is not 'open', abort these steps and discard
// rawData", webrtc-pc §6.2), and after them otherwise.
func (b *inbox) finish(err error, discard bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end == nil || discard {
		b.end = err
	}
	if discard {
		b.discard()
	}
	b.change()
	b.kick()
	b.dismiss()
}

// silence forgets everything that has not been delivered, when the session has
// become silent.
func (b *inbox) silence(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end = err
	b.life, b.low = fifo[lifeEvent]{}, false
	b.discard()
	for _, t := range []*time.Timer{b.overtaker, b.amount.settler} {
		if t != nil {
			t.Stop()
		}
	}
	if b.lingerer.armed {
		b.lingerer.expiry.Stop()
	}
	b.dismiss()
	b.change()
}
