package rtpheader

import "encoding/binary"

// The functions below change a packet in place, which must have been parsed or
// written here. Elements of the extension are changed through the bytes that
// [Header.Extension] returns.

// SetPayloadType sets the payload type of the packet b, whose M bit stays.
func SetPayloadType(b []byte, payloadType uint8) { b[1] = b[1]&0x80 | payloadType&0x7f }

// SetSequenceNumber sets the sequence number of the packet b.
func SetSequenceNumber(b []byte, n uint16) { binary.BigEndian.PutUint16(b[2:], n) }

// SetSSRC sets the synchronization source of the packet b.
func SetSSRC(b []byte, ssrc uint32) { binary.BigEndian.PutUint32(b[8:], ssrc) }
