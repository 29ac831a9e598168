package red

import "encoding/binary"

// Blocks are the blocks of a payload.
type Blocks struct {
	headers, data []byte
	behind        int
}

// Split checks the payload of a packet and returns its blocks. Nothing is
// copied.
func Split(payload []byte) (Blocks, error) {
	at, size, n := 0, 0, 0
	for {
		if at >= len(payload) {
			return Blocks{}, ErrMalformed
		}
		if payload[at]&follows == 0 {
			at += primaryHeaderSize
			break
		}
		if at+redundantHeaderSize > len(payload) {
			return Blocks{}, ErrMalformed
		}
		size += int(binary.BigEndian.Uint16(payload[at+2:]) & MaxBlockSize)
		at += redundantHeaderSize
		n++
	}
	if at+size > len(payload) {
		return Blocks{}, ErrMalformed
	}
	return Blocks{headers: payload[:at:at], data: payload[at:len(payload):len(payload)], behind: n}, nil
}

// Len returns how many blocks are left.
func (b *Blocks) Len() int {
	if len(b.headers) == 0 {
		return 0
	}
	return b.behind + 1
}

// Next returns the next block, in the order of the payload: the oldest first,
// the primary last. It returns false behind that. Blocks may be empty.
func (b *Blocks) Next() (Block, bool) {
	if len(b.headers) == 0 {
		return Block{}, false
	}
	block := Block{PayloadType: b.headers[0] & 0x7f, Distance: b.behind}
	if b.headers[0]&follows == 0 {
		block.Payload, b.headers = b.data, nil
		return block, true
	}
	field := binary.BigEndian.Uint32(b.headers)
	size := int(field & MaxBlockSize)
	block.TimestampOffset = uint16(field >> 10 & MaxTimestampOffset)
	block.Payload = b.data[:size:size]
	b.headers, b.data = b.headers[redundantHeaderSize:], b.data[size:]
	b.behind--
	return block, true
}

// Primary returns the payload type of the last block; 0 for no blocks.
func (b *Blocks) Primary() uint8 {
	if len(b.headers) == 0 {
		return 0
	}
	return b.headers[len(b.headers)-1] & 0x7f
}
