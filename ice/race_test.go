//go:build race

package ice

// raceDetector says whether the race detector is on, which allocates.
const raceDetector = true
