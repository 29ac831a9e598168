package rtpheader

import (
	"encoding/binary"
	"errors"
)

// ErrFields is returned by [Append] for fields that no header can hold.
var ErrFields = errors.New("rtpheader: a field is out of range")

// Fields are what a header is made of.
type Fields struct {
	Marker bool
	// PayloadType is at most 127.
	PayloadType    uint8
	SequenceNumber uint16
	Timestamp      uint32
	SSRC           uint32
	// CSRCs are the contributing sources, at most [MaxCSRCs].
	CSRCs []uint32
	// Elements are the elements of the header extension: identifiers from 1, at
	// most 255 bytes each. They get one-byte headers if all of them fit
	// ([Element.Fits]), else two-byte headers (RFC 8285 §4.1.2 lets a stream
	// mix the two only if both sides said a=extmap-allow-mixed). No extension
	// is written for none.
	Elements []Element
	// Profile and Raw are an extension of another profile, written as it is; Raw
	// is a multiple of 4 bytes long. Zero values stand for none. They exclude
	// Elements.
	Profile uint16
	Raw     []byte
}

// Size returns how many bytes [Append] writes for f.
func (f *Fields) Size() int {
	n := FixedSize + 4*len(f.CSRCs)
	switch {
	case f.raw():
		n += 4 + len(f.Raw)
	case len(f.Elements) > 0:
		size, _ := f.elements()
		n += 4 + (size+3)&^3
	}
	return n
}

func (f *Fields) raw() bool { return f.Profile != 0 || len(f.Raw) > 0 }

// elements returns the length of all elements without padding, and their form.
func (f *Fields) elements() (size int, profile uint16) {
	profile = OneByte
	for i := range f.Elements {
		if !f.Elements[i].Fits() {
			profile = TwoByte
		}
		size += len(f.Elements[i].Data)
	}
	if profile == TwoByte {
		return size + 2*len(f.Elements), profile
	}
	return size + len(f.Elements), profile
}

// check reports whether a header can hold f.
func (f *Fields) check() bool {
	if f.PayloadType > 127 || len(f.CSRCs) > MaxCSRCs {
		return false
	}
	if f.raw() && (len(f.Elements) > 0 || len(f.Raw)%4 != 0 || len(f.Raw)/4 > 0xFFFF) {
		return false
	}
	for i := range f.Elements {
		if f.Elements[i].ID == 0 || len(f.Elements[i].Data) > 255 {
			return false
		}
	}
	size, _ := f.elements()
	return (size+3)/4 <= 0xFFFF
}

// Append appends the header that f describes to dst. It returns dst and
// [ErrFields] if there is none. The payload goes right behind it; see
// [AppendPadding] for what may follow that. f and what it refers to are not
// kept.
func Append(dst []byte, f *Fields) ([]byte, error) {
	if !f.check() {
		return dst, ErrFields
	}
	first, second := uint8(version<<6|len(f.CSRCs)), f.PayloadType
	if f.raw() || len(f.Elements) > 0 {
		first |= 0x10
	}
	if f.Marker {
		second |= 0x80
	}
	dst = append(dst, first, second)
	dst = binary.BigEndian.AppendUint16(dst, f.SequenceNumber)
	dst = binary.BigEndian.AppendUint32(dst, f.Timestamp)
	dst = binary.BigEndian.AppendUint32(dst, f.SSRC)
	for _, c := range f.CSRCs {
		dst = binary.BigEndian.AppendUint32(dst, c)
	}
	switch {
	case f.raw():
		dst = binary.BigEndian.AppendUint16(dst, f.Profile)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(f.Raw)/4))
		dst = append(dst, f.Raw...)
	case len(f.Elements) > 0:
		dst = f.appendElements(dst)
	}
	return dst, nil
}

func (f *Fields) appendElements(dst []byte) []byte {
	size, profile := f.elements()
	dst = binary.BigEndian.AppendUint16(dst, profile)
	dst = binary.BigEndian.AppendUint16(dst, uint16((size+3)/4))
	for i := range f.Elements {
		e := &f.Elements[i]
		if profile == OneByte {
			dst = append(dst, e.ID<<4|uint8(len(e.Data)-1))
		} else {
			dst = append(dst, e.ID, uint8(len(e.Data)))
		}
		dst = append(dst, e.Data...)
	}
	for ; size%4 != 0; size++ {
		dst = append(dst, 0)
	}
	return dst
}

// AppendPadding appends n bytes of padding to the packet, which starts at its
// first byte and has none yet, and sets its P bit (RFC 3550 §5.1). Nothing
// happens for n = 0. A packet without payload may be padded: it is all padding
// then.
func AppendPadding(packet []byte, n uint8) []byte {
	if n == 0 {
		return packet
	}
	packet[0] |= 0x20
	for range n - 1 {
		packet = append(packet, 0)
	}
	return append(packet, n)
}
