package sdp

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// maxInitChunk bounds the chunk of a=sctp-init, which comes to 40 bytes or so.
const maxInitChunk = 1024

// What an INIT chunk is made of (RFC 9260 §3.3.2).
const (
	initKind       = 1
	initFixed      = 20 // with the chunk's header
	initLeastSpace = 1500
	paramHeader    = 4 // RFC 9260 §3.2.1
)

// FormatSCTPInit returns the value of a=sctp-init for an INIT chunk
// (draft-hancke-tsvwg-snap-00 §4).
func FormatSCTPInit(chunk []byte) string { return base64.StdEncoding.EncodeToString(chunk) }

// InitChunk returns the INIT chunk of a=sctp-init, without flags and padding,
// and false if there is none that an association can be made of.
//
// draft-hancke-tsvwg-snap-00 has one that is not base64, or no valid chunk, result in
// an error (§5.3, §5.5). Here it counts as none, and the association begins by its
// handshake: what only saves time is no reason to refuse a description.
func (m *Media) InitChunk() ([]byte, bool) {
	text := strings.TrimRight(m.SCTPInit, "=")
	if text == "" || base64.RawStdEncoding.DecodedLen(len(text)) > maxInitChunk {
		return nil, false
	}
	c, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(c) < initFixed || c[0] != initKind {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(c[2:]))
	// RFC 9260 §3.2: no more than three bytes of padding follow, all zero.
	if n < initFixed || n > len(c) || len(c)-n > 3 || !zero(c[n:]) {
		return nil, false
	}
	c = c[:n:n]
	c[1] = 0 // flags, which are ignored
	tag, space := binary.BigEndian.Uint32(c[4:]), binary.BigEndian.Uint32(c[8:])
	out, in := binary.BigEndian.Uint16(c[12:]), binary.BigEndian.Uint16(c[14:])
	// RFC 9260 §3.3.2: neither the tag nor a number of streams may be 0. §6: no less
	// than 1500 bytes may be announced.
	if tag == 0 || out == 0 || in == 0 || space < initLeastSpace {
		return nil, false
	}
	return c, goodParameters(c[initFixed:])
}

// goodParameters says whether the parameters of an INIT chunk can be read and are
// of no kind that forbids to go on where it is unknown. Those of addresses, ECN and
// cookies, of the lower half of the types, mean nothing within DTLS.
func goodParameters(b []byte) bool {
	for len(b) > 0 {
		if len(b) < paramHeader {
			return zero(b) // padding that was counted
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n < paramHeader || n > len(b) {
			return false
		}
		// RFC 9260 §3.2.1: of an unknown type with the highest bit clear, "do not
		// process any further parameters within this chunk" applies.
		if typ := binary.BigEndian.Uint16(b); typ < 0x8000 && !knownParameter(typ) {
			return false
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return true
}

// knownParameter says whether RFC 9260 §3.3.2.1 has the parameter for an INIT
// chunk: addresses, the cookie's preservative, a host name and the address types.
func knownParameter(typ uint16) bool {
	switch typ {
	case 5, 6, 9, 11, 12:
		return true
	}
	return false
}

func zero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
