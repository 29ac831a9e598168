package mux

import (
	"bytes"
	"encoding/binary"
)

const (
	stunHeader      = 20         // RFC 8489 §5
	magicCookie     = 0x2112a442 // RFC 8489 §5
	attributeHeader = 4          // RFC 8489 §14
	attrUsername    = 0x0006     // RFC 8489 §18.3
	lastSTUNByte    = 3          // RFC 7983 §7

	// maxUsername is the longest USERNAME of a check: two fragments of 256
	// characters and a colon (RFC 8445 §5.3).
	maxUsername = 513
)

type messageClass byte

const (
	classRequest messageClass = iota
	classIndication
	classSuccess
	classError
)

type transactionID [12]byte

// looksLikeSTUN says whether RFC 7983 §7 has b for a STUN message.
func looksLikeSTUN(b []byte) bool { return len(b) > 0 && b[0] <= lastSTUNByte }

// parseHeader reads the header of a STUN message; false if b is none.
func parseHeader(b []byte) (class messageClass, id transactionID, ok bool) {
	if len(b) < stunHeader || b[0] > lastSTUNByte || binary.BigEndian.Uint32(b[4:]) != magicCookie ||
		int(binary.BigEndian.Uint16(b[2:])) != len(b)-stunHeader || len(b)%4 != 0 {
		return 0, id, false
	}
	copy(id[:], b[8:])
	// The two bits of the class stand among those of the method (RFC 8489 §5).
	return messageClass(b[0]&1<<1 | b[1]>>4&1), id, true
}

// localUfrag returns the username fragment that a request is for: in USERNAME, the
// part before the colon is that of the agent which the check goes to (RFC 8445
// §7.2.2). It is a part of b, empty if there is none.
func localUfrag(b []byte) []byte {
	for at := stunHeader; at+attributeHeader <= len(b); {
		n := int(binary.BigEndian.Uint16(b[at+2:]))
		value := at + attributeHeader
		if value+n > len(b) {
			return nil
		}
		if binary.BigEndian.Uint16(b[at:]) == attrUsername {
			if n > maxUsername {
				return nil
			}
			ufrag, _, found := bytes.Cut(b[value:value+n], []byte{':'})
			if !found {
				return nil
			}
			return ufrag
		}
		at = value + (n+3)&^3
	}
	return nil
}
