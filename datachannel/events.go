package datachannel

import (
	"sync"
	"time"
)

// longRunning is how long the next event waits for the handler of the one
// before. A handler that runs longer (a program that sends for ever in its
// OnOpen handler, say) keeps its goroutine, and the events that follow run
// beside it.
const longRunning = 50 * time.Millisecond

// Events are the handlers of a channel; each may be nil. They are called one at
// a time, in the order of webrtc-pc §6.2: open, messages and bufferedamountlow,
// closing, error, close. A handler may call every method of its channel and of
// its session, and may block: an OnMessage handler that does slows down the
// peer. The next event waits for a blocked handler for 50 ms; after that it runs
// beside it, except that message handlers never run beside each other.
type Events struct {
	OnOpen func()
	// OnMessage receives a message, which is the handler's to keep.
	OnMessage func(data []byte, isString bool)
	// OnMessagePush, if set, is called instead of OnMessage and on the goroutine
	// that reads the channel. It must not block, and data is valid only until
	// it returns.
	OnMessagePush func(data []byte, isString bool)
	// OnBufferedAmountLow is called when the buffered amount falls from above
	// the threshold to the threshold or below it.
	OnBufferedAmountLow func()
	// OnClosing is called when the peer begins to close the channel.
	OnClosing func()
	// OnError is called before OnClose if the channel ends by a failure. The
	// error is an *rtcerr.RTCError.
	OnError func(error)
	OnClose func()
}

func (e *Events) takesMessages() bool { return e.OnMessage != nil || e.OnMessagePush != nil }

// message is a received message.
type message struct {
	data     []byte
	isString bool
}

// size is what a queued message counts against the queue's bound: empty
// messages take memory too.
func (m message) size() int { return len(m.data) + messageOverhead }

const messageOverhead = 64

// lifeEvent is an event of the channel's life. It waits until as many messages
// have been delivered as had been received when it happened.
type lifeEvent struct {
	after uint64
	call  func(*Events)
}

// inbox orders the events of a channel and calls the handlers. Whoever has its
// turn calls them: the reader of the channel, or a goroutine that is started
// when an event happens and nobody has the turn.
type inbox struct {
	mu sync.Mutex
	// all below is guarded by mu

	events    Events
	set       bool // SetEvents has been called
	detached  bool // messages are read by Receive
	dropped   bool // no handler starts any more
	eof       error
	life      []lifeEvent
	messages  []message
	bytes     int    // in messages
	received  uint64 // messages that were put in
	delivered uint64 // messages that were taken out
	limit     int    // of bytes

	lowPending, lowRunning bool

	turn           uint64 // whose turn it is; 0: nobody's
	turns          uint64 // the last turn given out
	handling       bool   // the owner of the turn is in a handler
	handlingFrom   time.Time
	messageRunning bool // a message handler runs, in or out of turn
	watching       bool // a timer waits for the handler to become long-running

	changed chan struct{} // closed when something changes; made by who waits
}

// wait returns a channel that is closed at the next change. mu is held.
func (b *inbox) wait() <-chan struct{} {
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

func (b *inbox) change() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// post puts an event of the channel's life in.
func (b *inbox) post(call func(*Events)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dropped {
		return
	}
	b.life = append(b.life, lifeEvent{b.received, call})
	b.kick()
}

// postLow puts a bufferedamountlow event in. mu is held.
func (b *inbox) postLow() {
	if !b.dropped && !b.lowPending {
		b.lowPending = true
		b.kick()
	}
}

// kick sees to it that somebody calls the handlers of what is ready. mu is held.
func (b *inbox) kick() {
	if b.turn == 0 {
		if b.ready() {
			b.turns++
			b.turn = b.turns
			go b.run(b.turn)
		}
		return
	}
	if b.handling && !b.watching && b.ready() {
		b.watching = true
		turn, from := b.turn, b.handlingFrom
		time.AfterFunc(longRunning-time.Since(from), func() { b.overtake(turn, from) })
	}
}

// overtake takes the turn from a handler that is still running.
func (b *inbox) overtake(turn uint64, from time.Time) {
	b.mu.Lock()
	b.watching = false
	if b.turn != turn || !b.handling || b.handlingFrom != from {
		b.kick() // another handler is running by now
		b.mu.Unlock()
		return
	}
	if !b.ready() {
		b.mu.Unlock()
		return
	}
	b.turns++
	turn = b.turns
	b.turn, b.handling = turn, false
	b.mu.Unlock()
	b.run(turn)
}

// ready reports whether next would return something. mu is held.
func (b *inbox) ready() bool {
	if !b.set || b.dropped {
		return false
	}
	return b.lifeReady() || b.lowReady() || b.messageReady()
}

// Messages that nobody takes do not hold up the events behind them.
func (b *inbox) lifeReady() bool {
	if len(b.life) == 0 {
		return false
	}
	return b.life[0].after <= b.delivered || b.detached || !b.events.takesMessages()
}

func (b *inbox) lowReady() bool { return b.lowPending && !b.lowRunning }

func (b *inbox) messageReady() bool {
	return len(b.messages) > 0 && !b.messageRunning && !b.detached && b.events.takesMessages()
}

// run calls the handlers of what is ready, and gives the turn back.
func (b *inbox) run(turn uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.turn == turn {
		switch {
		case !b.ready():
			b.turn = 0
			return
		case b.lifeReady():
			call := b.life[0].call
			b.life[0] = lifeEvent{}
			b.life = b.life[1:]
			b.call(turn, call)
		case b.lowReady():
			b.lowPending, b.lowRunning = false, true
			b.call(turn, func(e *Events) {
				if e.OnBufferedAmountLow != nil {
					e.OnBufferedAmountLow()
				}
			})
			b.lowRunning = false
		default:
			m := b.take()
			b.messageRunning = true
			b.call(turn, func(e *Events) { e.message(m) })
			b.messageRunning = false
			if b.turn != turn {
				b.kick() // messages may have waited for this one alone
			}
		}
	}
}

// message hands m over for good.
func (e *Events) message(m message) {
	switch {
	case e.OnMessagePush != nil:
		e.OnMessagePush(m.data, m.isString)
	case e.OnMessage != nil:
		e.OnMessage(m.data, m.isString)
	}
}

// call calls f without the lock. mu is held before and after.
func (b *inbox) call(turn uint64, f func(*Events)) {
	e := b.events
	b.handling, b.handlingFrom = true, time.Now()
	tasks.Add(1)
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		if b.turn == turn {
			b.handling = false
		}
		b.change()
	}()
	f(&e)
}

// take removes the first message. mu is held.
func (b *inbox) take() message {
	m := b.messages[0]
	b.messages[0] = message{}
	b.messages = b.messages[1:]
	if len(b.messages) == 0 {
		b.messages = nil
	}
	b.bytes -= m.size()
	b.delivered++
	b.change()
	return m
}

// drop forgets everything that has not been delivered: no handler starts any
// more, readers get err once they have read what is there.
func (b *inbox) drop(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropped = true
	b.life, b.lowPending = nil, false
	if b.eof == nil {
		b.eof = err
	}
	b.change()
}

// end says that no message will follow.
func (b *inbox) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.eof == nil {
		b.eof = err
	}
	b.change()
}
