package rtpdump

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
)

// packetHeaderSize is what a packet has in the file before its bytes: its size in
// the file, its size on the network, and its time.
const packetHeaderSize = 8

// A Packet is an RTP or RTCP packet with the time at which it came.
type Packet struct {
	// Offset is the time since the start of the recording, to a millisecond and
	// less than 49 days.
	Offset time.Duration
	// IsRTCP tells RTCP packets from RTP packets.
	IsRTCP bool
	// Payload is the packet. Programs may have recorded its first bytes alone.
	Payload []byte
}

// Marshal returns the packet as it stands in a file. What can not be told there
// is a *media.FormatError: a time that is negative or too long, more than 65527
// bytes, and an RTP packet without any, which would be read as RTCP.
func (p Packet) Marshal() ([]byte, error) {
	size, milliseconds := packetHeaderSize+len(p.Payload), p.Offset/time.Millisecond
	switch {
	case p.Offset < 0 || milliseconds > math.MaxUint32:
		return nil, malformed("packet %v after the start", p.Offset)
	case size > math.MaxUint16:
		return nil, malformed("packet of %d bytes, %d at most are allowed", len(p.Payload), math.MaxUint16-packetHeaderSize)
	case len(p.Payload) == 0 && !p.IsRTCP:
		return nil, malformed("RTP packet without bytes")
	}
	b := make([]byte, size)
	binary.BigEndian.PutUint16(b, uint16(size))
	if !p.IsRTCP { // RTCP is what has no size on the network
		binary.BigEndian.PutUint16(b[2:], uint16(len(p.Payload)))
	}
	binary.BigEndian.PutUint32(b[4:], uint32(milliseconds))
	copy(b[packetHeaderSize:], p.Payload)
	return b, nil
}

// Unmarshal reads a packet as it stands in a file, of which it keeps nothing.
// Bytes after it are ignored. A *media.FormatError leaves p as it was.
func (p *Packet) Unmarshal(data []byte) error {
	if len(data) < packetHeaderSize {
		return malformed("packet header of %d bytes, want %d", len(data), packetHeaderSize)
	}
	size := int(binary.BigEndian.Uint16(data))
	if size < packetHeaderSize || size > len(data) {
		return malformed("packet of size %d, header included, in %d bytes", size, len(data))
	}
	*p = Packet{
		Offset:  time.Duration(binary.BigEndian.Uint32(data[4:])) * time.Millisecond,
		IsRTCP:  binary.BigEndian.Uint16(data[2:]) == 0,
		Payload: bytes.Clone(data[packetHeaderSize:size]),
	}
	return nil
}
