package datachannel

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// The payload protocol identifiers of RFC 8831 §8.
const (
	ppidDCEP          sctptransport.PPID = 50
	ppidString        sctptransport.PPID = 51
	ppidBinaryPartial sctptransport.PPID = 52 // deprecated
	ppidBinary        sctptransport.PPID = 53
	ppidStringPartial sctptransport.PPID = 54 // deprecated
	ppidStringEmpty   sctptransport.PPID = 56
	ppidBinaryEmpty   sctptransport.PPID = 57
)

// The message types of RFC 8832 §8.2.1.
const (
	dcepAck  = 0x02
	dcepOpen = 0x03
)

// The channel types of RFC 8832 §5.1.
const (
	typeReliable  = 0x00
	typeRexmit    = 0x01
	typeTimed     = 0x02
	typeUnordered = 0x80 // added to one of the others
)

const (
	openHeader = 12
	maxOpen    = openHeader + 2*maxText
)

var errDCEP = errors.New("malformed DATA_CHANNEL_OPEN")

// marshalOpen returns the DATA_CHANNEL_OPEN message for p (RFC 8832 §5.1).
func marshalOpen(p Params) []byte {
	b := make([]byte, openHeader, openHeader+len(p.Label)+len(p.Protocol))
	b[0] = dcepOpen
	switch {
	case p.MaxRetransmits != nil:
		b[1] = typeRexmit
		binary.BigEndian.PutUint32(b[4:], uint32(*p.MaxRetransmits))
	case p.MaxPacketLifeTime != nil:
		b[1] = typeTimed
		binary.BigEndian.PutUint32(b[4:], uint32(*p.MaxPacketLifeTime))
	}
	if !p.Ordered {
		b[1] |= typeUnordered
	}
	binary.BigEndian.PutUint16(b[2:], uint16(p.Priority))
	binary.BigEndian.PutUint16(b[8:], uint16(len(p.Label)))
	binary.BigEndian.PutUint16(b[10:], uint16(len(p.Protocol)))
	b = append(b, p.Label...)
	return append(b, p.Protocol...)
}

// parseOpen reads a DATA_CHANNEL_OPEN message. Text that is not UTF-8 is mended
// as a UTF-8 decoder does it, a reliability parameter beyond the range of the
// web's properties is set to the largest (webrtc-pc §6.1).
func parseOpen(b []byte) (Params, error) {
	if len(b) < openHeader || b[0] != dcepOpen {
		return Params{}, fmt.Errorf("%w: %d bytes", errDCEP, len(b))
	}
	label, protocol := int(binary.BigEndian.Uint16(b[8:])), int(binary.BigEndian.Uint16(b[10:]))
	if len(b) != openHeader+label+protocol {
		return Params{}, fmt.Errorf("%w: %d bytes, but the lengths in it say %d", errDCEP, len(b), openHeader+label+protocol)
	}
	p := Params{
		Ordered:  b[1]&typeUnordered == 0,
		Priority: Priority(binary.BigEndian.Uint16(b[2:])),
		Label:    string(decodeText(b[openHeader : openHeader+label])),
		Protocol: string(decodeText(b[openHeader+label:])),
	}
	limit := uint16(min(binary.BigEndian.Uint32(b[4:]), 65535))
	switch b[1] &^ typeUnordered {
	case typeReliable:
		// "MUST be set to 0 and MUST be ignored" (RFC 8832 §5.1).
	case typeRexmit:
		p.MaxRetransmits = &limit
	case typeTimed:
		p.MaxPacketLifeTime = &limit
	default:
		return Params{}, fmt.Errorf("%w: unknown channel type %#x", errDCEP, b[1])
	}
	return p, nil
}
