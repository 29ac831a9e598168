//go:build race

package transceiver

const raceDetector = true
