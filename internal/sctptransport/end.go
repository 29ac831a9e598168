package sctptransport

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// ending is what happens when the association ends.
type ending struct {
	a    *Association
	done chan struct{}

	mu sync.Mutex // not held while the engine is called, which calls with its locks held
	// all below is guarded by mu

	ended bool        // done is closed
	lost  bool        // by other means than Close and Abort, and nobody has been told
	told  func(error) // given to Start
}

// over notes that the association has ended.
func (e *ending) over() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.end()
}

// end closes done. mu is held.
func (e *ending) end() {
	if !e.ended {
		e.ended = true
		close(e.done)
	}
}

// lose notes that the association has ended by other means than Close and Abort.
func (e *ending) lose() {
	select {
	case <-e.a.up:
	default:
		return // Dial reports it
	}
	if e.a.closing.Load() {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return
	}
	e.end()
	e.lost = true
	e.report()
}

// tell says who is told.
func (e *ending) tell(f func(error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = f
	e.report()
}

// report tells who is to be told, if there is something to tell. mu is held.
func (e *ending) report() {
	if !e.lost || e.told == nil {
		return
	}
	e.lost = false
	f := e.told
	e.a.tasks.start(func() { f(e.a.closedError(nil)) })
}

// tasks are the goroutines of an association.
type tasks struct {
	mu     sync.Mutex
	group  sync.WaitGroup
	closed bool
}

// start runs f on a goroutine, and returns false if it is too late for that.
func (t *tasks) start(f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.group.Go(f)
	return true
}

// wait returns when none is left and none starts any more.
func (t *tasks) wait() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.group.Wait()
}

// Close ends the association without a word to the peer. It may be called more
// than once, and returns when the engine has stopped reading and the functions
// given to Start and OnReadable have returned; they must not call it.
func (a *Association) Close() error {
	a.closing.Store(true)
	err := a.engine.Close()
	a.ending.over()
	a.tasks.wait()
	return err
}

// Abort tells the peer that the association ends and why (RFC 9260 §3.3.7), and
// ends it. Data that was not sent is lost. If the association has ended already
// it does nothing more than Close.
func (a *Association) Abort(reason string) {
	if a.closing.Swap(true) || a.conn.reason() != nil {
		a.Close()
		return
	}
	a.engine.Abort(reason)
	a.Close()
}

// Done is closed when the association has ended.
func (a *Association) Done() <-chan struct{} { return a.ending.done }

// Err returns why the association has ended: ErrClosed after Close and Abort, an
// *AbortError if the peer has aborted it, what the connection below said if that
// has failed, and nil while the association lives.
func (a *Association) Err() error {
	select {
	case <-a.ending.done:
		return a.closedError(nil)
	default:
		return nil
	}
}

func (a *Association) closedError(err error) error {
	if a.closing.Load() {
		return ErrClosed
	}
	if cause := a.conn.reason(); cause != nil {
		return cause
	}
	if err == nil || errors.Is(err, io.EOF) {
		return errors.New("sctptransport: the peer has ended the association")
	}
	return fmt.Errorf("sctptransport: %w", err)
}
