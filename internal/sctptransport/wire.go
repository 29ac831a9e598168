package sctptransport

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"iter"
)

// The chunk types that are looked at (RFC 9260 §3.2, RFC 8260 §2, RFC 6525 §3.1,
// RFC 3758 §3.2).
const (
	chunkData     = 0
	chunkIData    = 64
	chunkInit     = 1
	chunkInitAck  = 2
	chunkSack     = 3
	chunkAbort    = 6
	chunkReconfig = 130

	chunkCookieEcho  = 10
	chunkCookieAck   = 11
	chunkForwardTSN  = 192
	chunkIForwardTSN = 194
)

// The parameter types of a RE-CONFIG chunk (RFC 6525 §4).
const (
	paramOutgoingReset = 13
	paramResponse      = 16
)

const (
	packetHeader = 12 // RFC 9260 §3.1
	chunkHeader  = 4  // RFC 9260 §3.2
)

// chunk is one chunk of a packet, with its header and without its padding.
type chunk []byte

// param is one parameter of a chunk, with its header and without its padding.
type param []byte

// chunks returns the chunks of the packet p, up to the first whose length
// cannot be.
func chunks(p []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		for at := packetHeader; at+chunkHeader <= len(p); {
			n := int(binary.BigEndian.Uint16(p[at+2:]))
			if n < chunkHeader || at+n > len(p) || !yield(chunk(p[at:at+n:at+n])) {
				return
			}
			at += (n + 3) &^ 3
		}
	}
}

func (c chunk) kind() byte { return c[0] }

// params returns the parameters of a RE-CONFIG chunk.
func (c chunk) params() iter.Seq[param] {
	return func(yield func(param) bool) {
		for at := chunkHeader; at+4 <= len(c); {
			n := int(binary.BigEndian.Uint16(c[at+2:]))
			if n < 4 || at+n > len(c) || !yield(param(c[at:at+n])) {
				return
			}
			at += (n + 3) &^ 3
		}
	}
}

// streams returns the smaller number of streams of an INIT or INIT ACK chunk
// (RFC 9260 §3.3.2).
func (c chunk) streams() uint16 {
	if len(c) < 16 {
		return 0
	}
	return min(binary.BigEndian.Uint16(c[12:]), binary.BigEndian.Uint16(c[14:]))
}

// credit returns the receive window of an INIT or INIT ACK chunk.
func (c chunk) credit() uint32 {
	if len(c) < 12 {
		return 0
	}
	return binary.BigEndian.Uint32(c[8:])
}

// window returns the receive window that a SACK chunk advertises and whether it
// reports a gap (RFC 9260 §3.3.4).
func (c chunk) window() (bytes uint32, gaps, ok bool) {
	if len(c) < 16 {
		return 0, false, false
	}
	return binary.BigEndian.Uint32(c[8:]), binary.BigEndian.Uint16(c[12:]) > 0, true
}

// abort returns what an ABORT chunk says (RFC 9260 §3.3.7).
func (c chunk) abort() error {
	e := &AbortError{}
	if len(c) >= chunkHeader+4 {
		e.Code = binary.BigEndian.Uint16(c[chunkHeader:])
		if n := int(binary.BigEndian.Uint16(c[chunkHeader+2:])); n >= 4 && chunkHeader+n <= len(c) {
			e.Reason = string(c[chunkHeader+4 : chunkHeader+n])
		}
	}
	return e
}

// AbortError says that the peer has aborted the association.
type AbortError struct {
	// Code is the first cause code (RFC 9260 §3.3.10), 12 for a program that
	// wanted it so; 0 if the peer gave none.
	Code uint16
	// Reason is what the peer added, bytes of its choice.
	Reason string
}

func (e *AbortError) Error() string {
	return fmt.Sprintf("sctptransport: the peer has aborted the association (cause %d, %q)", e.Code, e.Reason)
}

func (p param) kind() uint16 { return binary.BigEndian.Uint16(p) }

// reset returns what an Outgoing SSN Reset Request asks for (RFC 6525 §4.1).
func (p param) reset() (request uint32, ok bool) {
	if p.kind() != paramOutgoingReset || len(p) < 16 {
		return 0, false
	}
	return binary.BigEndian.Uint32(p[4:]), true
}

// streamIDs returns the streams that an Outgoing SSN Reset Request names.
func (p param) streamIDs() []uint16 {
	var ids []uint16
	for at := 16; at+2 <= len(p); at += 2 {
		ids = append(ids, binary.BigEndian.Uint16(p[at:]))
	}
	return ids
}

// resultInProgress is the result of a request that is still worked on.
const resultInProgress = 6

// response returns what a Re-configuration Response says (RFC 6525 §4.4).
func (p param) response() (request, result uint32, ok bool) {
	if p.kind() != paramResponse || len(p) < 12 {
		return 0, 0, false
	}
	return binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:]), true
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal writes the checksum of the packet p (RFC 9260 §6.8).
func seal(p []byte) {
	clear(p[8:12])
	binary.LittleEndian.PutUint32(p[8:], crc32.Checksum(p, castagnoli))
}

// without removes the chunks of a kind from the packet p, in place, and returns
// its length, 0 if no chunk is left.
func without(p []byte, kind byte) int {
	n := packetHeader
	for c := range chunks(p) {
		if c.kind() != kind {
			n += copy(p[n:], c)
			for ; n%4 != 0; n++ {
				p[n] = 0
			}
		}
	}
	if n == packetHeader {
		return 0
	}
	seal(p[:n])
	return n
}

// causeProtocolViolation is a cause code of an ABORT chunk (RFC 9260 §3.3.10.13).
const causeProtocolViolation = 13

// abortPacket returns a packet that aborts the association which the outgoing
// packet like belongs to.
func abortPacket(like []byte, reason string) []byte {
	p := append([]byte(nil), like[:packetHeader]...)
	p = append(p, chunkAbort, 0)
	p = binary.BigEndian.AppendUint16(p, uint16(chunkHeader+4+len(reason)))
	p = binary.BigEndian.AppendUint16(p, causeProtocolViolation)
	p = binary.BigEndian.AppendUint16(p, uint16(4+len(reason)))
	p = append(p, reason...)
	for len(p)%4 != 0 {
		p = append(p, 0)
	}
	seal(p)
	return p
}
