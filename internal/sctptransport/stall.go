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

// stall finds out that the receive buffer is full of messages that are not
// complete and never will be, because together they are larger than the buffer.
// The engine hands over complete messages only and would wait for ever. It shows
// in our acknowledgements: the window is shut, nothing is missing, and still all
// messages that are complete have been received.
type stall struct {
	mtu      uint32
	unread   atomic.Int64  // streams of which not all has been received
	progress atomic.Uint64 // messages that were received

	// Touched by the goroutine that writes packets.
	since time.Time
	last  uint64
}

// sending looks at an outgoing acknowledgement and reports whether the
// association is stalled.
func (s *stall) sending(sack chunk) bool {
	window, gaps, ok := sack.window()
	if !ok || gaps || window >= s.mtu || s.unread.Load() > 0 {
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
