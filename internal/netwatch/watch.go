package netwatch

import "sync"

// watchers are those of the process.
var watchers set

// A set is who wants to be told, and the goroutine that tells them.
type set struct {
	mu      sync.Mutex // guards all
	members map[*watcher]struct{}
	source  *source // nil while nobody watches
}

type watcher struct{ changed func() }

// A source waits for changes on a goroutine of its own.
type source struct {
	quit  chan struct{} // closed to end it
	ended chan struct{} // closed when it has
	waiter
}

// Watch has changed called soon after an interface has come, gone, or got other
// addresses, until stop is called; several changes in a row may be one. It may be
// called when nothing has changed that matters, too. The function runs on the
// package's goroutine and must neither wait nor call stop, which waits for that
// goroutine if it was the last. stop may be called more than once.
func Watch(changed func()) (stop func()) { return watchers.watch(changed) }

func (s *set) watch(changed func()) (stop func()) {
	w := &watcher{changed}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.members == nil {
		s.members = map[*watcher]struct{}{}
	}
	s.members[w] = struct{}{}
	if s.source == nil {
		s.source = &source{quit: make(chan struct{}), ended: make(chan struct{}), waiter: newWaiter()}
		go s.run(s.source)
	}
	return func() { s.leave(w) }
}

// run is the body of the goroutine. It ends when the last watcher leaves.
func (s *set) run(from *source) {
	defer close(from.ended)
	for from.wait(from.quit) {
		for _, w := range s.list() {
			w.changed()
		}
	}
}

func (s *set) list() (all []*watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.members {
		all = append(all, w)
	}
	return all
}

func (s *set) leave(w *watcher) {
	s.mu.Lock()
	_, member := s.members[w]
	delete(s.members, w)
	last := s.source
	if !member || len(s.members) > 0 || last == nil {
		s.mu.Unlock()
		return
	}
	s.source = nil
	s.mu.Unlock()
	close(last.quit)
	last.end()
	<-last.ended
}
