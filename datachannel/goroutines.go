package datachannel

import "sync"

// goroutines counts those of a session, so that Close can wait for them. One
// that is in a handler does not count: the handler may be what calls Close.
type goroutines struct {
	mu   sync.Mutex
	n    int
	none sync.Cond
}

func (g *goroutines) init() { g.none.L = &g.mu }

func (g *goroutines) enter() {
	g.mu.Lock()
	g.n++
	g.mu.Unlock()
}

func (g *goroutines) leave() {
	g.mu.Lock()
	if g.n--; g.n == 0 {
		g.none.Broadcast()
	}
	g.mu.Unlock()
}

func (g *goroutines) wait() {
	g.mu.Lock()
	for g.n > 0 {
		g.none.Wait()
	}
	g.mu.Unlock()
}

// start runs f on a goroutine that counts.
func (g *goroutines) start(f func()) {
	g.enter()
	go func() {
		defer g.leave()
		f()
	}()
}
