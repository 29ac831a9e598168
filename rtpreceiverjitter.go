package webrtc

import (
	"fmt"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// maxJitterBufferTarget is the largest target of webrtc-extensions §6; a negative or larger
// one is a RangeError.
const maxJitterBufferTarget = 4 * time.Second

// SetJitterBufferTarget says for how long the program wants media held to make up for
// the network's jitter, from 0 to 4 seconds, or nil for whatever fits
// (webrtc-extensions §6). It is kept for what plays the track: packets are handed
// over here as they come, and a jitter buffer is the program's, such as media's
// samplebuilder. A RangeError leaves the last value.
func (r *RTPReceiver) SetJitterBufferTarget(target *time.Duration) error {
	if target != nil && (*target < 0 || *target > maxJitterBufferTarget) {
		return &rtcerr.RangeError{Err: fmt.Errorf("jitter buffer target %v; 0 to %v is possible", *target, maxJitterBufferTarget)}
	}
	r.jitterTarget.Store(copied(target))
	return nil
}

// JitterBufferTarget returns what SetJitterBufferTarget set last, nil at first
// (webrtc-extensions §6). The result is the caller's.
func (r *RTPReceiver) JitterBufferTarget() *time.Duration { return copied(r.jitterTarget.Load()) }
