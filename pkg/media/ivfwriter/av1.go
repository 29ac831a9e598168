package ivfwriter

import (
	"encoding/binary"
	"errors"

	"github.com/pion/rtp/codecs/av1/obu"
)

// errMalformed is the error for packets that break the AV1 RTP payload format.
// Nobody sees it: such packets are counted.
var errMalformed = errors.New("ivfwriter: malformed AV1 packet")

// An av1 makes the low-overhead bitstream of the AV1 bitstream specification,
// §5.2, in which every OBU has its size, of the OBU elements in packets.
type av1 struct {
	out        []byte // the media of the last packet
	fragment   []byte // of an OBU that goes on in the next packet
	fragmented bool
}

// temporalDelimiter is an OBU without payload, with a size field. The AV1 RTP
// payload format, §5, wants senders to leave it out: "The temporal delimiter OBU,
// if present, MUST be removed when transmitting, and MUST be ignored by
// receivers." The AV1 bitstream specification, §7.5, has one at the start of each
// temporal unit.
var temporalDelimiter = []byte{byte(obu.OBUTemporalDelimiter)<<3 | 1<<1, 0}

func (*av1) fourCC() string { return "AV01" }

func (c *av1) reset() { c.fragment, c.fragmented = c.fragment[:0], false }

func (*av1) appendEnd(frame []byte, _ []int) []byte { return frame }

func (*av1) begin(media []byte) []byte {
	if len(media) > 0 && obu.Type(media[0]>>3&0xf) == obu.OBUTemporalDelimiter {
		return nil
	}
	return temporalDelimiter
}

func (c *av1) unpack(payload []byte) ([]byte, place, error) {
	if err := c.elements(payload); err != nil {
		c.reset()
		return nil, within, err
	}
	if beginsTemporalUnit(payload) {
		return c.out, beginsFrame, nil
	}
	return c.out, within, nil
}

// elements reads a payload: the aggregation header of the AV1 RTP payload format,
// §4.4, with the bits Z, Y, W (2) and N, then OBU elements with their lengths. If
// W is not zero, it is their number, and "the last OBU element MUST NOT be
// preceded by a length field".
func (c *av1) elements(payload []byte) error {
	c.out = c.out[:0]
	if len(payload) < 2 {
		return errMalformed
	}
	continued, continues, count := payload[0]&0x80 != 0, payload[0]&0x40 != 0, int(payload[0]>>4&3)
	if continued != c.fragmented {
		return errMalformed // it goes on with what is not there, or not with what is
	}
	for n, rest := 1, payload[1:]; len(rest) > 0; n++ {
		element := rest
		if n != count {
			size, length, err := obu.ReadLeb128(rest)
			if err != nil || uint64(size) > uint64(len(rest))-uint64(length) {
				return errMalformed
			}
			element, rest = rest[length:length+size], rest[length+size:]
		} else {
			rest = nil
		}
		if c.fragmented || continues && len(rest) == 0 {
			if len(c.fragment)+len(element) > maxFrameSize {
				return errMalformed
			}
			c.fragment, c.fragmented = append(c.fragment, element...), true
			if continues && len(rest) == 0 {
				return nil
			}
			element = c.fragment
			c.reset()
		}
		if err := c.appendOBU(element); err != nil {
			return err
		}
	}
	return nil
}

// appendOBU adds an OBU with its size to the output. Its header, §5.3.2, is: a
// forbidden bit, the type (4 bits), the extension flag, has_size_field, and a
// reserved bit.
func (c *av1) appendOBU(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	header := 1
	if b[0]&0x4 != 0 {
		header = 2
	}
	if len(b) < header {
		return errMalformed
	}
	content := b[header:]
	if b[0]&0x2 != 0 {
		size, length, err := obu.ReadLeb128(content)
		if err != nil || uint64(size) > uint64(len(content))-uint64(length) {
			return errMalformed
		}
		content = content[length : length+size]
	}
	if kind := obu.Type(b[0] >> 3 & 0xf); kind == obu.OBUTemporalDelimiter || kind == obu.OBUTileList {
		return nil // AV1 RTP payload format, §5: both "MUST be ignored by receivers"
	}
	c.out = append(c.out, b[0]|0x2)
	c.out = append(c.out, b[1:header]...)
	c.out = binary.AppendUvarint(c.out, uint64(len(content))) // LEB128 it is, too
	c.out = append(c.out, content...)
	return nil
}

// beginsTemporalUnit looks at the first OBU of a packet: the AV1 RTP payload
// format, §4.4, "Z: MUST be set to 1 if the first OBU element is an OBU fragment
// that is a continuation of an OBU fragment from the previous packet". Tile
// groups and the frames of upper spatial layers follow others of their unit.
func beginsTemporalUnit(payload []byte) bool {
	if len(payload) < 2 || payload[0]&0x80 != 0 {
		return false
	}
	element := payload[1:]
	if payload[0]>>4&3 != 1 { // W: with one element alone, it has no length
		_, n, err := obu.ReadLeb128(element)
		if err != nil || int(n) >= len(element) {
			return false
		}
		element = element[n:]
	}
	if len(element) >= 2 && element[0]&0x4 != 0 && element[1]>>3&3 != 0 { // spatial_id
		return false
	}
	switch obu.Type(element[0] >> 3 & 0xf) {
	case obu.OBUTileGroup, obu.OBURedundantFrameHeader, obu.OBUTileList:
		return false
	}
	return true
}

// keyFrame looks for a sequence header, with which a coded video sequence begins
// (AV1 bitstream specification, §7.5).
func (*av1) keyFrame(frame []byte) (width, height int, key bool) {
	for len(frame) > 0 {
		// obu_header, §5.3.2: forbidden bit, type (4 bits), extension flag, has
		// size field, reserved bit.
		kind, header := obu.Type(frame[0]>>3&0xf), 1
		if frame[0]&0x4 != 0 {
			header = 2
		}
		if frame[0]&0x2 == 0 || len(frame) < header {
			return 0, 0, false
		}
		size, n, err := obu.ReadLeb128(frame[header:])
		rest := frame[header:]
		if err != nil || uint64(n)+uint64(size) > uint64(len(rest)) {
			return 0, 0, false
		}
		if kind == obu.OBUSequenceHeader {
			return sequenceSize(rest[n : n+size])
		}
		frame = rest[n+size:]
	}
	return 0, 0, false
}
