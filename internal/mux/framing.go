package mux

import (
	"encoding/binary"
	"errors"
)

// frameHeader is the length in front of each packet on a stream (RFC 4571 §2).
const frameHeader = 2

// errFrameSize: a frame is longer than any packet that is expected. What follows it
// is not waited for.
var errFrameSize = errors.New("a frame on the stream is longer than any packet may be")

// nextFrame returns the packet that b begins with and how many bytes it takes with
// its header; size is 0 if b does not hold all of it. A packet may be empty (RFC
// 4571 §2).
func nextFrame(b []byte, limit int) (packet []byte, size int, err error) {
	if len(b) < frameHeader {
		return nil, 0, nil
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > limit {
		return nil, 0, errFrameSize
	}
	if size = frameHeader + n; size > len(b) {
		return nil, 0, nil
	}
	return b[frameHeader:size:size], size, nil
}

// appendFrame appends a packet with its header. The packet is at most 65535 bytes
// long.
func appendFrame(b, packet []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(packet))), packet...)
}
