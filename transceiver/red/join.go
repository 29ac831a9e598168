package red

import "encoding/binary"

// Append appends the payload of the given blocks to dst; the last is the
// primary one. It returns dst and [ErrRange] if there are none, or if one has
// a value that its header cannot express.
func Append(dst []byte, blocks []Block) ([]byte, error) {
	if len(blocks) == 0 {
		return dst, ErrRange
	}
	redundant, primary := blocks[:len(blocks)-1], &blocks[len(blocks)-1]
	for i := range redundant {
		if b := &redundant[i]; b.PayloadType > 127 || b.TimestampOffset > MaxTimestampOffset || len(b.Payload) > MaxBlockSize {
			return dst, ErrRange
		}
	}
	if primary.PayloadType > 127 || primary.TimestampOffset != 0 {
		return dst, ErrRange
	}
	for i := range redundant {
		dst = appendHeader(dst, &redundant[i])
	}
	dst = append(dst, primary.PayloadType)
	for i := range blocks {
		dst = append(dst, blocks[i].Payload...)
	}
	return dst, nil
}

func appendHeader(dst []byte, b *Block) []byte {
	// RFC 2198 §3: F, block PT, timestamp offset, block length.
	return binary.BigEndian.AppendUint32(dst, uint32(follows|b.PayloadType)<<24|uint32(b.TimestampOffset)<<10|uint32(len(b.Payload)))
}
