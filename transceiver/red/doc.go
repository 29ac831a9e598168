// Package red splits and joins the payloads of redundant audio (RFC 2198): each
// packet carries its own block, the primary one, and repeats some of earlier
// packets.
package red

import "errors"

var (
	// ErrMalformed is returned for a payload that is not of blocks.
	ErrMalformed = errors.New("red: malformed RFC 2198 payload")
	// ErrRange is returned for blocks that no payload can hold.
	ErrRange = errors.New("red: a block does not fit an RFC 2198 payload")
)

// What a redundant block can say (RFC 2198 §3): a timestamp offset of 14 bits
// and a length of 10.
const (
	MaxTimestampOffset = 1<<14 - 1
	MaxBlockSize       = 1<<10 - 1

	redundantHeaderSize = 4
	primaryHeaderSize   = 1
	follows             = 0x80 // F: another block header follows
)

// Block is one block of a payload.
type Block struct {
	// PayloadType is the format of the block's own payload, 0 to 127.
	PayloadType uint8
	// TimestampOffset is how far the block's timestamp lies before that of the
	// packet, in its units; 0 for the primary block.
	TimestampOffset uint16
	// Distance is how many blocks stand behind it; 0 is the primary block's.
	// Where every packet repeats those right before it, which Opus senders do,
	// it is the difference of the sequence numbers, too. It is not looked at in
	// writing.
	Distance int
	// Payload aliases the packet when it was read from one.
	Payload []byte
}
