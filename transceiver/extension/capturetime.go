package extension

import (
	"encoding/binary"
	"time"
)

// CaptureTime is the data of [AbsCaptureTime].
type CaptureTime struct {
	// Captured is when the first picture or sample of the packet was captured,
	// as NTP writes it: seconds since 1900 and their fraction, 32 bits each, on
	// the clock of the system that captured it.
	Captured uint64
	// Offset is what the capturing system's clock is ahead of the sender's, in
	// 1/2^32 seconds, if HasOffset.
	Offset    int64
	HasOffset bool
}

const (
	captureTimeSize       = 8
	captureTimeOffsetSize = 16
)

// ClockOffset returns d as an Offset, and back: [OffsetDuration].
func ClockOffset(d time.Duration) int64 {
	seconds, rest := int64(d/time.Second), int64(d%time.Second)
	return seconds<<32 + rest<<32/int64(time.Second)
}

// OffsetDuration returns an Offset as a duration.
func OffsetDuration(offset int64) time.Duration {
	seconds, fraction := offset>>32, offset&(1<<32-1)
	return time.Duration(seconds)*time.Second + time.Duration((fraction*int64(time.Second)+1<<31)>>32)
}

// Append appends the data of [AbsCaptureTime]: 8 bytes, or 16 with an offset.
func (c CaptureTime) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, c.Captured)
	if c.HasOffset {
		dst = binary.BigEndian.AppendUint64(dst, uint64(c.Offset))
	}
	return dst
}

// ParseCaptureTime reads the data of [AbsCaptureTime].
func ParseCaptureTime(data []byte) (CaptureTime, error) {
	switch len(data) {
	case captureTimeSize:
		return CaptureTime{Captured: binary.BigEndian.Uint64(data)}, nil
	case captureTimeOffsetSize:
		return CaptureTime{
			Captured:  binary.BigEndian.Uint64(data),
			Offset:    int64(binary.BigEndian.Uint64(data[captureTimeSize:])),
			HasOffset: true,
		}, nil
	}
	return CaptureTime{}, ErrMalformed
}
