package sctptransport

import (
	"errors"
	"sync/atomic"
	"time"
)

var errOversized = errors.New("sctptransport: the peer sends a message that is larger than the receive buffer")

// stallTime is how long the window has to be shut for nothing before the
// association is given up.
const stallTime = 2 * time.Second

// stall finds out that the receive buffer is full of a message that is not
// complete and never will be, because it is larger than the buffer. The engine
// hands over complete messages only and would wait for ever. It shows in our
// acknowledgements: the window is shut, nothing is missing, and still every
// reader waits for a message.
type stall struct {
	mtu      uint32
	started  atomic.Int64  // streams that are read
	waiting  atomic.Int64  // of these, where the reader waits
	progress atomic.Uint64 // messages that were received

	// Touched by the goroutine that writes packets.
	since time.Time
	last  uint64
}

// sending looks at an outgoing acknowledgement and reports whether the
// association is stalled.
func (s *stall) sending(sack chunk) bool {
	window, gaps, ok := sack.window()
	started := s.started.Load()
	if !ok || gaps || window >= s.mtu || started == 0 || s.waiting.Load() < started {
		s.since = time.Time{}
		return false
	}
	now, progress := time.Now(), s.progress.Load()
	if s.since.IsZero() || progress != s.last {
		s.since, s.last = now, progress
		return false
	}
	return now.Sub(s.since) >= stallTime
}
