package dtlstransport

import (
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
)

// newTestSealer returns a sealer, and the types of the records that it has sent.
func newTestSealer(t *testing.T) (s *sealer, sent func() []uint8) {
	t.Helper()
	of, _ := suiteFor(DefaultCipherSuites()[0])
	protect, err := newProtection(of, make([]byte, of.keyLen), make([]byte, of.ivLen))
	if err != nil {
		t.Fatal(err)
	}
	var types []uint8
	s = &sealer{protect: protect, log: slog.New(slog.DiscardHandler), send: func(records [][]byte) {
		for _, r := range records {
			types = append(types, r[0])
		}
	}}
	return s, func() []uint8 { return types }
}

// RFC 5246 §7.2.1: close_notify "notifies the recipient that the sender will not
// send any more messages". What waits behind it is given up, with its buffer.
func TestNothingFollowsCloseNotify(t *testing.T) {
	s, sent := newTestSealer(t)
	if err := s.append([]byte("late")); err != nil {
		t.Fatal(err)
	}
	s.alert(alertWarning, alertCloseNotify)
	if err := s.append([]byte("later")); !errors.Is(err, errSealerClosed) {
		t.Errorf("append after close_notify: %v", err)
	}
	s.flush()
	s.alert(alertWarning, alertCloseNotify)
	if got := sent(); len(got) != 1 || got[0] != typeAlert {
		t.Errorf("records of the types %v were sent, want one alert", got)
	}
	if s.waiting != nil {
		t.Error("a buffer is held after close_notify")
	}
}

// TestReadersOfUnlikeSize has two readers, one of them with too short a buffer: it
// takes nothing away from the other.
func TestReadersOfUnlikeSize(t *testing.T) {
	const packets = 2000
	q := newPacketQueue(packets, 1<<20)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			if n, err := q.pop(nil); err == io.EOF {
				return
			} else if err != io.ErrShortBuffer || n != 4 {
				t.Errorf("short: %d, %v", n, err)
			}
		}
	})
	wg.Go(func() {
		buf := make([]byte, 4)
		for range packets {
			if n, err := q.pop(buf); n != 4 || err != nil {
				t.Errorf("long: %d, %v", n, err)
			}
		}
		q.close(io.EOF)
	})
	for range packets {
		q.push([]byte("data"))
	}
	wg.Wait()
}
