package dtlstransport

import "encoding/binary"

// Content types of records (RFC 5246 §6.2.1).
const (
	typeChangeCipherSpec = 20
	typeAlert            = 21
	typeHandshake        = 22
	typeApplicationData  = 23
)

const (
	// recordHeaderLen is the length of a record's header (RFC 6347 §4.1).
	recordHeaderLen = 13
	// handshakeHeaderLen is the length of a handshake message's header
	// (RFC 6347 §4.2.2).
	handshakeHeaderLen = 12
	// maxDatagram is the largest datagram that the engine can read.
	maxDatagram = 8192
	// minProtected is the least that a suite adds to the content of a record:
	// the tag of ChaCha20-Poly1305 (RFC 7905 §2), or the nonce and the tag of
	// AES-CCM-8 (RFC 6655 §4).
	minProtected = 16
	// maxHandshakeMessage bounds a handshake message, above all a chain of
	// certificates, which the protocol would allow to have 16 MiB.
	maxHandshakeMessage = 1 << 16
	// maxMessageSeq bounds the number of handshake messages per side. A full
	// handshake has 7.
	maxMessageSeq = 63
)

// drop is the reason for which a record was dropped.
type drop uint8

const (
	keep drop = iota
	dropMalformed
	dropOversized
	dropUnknownType
	dropPlaintext
	dropStale
	dropClosed
	dropReplayed
	dropForged
	dropRenegotiation
	dropReasons
)

// record is one record of a datagram: its header taken apart, and the whole of
// it in raw, which aliases the datagram.
type record struct {
	typ   uint8
	epoch uint16
	body  []byte
	raw   []byte
}

// nextRecord takes the first record off b. ok is false if there is none that
// is whole; the rest of the datagram cannot be read then.
func nextRecord(b []byte) (r record, rest []byte, ok bool) {
	if len(b) < recordHeaderLen {
		return record{}, nil, false
	}
	n := recordHeaderLen + int(binary.BigEndian.Uint16(b[11:]))
	if n > len(b) {
		return record{}, nil, false
	}
	return record{
		typ:   b[0],
		epoch: binary.BigEndian.Uint16(b[3:]),
		body:  b[recordHeaderLen:n:n],
		raw:   b[:n:n],
	}, b[n:], true
}

// check says whether the engine may see r. What it drops, the engine would
// answer with the end of the session although nobody has authenticated it;
// RFC 6347 §4.1.2.7: "invalid records SHOULD be silently discarded, thus
// preserving the association".
func (r record) check(established bool) drop {
	version := binary.BigEndian.Uint16(r.raw[1:])
	switch {
	case len(r.body) == 0:
		return dropMalformed
	case version != 0xfeff && version != 0xfefd:
		// DTLS 1.0, in whose version the first records are written, or 1.2
		// (RFC 6347 §4.2.1).
		return dropMalformed
	case r.typ < typeChangeCipherSpec || r.typ > typeApplicationData:
		return dropUnknownType
	case r.epoch > 1:
		// There is no renegotiation in WebRTC (RFC 8827 §6.5), so that no epoch follows the first.
		return dropStale
	case r.epoch == 1 && r.typ == typeChangeCipherSpec:
		// It would begin an epoch that never comes. The engine takes it without
		// decrypting it, so that anyone could send one.
		return dropStale
	case r.epoch == 1:
		if len(r.body) < minProtected {
			return dropMalformed
		}
		return keep
	case established:
		// Nothing of the first, unprotected epoch has a meaning any more. A
		// peer that missed our last flight repeats its own, whose Finished is
		// protected and gets the answer (RFC 6347 §4.2.4).
		return dropStale
	case r.typ == typeApplicationData:
		return dropPlaintext
	case r.typ == typeChangeCipherSpec:
		// RFC 5246 §7.1: "a single byte of value 1".
		if len(r.body) != 1 || r.body[0] != 1 {
			return dropMalformed
		}
	case r.typ == typeAlert:
		// RFC 5246 §7.2: a level, 1 or 2, and a description.
		if len(r.body) != 2 || r.body[0] < 1 || r.body[0] > 2 {
			return dropMalformed
		}
	case r.typ == typeHandshake:
		return checkHandshake(r.body)
	}
	return keep
}

// checkHandshake walks over the handshake messages of an unprotected record.
func checkHandshake(b []byte) drop {
	for len(b) > 0 {
		if len(b) < handshakeHeaderLen {
			return dropMalformed
		}
		length := uint24(b[1:])
		offset, n := uint24(b[6:]), uint24(b[9:])
		switch {
		case length > maxHandshakeMessage || binary.BigEndian.Uint16(b[4:]) > maxMessageSeq:
			return dropOversized
		case offset+n > length || handshakeHeaderLen+n > len(b):
			return dropMalformed
		}
		b = b[handshakeHeaderLen+n:]
	}
	return keep
}

// sequence returns the record's sequence number.
func (r record) sequence() uint64 { return binary.BigEndian.Uint64(r.raw[3:]) & maxSequence }

// appendPlaintext appends a record of epoch 0 to dst.
func appendPlaintext(dst []byte, typ uint8, sequence uint64, body []byte) []byte {
	dst = append(dst, typ, versionDTLS12>>8, versionDTLS12&0xff)
	dst = binary.BigEndian.AppendUint64(dst, sequence)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(body)))
	return append(dst, body...)
}

func uint24(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

// plaintextAlert returns the description of an alert that is not encrypted. A
// protected one is longer by at least its authentication tag.
func (r record) plaintextAlert() (description uint8, ok bool) {
	if r.typ != typeAlert || len(r.body) != 2 {
		return 0, false
	}
	return r.body[1], true
}
