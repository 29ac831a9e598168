package datachannel

import "time"

// longRunning is how long the next event waits for the handler of the one
// before.
const longRunning = 50 * time.Millisecond

// Events are the handlers of a channel; each may be nil. They are called one at
// a time, in the order of webrtc-pc §6.2: open, then messages and
// bufferedamountlow as they come, closing, error, close.
//
// A handler may call every method of its channel and of its session, and it may
// block. An OnMessage handler that does slows the peer down. The other events
// wait for a blocked handler for 50 ms and then run beside it, so that a program
// may send for ever in OnOpen, and wait there for OnBufferedAmountLow; message
// handlers never run beside each other.
type Events struct {
	// OnOpen is called when messages may be sent.
	OnOpen func()
	// OnMessage receives a message, which is the handler's to keep. A message
	// of a string is valid UTF-8.
	OnMessage func(data []byte, isString bool)
	// OnMessagePush, if set, is called instead of OnMessage. It must not block,
	// and data is valid only until it returns.
	OnMessagePush func(data []byte, isString bool)
	// OnBufferedAmountLow is called when the buffered amount falls from above
	// the threshold to the threshold or below it.
	OnBufferedAmountLow func()
	// OnClosing is called when the peer begins to close the channel.
	OnClosing func()
	// OnError is called before OnClose if the channel ends by a failure. The
	// error is an *rtcerr.RTCError.
	OnError func(error)
	// OnClose is called last.
	OnClose func()
}

func (e *Events) takesMessages() bool { return e.OnMessage != nil || e.OnMessagePush != nil }

// message hands m to the handler.
func (e *Events) message(m message) {
	if e.OnMessagePush == nil {
		e.OnMessage(m.data, m.isString)
		return
	}
	e.OnMessagePush(m.data, m.isString)
	if m.pooled {
		putBuffer(m.data)
	}
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// post puts an event of the channel's life in.
func (b *inbox) post(f func(*Events)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.session.silent.Load() {
		return
	}
	b.life.push(lifeEvent{b.received, f})
	b.kick()
}

// postLow puts a bufferedamountlow event in. mu is held.
func (b *inbox) postLow() {
	if b.events.OnBufferedAmountLow != nil {
		b.low = true
		b.kick()
	}
}

// take gives the caller the turn. mu is held.
func (b *inbox) take() (turn uint64) {
	b.turns++
	b.turn, b.handling = b.turns, false
	return b.turn
}

// kick sees to it that somebody calls the handlers of what is ready. mu is held.
func (b *inbox) kick() {
	switch {
	case !b.ready():
	case b.turn == 0:
		b.give(b.take())
	case b.handling && b.overtaker == nil:
		from := b.handlingFrom
		b.overtaker = time.AfterFunc(longRunning-time.Since(from), func() { b.overtake(from) })
	}
}

// overtake takes the turn away from a handler that has been running since from.
func (b *inbox) overtake(from time.Time) {
	b.mu.Lock()
	b.overtaker = nil
	if !b.handling || !b.handlingFrom.Equal(from) || !b.ready() {
		b.kick() // another handler may be running by now
		b.mu.Unlock()
		return
	}
	turn := b.take()
	b.mu.Unlock()
	b.run(turn)
}

// ready reports whether a handler may be called. mu is held.
func (b *inbox) ready() bool {
	return b.set && b.announced && !b.session.silent.Load() && (b.lifeReady() || b.lowReady() || b.messageReady())
}

// Messages that nobody takes do not hold up the events behind them.
func (b *inbox) lifeReady() bool {
	return b.life.len() > 0 && (b.life.first().after <= b.delivered || !b.events.takesMessages() || b.detached)
}

func (b *inbox) lowReady() bool { return b.low && !b.lowRunning }

func (b *inbox) messageReady() bool {
	return b.messages.len() > 0 && !b.messageRunning && !b.detached && b.events.takesMessages()
}

// run calls the handlers of what is ready until nothing is, or until a handler
// has run for so long that the turn is another's.
func (b *inbox) run(turn uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.yield(turn)
	for b.turn == turn && b.ready() {
		switch {
		case b.lowReady() && b.begun: // before the channel closes
			b.callLow(turn)
		case b.lifeReady():
			b.begun = true
			b.callLife(turn, b.life.pop().call)
		case b.lowReady():
			b.callLow(turn)
		default:
			b.callMessage(turn, b.next())
		}
	}
}

// yield gives the turn back. It is deferred, so that a handler which ends its
// goroutine does not take the turn with it. mu is held.
func (b *inbox) yield(turn uint64) {
	if b.turn == turn {
		b.turn = 0
	}
	b.kick() // events may have waited for a handler that was overtaken
}

func (b *inbox) callLife(turn uint64, f func(*Events)) {
	e := b.begin()
	defer b.done(turn, nil)
	f(e)
}

func (b *inbox) callLow(turn uint64) {
	b.low, b.lowRunning = false, true
	e := b.begin()
	defer b.done(turn, &b.lowRunning)
	call(e.OnBufferedAmountLow)
}

func (b *inbox) callMessage(turn uint64, m message) {
	b.messageRunning = true
	e := b.begin()
	defer b.done(turn, &b.messageRunning)
	e.message(m)
}

// begin unlocks for a handler and returns the handlers. mu is held before.
func (b *inbox) begin() *Events {
	b.handling, b.handlingFrom = true, time.Now()
	e := b.events
	b.mu.Unlock()
	return e
}

// done locks after a handler of the given turn, which is no longer running. mu
// is held afterwards.
func (b *inbox) done(turn uint64, running *bool) {
	b.mu.Lock()
	if b.turn == turn {
		b.handling = false
	}
	if running != nil {
		*running = false
	}
	b.change()
}
