package sctptransport

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// end is one end of an in-memory path for packets that takes a while.
type end struct {
	in, out chan delayed
	delay   time.Duration
	gone    chan struct{}
	once    sync.Once

	mu  sync.Mutex
	tap func(p []byte) bool // sees what is written; false loses it
}

type delayed struct {
	at time.Time
	p  []byte
}

func newPath(delay time.Duration) (a, b *end) {
	ab, ba := make(chan delayed, 1<<16), make(chan delayed, 1<<16)
	return &end{in: ba, out: ab, delay: delay, gone: make(chan struct{})},
		&end{in: ab, out: ba, delay: delay, gone: make(chan struct{})}
}

func (e *end) Read(b []byte) (int, error) {
	select {
	case d := <-e.in:
		time.Sleep(time.Until(d.at))
		if d.p == nil {
			return 0, io.EOF
		}
		return copy(b, d.p), nil
	case <-e.gone:
		return 0, net.ErrClosed
	}
}

func (e *end) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tap == nil || e.tap(b) {
		e.out <- delayed{time.Now().Add(e.delay), bytes.Clone(b)}
	}
	return len(b), nil
}

func (e *end) onWrite(f func(p []byte) bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tap = f
}

func (e *end) Close() error {
	e.once.Do(func() { close(e.gone) })
	return nil
}

func (e *end) LocalAddr() net.Addr              { return nil }
func (e *end) RemoteAddr() net.Addr             { return nil }
func (e *end) SetDeadline(time.Time) error      { return nil }
func (e *end) SetReadDeadline(time.Time) error  { return nil }
func (e *end) SetWriteDeadline(time.Time) error { return nil }

// connect returns the two ends of an association; change adapts both
// configurations.
func connect(t *testing.T, delay time.Duration, change func(*Config)) (a, b *Association, pa, pb *end) {
	t.Helper()
	pa, pb = newPath(delay)
	dial := func(p *end) *Association {
		c := Config{Conn: p}
		if change != nil {
			change(&c)
		}
		a, err := Dial(t.Context(), c)
		if err != nil {
			t.Error(err)
		}
		return a
	}
	done := make(chan struct{})
	go func() { b = dial(pb); close(done) }()
	a = dial(pa)
	<-done
	if a == nil || b == nil {
		t.FailNow()
	}
	t.Cleanup(func() {
		a.Close()
		b.Close()
		time.Sleep(time.Second)
		synctest.Wait()
	})
	return a, b, pa, pb
}
