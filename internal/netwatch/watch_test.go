package netwatch

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

// counted returns a watcher's function and how often it was called.
func counted() (changed func(), told chan struct{}) {
	told = make(chan struct{}, 100)
	return func() { told <- struct{}{} }, told
}

// However many watch, one goroutine serves them, and it is gone with the last.
func TestOneGoroutineForAll(t *testing.T) {
	var s set
	before := runtime.NumGoroutine()
	var stops []func()
	for range 10 {
		stops = append(stops, s.watch(func() {}))
	}
	if n := runtime.NumGoroutine() - before; n != 1 {
		t.Errorf("%d goroutines for ten watchers", n)
	}
	for _, stop := range stops {
		stop()
		stop()
	}
	if s.source != nil || len(s.members) != 0 {
		t.Errorf("after the last stop there is %v with %d watchers", s.source, len(s.members))
	}
	stop := s.watch(func() {}) // and it starts again
	if s.source == nil {
		t.Error("nothing watches")
	}
	stop()
}

// Watchers come and go from many goroutines.
func TestWatchersAtOnce(t *testing.T) {
	var s set
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				s.watch(func() {})()
			}
		})
	}
	all.Wait()
	if s.source != nil {
		t.Error("the source is left")
	}
}

// Where nothing tells of changes, the lists are compared.
func TestPollingFindsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPoller()
		quit := make(chan struct{})
		found := make(chan bool)
		p.last = "something else"
		go func() {
			found <- p.wait(quit)
			found <- p.wait(quit)
		}()
		if !<-found {
			t.Error("the change was not found")
		}
		close(quit)
		if <-found {
			t.Error("a change was found where there was none")
		}
	})
}
