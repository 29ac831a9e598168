package webrtc

import "time"

// GatheringCompletePromise returns a channel that is closed once pc has gathered
// all its candidates, at once if it has: for programs that send the local
// description in one piece, candidates included. Call it before or after
// SetLocalDescription; for an ICE restart after it, since gathering is complete
// from the time before until then. Sending candidates as they come
// (OnICECandidate) connects sooner.
//
// The channel is closed by Close, too, so that nobody waits for ever.
func GatheringCompletePromise(pc *PeerConnection) (gatherComplete <-chan struct{}) {
	done := make(chan struct{})
	err := pc.loop.call(func(time.Time) {
		if pc.isClosed.Load() || pc.gatheringState == ICEGatheringStateComplete {
			close(done)
			return
		}
		pc.awaitGathering = append(pc.awaitGathering, done)
	})
	if err != nil { // closed
		close(done)
	}
	return done
}

// gatheringEnded releases those who wait for the end of gathering; the
// descriptions they read have every candidate.
func (pc *PeerConnection) gatheringEnded() {
	pc.publish()
	for _, done := range pc.awaitGathering {
		close(done)
	}
	pc.awaitGathering = nil
}
