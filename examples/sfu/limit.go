package main

import "time"

// keyFrameInterval is how long a request for a key frame is given before it is
// repeated. A key frame costs as much as several others, and however many
// viewers ask, one is enough.
const keyFrameInterval = 500 * time.Millisecond

// A limiter lets through what comes no sooner than an interval after the last.
type limiter struct {
	interval time.Duration
	last     time.Time
}

// allow tells whether it may happen now.
func (l *limiter) allow(now time.Time) bool {
	if !l.last.IsZero() && now.Sub(l.last) < l.interval {
		return false
	}
	l.last = now
	return true
}
