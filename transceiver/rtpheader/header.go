package rtpheader

import (
	"encoding/binary"
	"errors"
)

// Errors of [Header.Parse]. Each means that the packet is to be dropped.
var (
	// ErrShort is returned for a packet that ends inside its header.
	ErrShort = errors.New("rtpheader: the packet ends inside its header")
	// ErrVersion is returned for a version other than 2.
	ErrVersion = errors.New("rtpheader: the RTP version is not 2")
	// ErrPadding is returned for a padding count that is zero or reaches into
	// the header.
	ErrPadding = errors.New("rtpheader: the padding count does not fit the packet")
)

const (
	// FixedSize is the length of a header with neither contributing sources nor
	// extension.
	FixedSize = 12
	// MaxCSRCs is how many contributing sources a header can name.
	MaxCSRCs = 15

	version = 2
)

// Header is the header of a packet, as Parse found it. The zero value is that
// of no packet. It is a plain value that keeps no reference to the packet.
type Header struct {
	// Marker is the M bit, whose meaning the payload format defines.
	Marker bool
	// PaddingSize is how many bytes at the packet's end are padding, the count
	// itself included; 0 if the P bit is not set.
	PaddingSize uint8
	// PayloadType is 0 to 127.
	PayloadType uint8
	// CSRCCount is how many contributing sources the header names.
	CSRCCount uint8
	// HasExtension is the X bit.
	HasExtension   bool
	SequenceNumber uint16
	// Profile is the "defined by profile" value of the extension; [OneByte],
	// one of [TwoByte], or any other.
	Profile   uint16
	Timestamp uint32
	SSRC      uint32

	extension int // where the extension's data starts, size if there is none
	size      int // length of the header
}

// Parse reads the header of the packet b, which must have been decrypted: the
// padding count stands at its end. After an error h is unchanged.
func (h *Header) Parse(b []byte) error {
	if len(b) < FixedSize {
		return ErrShort
	}
	if b[0]>>6 != version {
		return ErrVersion
	}
	p := Header{
		Marker:         b[1]&0x80 != 0,
		PayloadType:    b[1] & 0x7f,
		CSRCCount:      b[0] & 0x0f,
		HasExtension:   b[0]&0x10 != 0,
		SequenceNumber: binary.BigEndian.Uint16(b[2:]),
		Timestamp:      binary.BigEndian.Uint32(b[4:]),
		SSRC:           binary.BigEndian.Uint32(b[8:]),
	}
	p.size = FixedSize + 4*int(p.CSRCCount)
	p.extension = p.size
	if p.HasExtension {
		if len(b) < p.size+4 {
			return ErrShort
		}
		p.Profile = binary.BigEndian.Uint16(b[p.size:])
		p.extension = p.size + 4
		p.size = p.extension + 4*int(binary.BigEndian.Uint16(b[p.size+2:]))
	}
	if len(b) < p.size {
		return ErrShort
	}
	if b[0]&0x20 != 0 {
		// RFC 3550 §5.1: "The last octet of the padding contains a count of how
		// many padding octets should be ignored, including itself." All of the
		// payload may be padding: such packets probe for bandwidth.
		p.PaddingSize = b[len(b)-1]
		if p.PaddingSize == 0 || int(p.PaddingSize) > len(b)-p.size {
			return ErrPadding
		}
	}
	*h = p
	return nil
}

// Size returns the length of the header in bytes, extension included.
func (h *Header) Size() int { return h.size }

// Payload returns the payload of b, the packet that Parse was given, without
// padding. It aliases b; its capacity ends where it does.
func (h *Header) Payload(b []byte) []byte {
	end := len(b) - int(h.PaddingSize)
	if h.size > end {
		return nil
	}
	return b[h.size:end:end]
}

// CSRC returns contributing source i of b, the packet that Parse was given; i
// is below CSRCCount.
func (h *Header) CSRC(b []byte, i int) uint32 {
	return binary.BigEndian.Uint32(b[FixedSize+4*i:])
}
