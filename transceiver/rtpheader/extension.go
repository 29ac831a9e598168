package rtpheader

import "iter"

// Values of the "defined by profile" field (RFC 8285 §4.2, §4.3).
const (
	// OneByte marks elements with one-byte headers: identifiers 1 to 14, 1 to
	// 16 bytes of data.
	OneByte uint16 = 0xBEDE
	// TwoByte marks elements with two-byte headers: identifiers 1 to 255, 0 to
	// 255 bytes of data. Its lowest four bits are free ("appbits").
	TwoByte uint16 = 0x1000

	twoByteMask uint16 = 0xFFF0
)

// Element is one element of a header extension.
type Element struct {
	// ID is the identifier that a=extmap gave it.
	ID uint8
	// Data aliases the packet when it was read from one.
	Data []byte
}

// Fits reports whether an element can have a one-byte header.
func (e Element) Fits() bool {
	return e.ID >= 1 && e.ID <= 14 && len(e.Data) >= 1 && len(e.Data) <= 16
}

// RawExtension returns the data of the extension of b, the packet that Parse
// was given, whatever its profile. It aliases b, and is nil without extension.
func (h *Header) RawExtension(b []byte) []byte {
	if !h.HasExtension || h.size > len(b) {
		return nil
	}
	return b[h.extension:h.size:h.size]
}

// Extension returns the data of the first element with the identifier id in b,
// the packet that Parse was given, or nil. The data aliases b, so that writing
// to it changes the packet; that of an empty element is empty, not nil.
func (h *Header) Extension(b []byte, id uint8) []byte {
	rest := h.RawExtension(b)
	for len(rest) > 0 {
		var e Element
		e, rest = next(rest, h.Profile)
		if e.ID == id && e.ID != 0 {
			return e.Data
		}
	}
	return nil
}

// Extensions are the elements of b, the packet that Parse was given, in their
// order: identifier and data, which aliases b. An extension whose profile is
// neither [OneByte] nor [TwoByte] has none.
func (h *Header) Extensions(b []byte) iter.Seq2[uint8, []byte] {
	return func(yield func(uint8, []byte) bool) {
		rest := h.RawExtension(b)
		for len(rest) > 0 {
			var e Element
			e, rest = next(rest, h.Profile)
			if e.ID != 0 && !yield(e.ID, e.Data) {
				return
			}
		}
	}
}

// next splits the first element off b. An identifier of 0 stands for none: one
// byte of padding, or the end where the rest is empty too.
func next(b []byte, profile uint16) (e Element, rest []byte) {
	if b[0] == 0 {
		return Element{}, b[1:]
	}
	var id uint8
	var start, n int
	switch {
	case profile == OneByte:
		id, start, n = b[0]>>4, 1, int(b[0]&0x0f)+1
		// RFC 8285 §4.2: "If the ID value 15 is used, its length field MUST be
		// ignored, processing of the entire extension MUST terminate at that
		// point". The same holds for 0 with a length.
		if id == 15 || id == 0 {
			return Element{}, nil
		}
	case profile&twoByteMask == TwoByte && len(b) >= 2:
		id, start, n = b[0], 2, int(b[1])
	default:
		return Element{}, nil
	}
	// An element that reaches past the extension ends it; those before it stand.
	if start+n > len(b) {
		return Element{}, nil
	}
	return Element{ID: id, Data: b[start : start+n : start+n]}, b[start+n:]
}
