//go:build race

package srtptransport

const raceDetector = true
