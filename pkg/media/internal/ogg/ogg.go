// Package ogg is the page of the Ogg container, RFC 3533 §6.
package ogg

import "encoding/binary"

const (
	// HeaderSize is that of a page header without its segment table.
	HeaderSize = 27

	// MaxSegments is how many segments a page may have.
	MaxSegments = 255

	// MaxSegmentSize is the size of a segment after which its packet goes on.
	MaxSegmentSize = 255

	checksumAt = 22
)

// Signature is the capture pattern with which a page begins.
const Signature = "OggS"

// Flags of a page.
const (
	Continued = 1 << iota // its first packet began on a page before
	First                 // first page of its logical bitstream
	Last                  // last page of its logical bitstream
)

// NoGranule is the granule position of a page on which no packet ends: RFC 3533
// §6, "A special value of '-1' (in two's complement) indicates that no packets
// finish on this page."
const NoGranule = 1<<64 - 1

// A Header is that of a page.
type Header struct {
	Version  uint8
	Flags    uint8
	Granule  uint64
	Serial   uint32
	Index    uint32 // the number of the page in its logical bitstream
	Checksum uint32
	Segments int
}

// Parse reads a header of HeaderSize bytes, but not its signature.
func (h *Header) Parse(b []byte) {
	h.Version, h.Flags = b[4], b[5]
	h.Granule = binary.LittleEndian.Uint64(b[6:])
	h.Serial = binary.LittleEndian.Uint32(b[14:])
	h.Index = binary.LittleEndian.Uint32(b[18:])
	h.Checksum = binary.LittleEndian.Uint32(b[checksumAt:])
	h.Segments = int(b[26])
}

// Fits reports whether a packet, or what it still has, ends on the next page.
func Fits(content []byte) bool { return len(content) < MaxSegments*MaxSegmentSize }

// AppendPage appends a page that ends a packet, or that is filled by one: content
// is what the packet still has, and what is left of it is returned. A packet that
// ends with a full segment has an empty one after it.
func AppendPage(dst []byte, h Header, content []byte) (page, rest []byte) {
	size := len(content)
	if !Fits(content) {
		size, h.Granule = MaxSegments*MaxSegmentSize, NoGranule
	}
	segments := make([]byte, 0, MaxSegments) // on the stack
	for left := size; len(segments) < MaxSegments; left -= MaxSegmentSize {
		if left < MaxSegmentSize {
			segments = append(segments, byte(left))
			break
		}
		segments = append(segments, MaxSegmentSize)
	}
	dst = appendPage(dst, h, segments, content[:size])
	if Fits(content) {
		return dst, nil
	}
	return dst, content[size:]
}

// AppendEmptyPage appends a page without segments.
func AppendEmptyPage(dst []byte, h Header) []byte { return appendPage(dst, h, nil, nil) }

func appendPage(dst []byte, h Header, segments, content []byte) []byte {
	start := len(dst)
	dst = append(dst, Signature...)
	dst = append(dst, h.Version, h.Flags)
	dst = binary.LittleEndian.AppendUint64(dst, h.Granule)
	dst = binary.LittleEndian.AppendUint32(dst, h.Serial)
	dst = binary.LittleEndian.AppendUint32(dst, h.Index)
	dst = append(dst, 0, 0, 0, 0, byte(len(segments)))
	dst = append(dst, segments...)
	dst = append(dst, content...)
	binary.LittleEndian.PutUint32(dst[start+checksumAt:], Checksum(0, dst[start:]))
	return dst
}

// table is that of the checksum: RFC 3533 §6, "the generator polynomial is
// 0x04c11db7", first bit first, without inversions.
var table = func() (t [256]uint32) {
	for i := range t {
		crc := uint32(i) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
		t[i] = crc
	}
	return t
}()

// Checksum goes on with a checksum, which begins at zero. The checksum of a page
// is that of all its bytes, with zero in place of the checksum.
func Checksum(crc uint32, b []byte) uint32 {
	for _, c := range b {
		crc = crc<<8 ^ table[byte(crc>>24)^c]
	}
	return crc
}
