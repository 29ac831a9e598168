//go:build !race

package udp

// raceDetector says whether sync.Pool drops at random.
const raceDetector = false
