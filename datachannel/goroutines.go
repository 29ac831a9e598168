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

// handling counts the handlers of the program that run on the goroutine which
// reads packets. While one does, nobody can wait for that goroutine to end: the
// handler may be what waits.
type handling struct {
	mu      sync.Mutex
	n       int
	changed sync.Cond
}

func (h *handling) init() { h.changed.L = &h.mu }

func (h *handling) enter() {
	h.mu.Lock()
	h.n++
	h.changed.Broadcast()
	h.mu.Unlock()
}

func (h *handling) leave() {
	h.mu.Lock()
	h.n--
	h.mu.Unlock()
}

// end runs f, which ends the reading of packets, and returns when f has or when
// a handler runs for which f has to wait.
func (h *handling) end(f func()) {
	ended := false
	go func() {
		f()
		h.mu.Lock()
		defer h.mu.Unlock()
		ended = true
		h.changed.Broadcast()
	}()
	h.mu.Lock()
	defer h.mu.Unlock()
	for !ended && h.n == 0 {
		h.changed.Wait()
	}
}
