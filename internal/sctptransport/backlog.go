package sctptransport

import (
	"sync/atomic"
	"time"
)

const (
	// engineBacklog is the number of new streams that the engine keeps for
	// AcceptStream. What arrives on further ones it drops, to be sent again a
	// second later.
	engineBacklog = 16
	// opensPerRead is the number of new streams that the engine is shown at once.
	opensPerRead = engineBacklog / 2
	// acceptTime is how long packets wait for AcceptStream to be called. It is
	// called in a loop; a packet that opens the same streams once more is the
	// usual reason for which it does not return.
	acceptTime = time.Millisecond
)

// backlog keeps the engine's backlog of new streams from running over: packets
// that open many streams are handed over in parts, each when the streams of the
// part before have been accepted.
type backlog struct {
	fed   int64         // new streams that the engine was shown; touched by the reader of packets
	taken atomic.Int64  // new streams that AcceptStream has returned
	wake  chan struct{} // has one element when taken has grown
}

// admit waits until n further streams fit.
func (b *backlog) admit(n int) {
	if n == 0 {
		return
	}
	var timeout *time.Timer
	for b.fed+int64(n)-b.taken.Load() > engineBacklog {
		if timeout == nil {
			timeout = time.NewTimer(acceptTime)
			defer timeout.Stop()
		}
		select {
		case <-b.wake:
		case <-timeout.C:
			b.fed = b.taken.Load() // these were no new streams, then
		}
	}
	b.fed += int64(n)
}

// took notes that AcceptStream returns a stream.
func (b *backlog) took() {
	b.taken.Add(1)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// split returns the packet p in parts that open at most opensPerRead streams
// each, and how many the first of them opens. p is the first part itself if it
// is the only one.
func split(p []byte) (parts [][]byte, opens int) {
	for c := range chunks(p) {
		if c.opens() {
			opens++
		}
	}
	if opens <= opensPerRead {
		return [][]byte{p}, opens
	}
	var part []byte
	n := 0
	flush := func() {
		if part != nil {
			seal(part)
			parts = append(parts, part)
		}
		part, n = append([]byte(nil), p[:packetHeader]...), 0
	}
	flush()
	for c := range chunks(p) {
		if c.opens() {
			if n == opensPerRead {
				flush()
			}
			n++
		}
		part = append(part, c...)
		for len(part)%4 != 0 {
			part = append(part, 0)
		}
	}
	flush()
	return parts, opensPerRead
}

// opens reports whether the chunk carries a DATA_CHANNEL_OPEN message (RFC 8832
// §5.1) or the start of one.
func (c chunk) opens() bool {
	const begin = 0x02 // RFC 9260 §3.3.1
	at := 16
	switch c.kind() {
	case chunkData:
	case chunkIData:
		at = 20
	default:
		return false
	}
	return len(c) > at && c[1]&begin != 0 && c[at-1] == 50 && c[at] == 3
}
