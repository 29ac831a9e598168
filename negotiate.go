package webrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// A Signal is what two peers tell each other while they negotiate: a description or a
// candidate. Its JSON form is that of the examples of webrtc-pc §10.7, so that a
// browser may be the other side.
type Signal struct {
	Description *SessionDescription `json:"description,omitempty"`
	Candidate   *ICECandidateInit   `json:"candidate,omitempty"`
}

// A SignalChannel takes signals to the peer and brings the peer's, in order and
// without loss. Send and Receive may be called at the same time, each by one
// goroutine. They return when their context ends.
type SignalChannel interface {
	// Send sends a signal. It may return before the peer has it.
	Send(ctx context.Context, s Signal) error
	// Receive waits for the peer's next signal. It returns io.EOF when the peer
	// has ended the channel.
	Receive(ctx context.Context) (Signal, error)
}

// Politeness says which of two peers gives way when both offer at once. One has to
// be Polite and the other Impolite; who is which does not matter.
type Politeness bool

const (
	// Impolite is the side whose offer stands.
	Impolite Politeness = false
	// Polite is the side that takes its offer back and answers the other's.
	Polite Politeness = true
)

// A NegotiationError is what has ended Negotiate: what it was about, and why it
// failed. Errors of descriptions are found in it as types of pkg/rtcerr.
type NegotiationError struct {
	// Op is "send", "receive", "local description" or "remote description".
	Op  string
	Err error
}

// Error says what failed, and why.
func (e *NegotiationError) Error() string { return fmt.Sprintf("negotiation: %s: %v", e.Op, e.Err) }

// Unwrap returns why it failed.
func (e *NegotiationError) Unwrap() error { return e.Err }

// maxHeldCandidates bounds the candidates that wait for their description to be
// sent: more than a machine has addresses for.
const maxHeldCandidates = 1000

// Negotiate keeps pc negotiated with the peer at the other end of the channel: perfect
// negotiation (webrtc-pc §10.7). Whatever either side does to its connection (add
// tracks and channels, stop, restart ICE), at the same time too, ends with both
// agreed. Candidates are exchanged as they are found.
//
//	go webrtc.Negotiate(ctx, pc, channel, webrtc.Polite)
//
// It returns nil when pc is closed and when the peer ends the channel, the context's
// error when ctx ends, and a *NegotiationError if the channel fails or a description
// of the peer's cannot be set. A candidate that cannot be used is logged. The
// connection stays as it is, and lives on. No goroutine is left.
//
// While it runs, the handlers of OnNegotiationNeeded and OnICECandidate are its own,
// and descriptions are not to be set otherwise. What was needed before is negotiated,
// too.
func Negotiate(ctx context.Context, pc *PeerConnection, channel SignalChannel, side Politeness) error {
	n := &perfectNegotiation{
		pc: pc, side: side, wake: make(chan struct{}, 1), news: make(chan struct{}, 1),
		incoming: make(chan Signal), failed: make(chan error, 2),
		needed: pc.NegotiationNeeded(),
	}
	n.signal(n.wake)
	pc.OnNegotiationNeeded(func() { n.note(func() { n.needed = true }) })
	pc.OnICECandidate(func(c *ICECandidate) {
		if c != nil {
			n.note(func() { n.hold(c.ToJSON()) })
		}
	})
	defer pc.OnNegotiationNeeded(nil)
	pc.negotiates.Store(true)
	defer pc.OnICECandidate(nil)
	defer pc.negotiates.Store(false)
	work, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	tasks.Go(func() { n.receiveAll(work, channel) })
	tasks.Go(func() { n.sendAll(work, channel) })
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pc.closed:
			return nil
		case err = <-n.failed:
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, io.EOF):
				return nil
			}
		case s := <-n.incoming:
			err = n.receive(s)
		case <-n.wake:
			err = n.act()
		}
		switch {
		case pc.isClosed.Load():
			return nil
		case err != nil:
			return err
		}
	}
}

// A perfectNegotiation is one side of Negotiate. What is not guarded belongs to the goroutine
// that called it.
type perfectNegotiation struct {
	pc   *PeerConnection
	side Politeness
	// ignoring says that the peer's last offer was ignored, and so are its
	// candidates.
	ignoring bool

	incoming chan Signal
	failed   chan error
	// wake holds one while there is something to do, news while there is something
	// to send.
	wake, news chan struct{}

	mu     sync.Mutex // guards all below
	needed bool
	held   []ICECandidateInit // whose description has not been sent
	sent   string             // the description sent last
	queue  []Signal
}

// note changes what there is to do.
func (n *perfectNegotiation) note(change func()) {
	n.mu.Lock()
	change()
	n.mu.Unlock()
	n.signal(n.wake)
}

func (n *perfectNegotiation) signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// hold keeps a candidate for its description. mu is held.
func (n *perfectNegotiation) hold(c ICECandidateInit) {
	if len(n.held) < maxHeldCandidates {
		n.held = append(n.held, c)
	}
}

// act offers if that is needed, and sends what candidates there are.
func (n *perfectNegotiation) act() error {
	n.mu.Lock()
	needed := n.needed
	n.needed = false
	n.mu.Unlock()
	// An exchange that is under way ends with the event again if it leaves a need.
	if needed && n.pc.SignalingState() == SignalingStateStable && n.pc.NegotiationNeeded() {
		return n.describe()
	}
	n.release()
	return nil
}

// describe sets the local description that fits, and sends it.
//
// webrtc-pc §10.7: "await pc.setLocalDescription(); signaling.send({description:
// pc.localDescription})".
func (n *perfectNegotiation) describe() error {
	if err := n.pc.SetLocalDescription(SessionDescription{}); err != nil {
		return &NegotiationError{Op: "local description", Err: err}
	}
	description := n.pc.LocalDescription()
	if description == nil {
		return nil // closed meanwhile
	}
	n.mu.Lock()
	n.sent = description.SDP
	n.queue = append(n.queue, Signal{Description: description})
	n.mu.Unlock()
	n.release()
	return nil
}

// release sends the candidates whose description is on its way: the peer could not
// use them before. Those of an offer that was taken back are forgotten.
func (n *perfectNegotiation) release() {
	n.mu.Lock()
	n.held = slices.DeleteFunc(n.held, func(c ICECandidateInit) bool {
		if c.UsernameFragment == nil || !strings.Contains(n.sent, "a=ice-ufrag:"+*c.UsernameFragment+"\r\n") {
			return false
		}
		n.queue = append(n.queue, Signal{Candidate: &c})
		return true
	})
	n.mu.Unlock()
	n.signal(n.news)
}

// receive does what the peer's signal asks for.
func (n *perfectNegotiation) receive(s Signal) error {
	if d := s.Description; d != nil {
		// "An offer may come in while we are busy processing SRD(answer). In this
		// case, we will be in 'stable' by the time the offer is processed". Here one
		// thing is done after the other.
		collision := d.Type == SDPTypeOffer && n.pc.SignalingState() != SignalingStateStable
		n.ignoring = n.side == Impolite && collision
		if n.ignoring {
			return nil
		}
		// "SRD rolls back as needed".
		if err := n.pc.SetRemoteDescription(*d); err != nil {
			return &NegotiationError{Op: "remote description", Err: err}
		}
		if d.Type == SDPTypeOffer {
			n.mu.Lock()
			if collision {
				n.held = nil // of the offer that was taken back
			}
			n.mu.Unlock()
			if err := n.describe(); err != nil {
				return err
			}
		}
	}
	if c := s.Candidate; c != nil {
		// "if (!ignoreOffer) throw err; // Suppress ignored offer's candidates".
		if err := n.pc.AddICECandidate(*c); err != nil && !n.ignoring {
			n.pc.log.Warn("a candidate of the peer's cannot be used", "candidate", c.Candidate, "reason", err)
		}
	}
	return nil
}

// receiveAll brings the peer's signals until there are no more.
func (n *perfectNegotiation) receiveAll(ctx context.Context, channel SignalChannel) {
	for {
		s, err := channel.Receive(ctx)
		if err != nil {
			n.failed <- &NegotiationError{Op: "receive", Err: err}
			return
		}
		select {
		case n.incoming <- s:
		case <-ctx.Done():
			return
		}
	}
}

// sendAll sends what is queued, so that a slow channel holds up nothing else.
func (n *perfectNegotiation) sendAll(ctx context.Context, channel SignalChannel) {
	for {
		select {
		case <-n.news:
		case <-ctx.Done():
			return
		}
		n.mu.Lock()
		queue := n.queue
		n.queue = nil
		n.mu.Unlock()
		for _, s := range queue {
			if err := channel.Send(ctx, s); err != nil {
				n.failed <- &NegotiationError{Op: "send", Err: err}
				return
			}
		}
	}
}
