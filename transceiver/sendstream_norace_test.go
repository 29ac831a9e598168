//go:build !race

package transceiver

const raceDetector = false
