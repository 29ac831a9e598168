package datachannel

import (
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// link is one direction of an in-memory path: one goroutine delivers the packets
// in order, after a delay, and loses some.
type link struct {
	delay time.Duration
	lose  func(p []byte) bool // may be nil; called by the writer

	mu     sync.Mutex
	queue  []timed
	wake   chan struct{}
	out    chan []byte
	closed chan struct{}
	once   sync.Once
}

type timed struct {
	at time.Time
	p  []byte
}

func newLink(delay time.Duration) *link {
	return &link{delay: delay, wake: make(chan struct{}, 1), out: make(chan []byte, 1), closed: make(chan struct{})}
}

func (l *link) write(p []byte) {
	l.mu.Lock()
	lost := l.lose != nil && l.lose(p)
	if !lost {
		l.queue = append(l.queue, timed{time.Now().Add(l.delay), append([]byte(nil), p...)})
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *link) run() {
	for {
		l.mu.Lock()
		var next timed
		if len(l.queue) > 0 {
			next, l.queue = l.queue[0], l.queue[1:]
		}
		l.mu.Unlock()
		if next.p == nil {
			select {
			case <-l.wake:
				continue
			case <-l.closed:
				return
			}
		}
		if d := time.Until(next.at); d > 0 {
			time.Sleep(d)
		}
		select {
		case l.out <- next.p:
		case <-l.closed:
			return
		}
	}
}

func (l *link) close() { l.once.Do(func() { close(l.closed) }) }

// pipe is one end of a pair of links, as a packet-wise net.Conn.
type pipe struct {
	in, out *link
	once    sync.Once
	gone    chan struct{}
}

// newPipe returns the two ends of a path with the given one-way delay.
func newPipe(delay time.Duration) (a, b *pipe) {
	ab, ba := newLink(delay), newLink(delay)
	a = &pipe{in: ba, out: ab, gone: make(chan struct{})}
	b = &pipe{in: ab, out: ba, gone: make(chan struct{})}
	go ab.run()
	go ba.run()
	return a, b
}

// lossy loses the given share of packets in both directions, by a seeded source.
func lossy(a, b *pipe, share float64, seed uint64) {
	for i, l := range []*link{a.out, b.out} {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		l.lose = func([]byte) bool { return r.Float64() < share }
	}
}

func (p *pipe) Read(b []byte) (int, error) {
	select {
	case m := <-p.in.out:
		return copy(b, m), nil
	case <-p.gone:
		return 0, net.ErrClosed
	case <-p.in.closed:
		return 0, net.ErrClosed
	}
}

func (p *pipe) Write(b []byte) (int, error) {
	p.out.write(b)
	return len(b), nil
}

// Close ends this end only: the peer is not told.
func (p *pipe) Close() error {
	p.once.Do(func() { close(p.gone) })
	return nil
}

// cut ends both links.
func (p *pipe) cut() { p.in.close(); p.out.close() }

func (p *pipe) LocalAddr() net.Addr              { return nil }
func (p *pipe) RemoteAddr() net.Addr             { return nil }
func (p *pipe) SetDeadline(time.Time) error      { return nil }
func (p *pipe) SetReadDeadline(time.Time) error  { return nil }
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }
