package rtpheader

import "encoding/binary"

// The functions below change a packet in place. It must have been parsed or
// written here: they check no lengths but those of the fixed header.

// SetMarker sets the M bit of the packet b.
func SetMarker(b []byte, marker bool) {
	b[1] &= 0x7f
	if marker {
		b[1] |= 0x80
	}
}

// SetPayloadType sets the payload type of the packet b, whose M bit stays.
func SetPayloadType(b []byte, payloadType uint8) { b[1] = b[1]&0x80 | payloadType&0x7f }

// SetSequenceNumber sets the sequence number of the packet b.
func SetSequenceNumber(b []byte, n uint16) { binary.BigEndian.PutUint16(b[2:], n) }

// SetTimestamp sets the RTP timestamp of the packet b.
func SetTimestamp(b []byte, timestamp uint32) { binary.BigEndian.PutUint32(b[4:], timestamp) }

// SetSSRC sets the synchronization source of the packet b.
func SetSSRC(b []byte, ssrc uint32) { binary.BigEndian.PutUint32(b[8:], ssrc) }

// Replace gives the first element with the identifier id in b, the packet that
// Parse was given, new data of the same length. It reports whether there is
// such an element; if not, or if the lengths differ, b is unchanged.
func (h *Header) Replace(b []byte, id uint8, data []byte) bool {
	old := h.Extension(b, id)
	if old == nil || len(old) != len(data) {
		return false
	}
	copy(old, data)
	return true
}
