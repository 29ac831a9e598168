package sctptransport

import (
	"sync"
	"time"
)

// puller waits for streams and messages, as a program with a goroutine for each
// would.
type puller struct {
	a        *Association
	accepted chan *Stream

	mu   sync.Mutex
	news map[*Stream]chan struct{}
}

func pull(a *Association) *puller {
	p := &puller{a: a, accepted: make(chan *Stream, 1<<10), news: map[*Stream]chan struct{}{}}
	a.Start(func(s *Stream) { p.attach(s); p.accepted <- s }, func(error) {})
	return p
}

// attach listens to a stream, and returns a channel that has an element when
// something has come on it.
func (p *puller) attach(s *Stream) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.news[s] == nil {
		news := make(chan struct{}, 1)
		p.news[s] = news
		s.OnReadable(func() {
			select {
			case news <- struct{}{}:
			default:
			}
		})
	}
	return p.news[s]
}

func (p *puller) accept() (*Stream, error) {
	select {
	case s := <-p.accepted:
		return s, nil
	case <-p.a.Done():
		return nil, p.a.Err()
	}
}

func (p *puller) receive(s *Stream, buf []byte) (int, PPID, error) {
	news := p.attach(s)
	for {
		n, ppid, err := s.Receive(buf)
		if err != ErrEmpty {
			return n, ppid, err
		}
		select {
		case <-news:
		case <-p.a.Done():
			time.Sleep(time.Millisecond) // the engine ends its streams a little later
		}
	}
}
