package webrtc

import "encoding/binary"

// A vp8Payloader cuts VP8 frames into payloads (RFC 7741). They have picture IDs,
// which tell a receiver whether a frame was lost between two.
type vp8Payloader struct {
	pictureID uint16 // of the next frame
	// room is what the payloads of a frame are in. It is used again.
	room     []byte
	payloads [][]byte
}

const (
	// vp8DescriptorLen is that of the payload descriptor of RFC 7741 §4.2 with a
	// picture ID of 15 bits and nothing else.
	vp8DescriptorLen = 4

	vp8Extended      = 0x80 // X: there is a byte of extensions
	vp8Start         = 0x10 // S: a partition starts
	vp8HasPictureID  = 0x80 // I
	vp8LongPictureID = 0x8000
	vp8PictureIDMask = 0x7FFF
	// vp8RoomKept is how much memory is kept from one frame to the next, in bytes.
	vp8RoomKept = 256 << 10
)

// Payload implements rtp.Payloader. The payloads are of one size, but for the last,
// which may be smaller: the system sends those as one message. They are valid until
// the next call.
func (p *vp8Payloader) Payload(mtu uint16, frame []byte) [][]byte {
	p.payloads = p.payloads[:0]
	most := int(mtu) - vp8DescriptorLen
	if most <= 0 || len(frame) == 0 {
		return nil
	}
	n := (len(frame) + most - 1) / most
	size := (len(frame) + n - 1) / n
	if need := len(frame) + n*vp8DescriptorLen; cap(p.room) < need || cap(p.room) > vp8RoomKept {
		p.room = make([]byte, 0, need)
	}
	b := p.room[:0]
	// RFC 7741 §4.2: "The S bit MUST be set to 1 for the first packet of each
	// encoded frame."
	first := byte(vp8Extended | vp8Start)
	for len(frame) > 0 {
		k, start := min(size, len(frame)), len(b)
		b = append(b, first, vp8HasPictureID)
		b = binary.BigEndian.AppendUint16(b, vp8LongPictureID|p.pictureID)
		b = append(b, frame[:k]...)
		p.payloads = append(p.payloads, b[start:len(b):len(b)])
		frame, first = frame[k:], vp8Extended
	}
	// §4.2: the picture ID grows by one with each frame, and wraps.
	p.pictureID = (p.pictureID + 1) & vp8PictureIDMask
	return p.payloads
}
