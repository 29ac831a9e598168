package datachannel

import "time"

// lingering is for how long, up to twice as much, a goroutine that has called message
// handlers waits for more to do. A new one for each message has to grow its stack
// anew.
const lingering = 50 * time.Millisecond

// A lingerer is what an inbox knows of the goroutine that waits for its next turn. Its
// fields are guarded by mu of the inbox.
type lingerer struct {
	there bool // somebody waits
	// turn gives the one who waits the next turn, or 0: then it ends.
	turn chan uint64
	// expiry runs while armed, and ends the wait if no turn has been given out since
	// it ran last.
	expiry *time.Timer
	armed  bool
	turns  uint64 // that had been given out then
	served uint64 // messages that had been delivered when somebody began to wait
}

// serve calls the handlers of what is ready, and of what comes soon after.
func (b *inbox) serve(turn uint64) {
	for turn != 0 {
		b.run(turn)
		turn = b.linger()
	}
}

// linger waits for the next turn, and returns 0 if there is none to wait for: messages
// follow messages, but little follows the events of a channel's life.
func (b *inbox) linger() (turn uint64) {
	b.mu.Lock()
	l := &b.lingerer
	if l.there || l.served == b.delivered || b.end != nil || b.session.silent.Load() {
		b.mu.Unlock()
		return 0
	}
	l.there, l.served = true, b.delivered
	if l.turn == nil {
		l.turn = make(chan uint64, 1)
	}
	if !l.armed {
		l.armed, l.turns = true, b.turns
		if l.expiry == nil {
			l.expiry = time.AfterFunc(lingering, b.expire)
		} else {
			l.expiry.Reset(lingering)
		}
	}
	b.mu.Unlock()
	return <-l.turn
}

// expire ends the wait if it has been long.
func (b *inbox) expire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &b.lingerer
	l.armed = l.there && l.turns != b.turns
	if l.armed {
		l.turns = b.turns
		l.expiry.Reset(lingering)
		return
	}
	b.dismiss()
}

// give hands the turn to the one who waits, or to a new goroutine. mu is held.
func (b *inbox) give(turn uint64) {
	if l := &b.lingerer; l.there {
		l.there = false
		l.turn <- turn
		return
	}
	go b.serve(turn)
}

// dismiss ends the wait. mu is held.
func (b *inbox) dismiss() {
	if l := &b.lingerer; l.there {
		l.there = false
		l.turn <- 0
	}
}
