package main

import "encoding/binary"

// A vp8 is what a forwarder has to know of a VP8 packet: RFC 7741 §4.2 puts a
// descriptor before the coded data, whose offsets in the payload are kept to be
// written over.
type vp8 struct {
	// keyFrame says that the packet is the first of a key frame, whose picture
	// has the given size.
	keyFrame      bool
	width, height int

	// pictureAt is where the picture ID lies, which has 7 or 15 bits and counts
	// frames; 0 if there is none.
	pictureAt   int
	pictureBits int
	picture     uint16

	// tl0At is where TL0PICIDX lies, which counts frames of the base temporal
	// layer; 0 if there is none.
	tl0At int
	tl0   uint8
}

// The bits of the descriptor's octets (RFC 7741 §4.2).
const (
	vp8Extended = 0x80 // X, in the first octet
	vp8Start    = 0x10 // S: the first packet of a partition
	vp8PID      = 0x07 // the partition's number
	vp8Picture  = 0x80 // I, in the extension
	vp8TL0      = 0x40 // L
	vp8TID      = 0x20 // T
	vp8KeyIdx   = 0x10 // K
	vp8Long     = 0x80 // M, in the picture ID: it has 15 bits
)

// parseVP8 reads the descriptor of a payload. It reports false for a payload
// that is none.
func parseVP8(b []byte) (v vp8, ok bool) {
	if len(b) == 0 {
		return v, false
	}
	first, at := b[0], 1
	if first&vp8Extended != 0 {
		if len(b) < 2 {
			return v, false
		}
		if at, ok = v.parseExtension(b); !ok {
			return v, false
		}
	}
	if len(b) <= at {
		return v, false // no coded data
	}
	// A key frame begins with a header of ten octets (RFC 6386 §9.1): a bit that
	// is 0 for key frames, and after the three octets of the frame tag a start
	// code and the size in 14 bits each.
	if data := b[at:]; first&vp8Start != 0 && first&vp8PID == 0 && data[0]&1 == 0 && len(data) >= 10 {
		v.keyFrame = true
		v.width = int(binary.LittleEndian.Uint16(data[6:]) & 0x3fff)
		v.height = int(binary.LittleEndian.Uint16(data[8:]) & 0x3fff)
	}
	return v, true
}

// parseExtension reads the optional octets and returns where the data begins.
func (v *vp8) parseExtension(b []byte) (at int, ok bool) {
	extension, at := b[1], 2
	if extension&vp8Picture != 0 {
		if len(b) <= at {
			return 0, false
		}
		v.pictureAt, v.pictureBits, v.picture = at, 7, uint16(b[at])
		if b[at]&vp8Long != 0 {
			if len(b) <= at+1 {
				return 0, false
			}
			v.pictureBits, v.picture = 15, binary.BigEndian.Uint16(b[at:])&0x7fff
			at++
		}
		at++
	}
	if extension&vp8TL0 != 0 {
		if len(b) <= at {
			return 0, false
		}
		v.tl0At, v.tl0 = at, b[at]
		at++
	}
	if extension&(vp8TID|vp8KeyIdx) != 0 {
		at++
	}
	return at, true
}

// setPicture writes another picture ID into the payload that the descriptor was
// read of. Its width stays as it is.
func (v *vp8) setPicture(b []byte, picture uint16) {
	switch v.pictureBits {
	case 7:
		b[v.pictureAt] = uint8(picture & 0x7f)
	case 15:
		binary.BigEndian.PutUint16(b[v.pictureAt:], picture|0x8000)
	}
}

// setTL0 writes another TL0PICIDX.
func (v *vp8) setTL0(b []byte, tl0 uint8) {
	if v.tl0At > 0 {
		b[v.tl0At] = tl0
	}
}
