package sctptransport

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// Several goroutines that find nothing on a new stream at the same time all come
// back: the engine wakes one of its readers.
func TestReceiveByManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _, _ := connect(t, 0, nil)
		for id := range uint16(200) {
			s, err := a.OpenStream(id)
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if _, _, err := s.Receive(nil); !errors.Is(err, ErrEmpty) {
						t.Errorf("stream %d: %v, want ErrEmpty", id, err)
					}
				})
			}
			all.Wait()
		}
	})
}

// Start tells of the streams that were used before while packets go on to come: of
// each the reader is told by one goroutine at a time.
func TestStartBesidePackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			a, b, _, _ := connect(t, 0, nil)
			sent, err := a.OpenStream(1)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := sent.Send(51, []byte("hello")); err != nil {
					t.Fatal(err)
				}
			}
			var busy sync.Mutex
			var messages int
			go b.Start(func(s *Stream) {
				if !busy.TryLock() {
					t.Error("two goroutines are told of a stream")
					return
				}
				defer busy.Unlock()
				s.OnReadable(func() {
					for {
						p := make([]byte, 16)
						if _, _, err := s.Receive(p); err != nil {
							return
						}
						messages++
					}
				})
			}, func(error) {})
			if err := sent.Send(51, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if messages != 4 {
				t.Fatalf("%d of 4 messages have come", messages)
			}
		}
	})
}
