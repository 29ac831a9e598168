//go:build race

package webrtc

// raceDetector says whether the race detector is on, which allocates.
const raceDetector = true
