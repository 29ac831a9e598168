package feedback

import (
	"encoding/binary"
	"errors"
)

// Errors of the Parse methods. The struct keeps what it held before.
var (
	// ErrKind is returned for a packet of another kind.
	ErrKind = errors.New("feedback: the RTCP packet is of another kind")
	// ErrMalformed is returned for a packet whose content contradicts its
	// length or its specification.
	ErrMalformed = errors.New("feedback: malformed RTCP packet")
	// ErrRange is returned by Append methods for a value that the packet cannot
	// express.
	ErrRange = errors.New("feedback: a value does not fit the RTCP packet")
)

// RTCP packet types (RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611 §2).
const (
	TypeSenderReport      uint8 = 200
	TypeReceiverReport    uint8 = 201
	TypeDescription       uint8 = 202
	TypeGoodbye           uint8 = 203
	TypeApplication       uint8 = 204
	TypeTransportFeedback uint8 = 205
	TypePayloadFeedback   uint8 = 206
	TypeExtendedReport    uint8 = 207
)

// Formats of feedback packets: the field that counts in other packets (RFC 4585
// §6.2 and §6.3, RFC 5104 §4.3.1, RFC 8888 §3.1).
const (
	formatNack         uint8 = 1
	formatCongestion   uint8 = 11
	formatTransport    uint8 = 15
	formatPictureLoss  uint8 = 1
	formatFullIntra    uint8 = 4
	formatApplication  uint8 = 15
	headerSize               = 4
	feedbackHeaderSize       = 8 // the SSRCs of sender and media
	maxCount                 = 31
)

// Kind tells packets apart that have a struct here.
type Kind uint8

// The kinds of RTCP packets. KindOther stands for all that have no struct.
const (
	KindOther Kind = iota
	KindSenderReport
	KindReceiverReport
	KindDescription
	KindGoodbye
	KindExtendedReport
	KindNack
	KindTransport
	KindCongestion
	KindPictureLoss
	KindFullIntra
	KindMaxBitrate
)

// Packet is one RTCP packet of a compound. Its bytes alias the compound.
type Packet struct {
	// Type is the packet type, 192 to 223.
	Type uint8
	// Count is the five-bit field that counts reports or sources, or that holds
	// the format of feedback.
	Count uint8
	// Body follows the four bytes of the common header, without padding.
	Body []byte
	// Raw is the whole packet.
	Raw []byte
}

// Kind returns what p is, as far as its header tells. Payload-specific feedback
// of format 15 is for applications to define; only with the identifier REMB it
// is KindMaxBitrate.
func (p Packet) Kind() Kind {
	switch p.Type {
	case TypeSenderReport:
		return KindSenderReport
	case TypeReceiverReport:
		return KindReceiverReport
	case TypeDescription:
		return KindDescription
	case TypeGoodbye:
		return KindGoodbye
	case TypeExtendedReport:
		return KindExtendedReport
	case TypeTransportFeedback:
		switch p.Count {
		case formatNack:
			return KindNack
		case formatTransport:
			return KindTransport
		case formatCongestion:
			return KindCongestion
		}
	case TypePayloadFeedback:
		switch {
		case p.Count == formatPictureLoss:
			return KindPictureLoss
		case p.Count == formatFullIntra:
			return KindFullIntra
		case p.Count == formatApplication && isMaxBitrate(p.Body):
			return KindMaxBitrate
		}
	}
	return KindOther
}

// Is reports whether p is of the given kind.
func (p Packet) Is(k Kind) bool { return p.Kind() == k }

// Sender returns the SSRC of who sent p, 0 for a packet too short to have one.
// All types but [TypeDescription] and [TypeGoodbye] start with it; those two
// start with the first source they are about.
func (p Packet) Sender() uint32 {
	if len(p.Body) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(p.Body)
}

// Media returns the SSRC of the media source that feedback is about, 0 if p is
// no feedback or speaks of its sources elsewhere.
func (p Packet) Media() uint32 {
	if p.Type != TypeTransportFeedback && p.Type != TypePayloadFeedback || p.Is(KindCongestion) || len(p.Body) < feedbackHeaderSize {
		return 0
	}
	return binary.BigEndian.Uint32(p.Body[4:])
}

// Reader walks the packets of a compound. RFC 3550 §6.1 wants it to start with
// a report, RFC 5506 lets it be of any packets; the latter is taken.
type Reader struct {
	rest      []byte
	malformed int
}

// NewReader returns a Reader for the compound b, which must have been decrypted
// and is not changed.
func NewReader(b []byte) Reader { return Reader{rest: b} }

// Next returns the next packet; false at the end. A packet of another version,
// of a type that is not RTCP's, or with impossible padding is skipped: its
// length still tells where the next starts. A length that does not fit ends the
// compound.
func (r *Reader) Next() (Packet, bool) {
	for len(r.rest) > 0 {
		b := r.rest
		if len(b) < headerSize {
			break
		}
		size := headerSize * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if size > len(b) {
			break
		}
		r.rest = b[size:]
		raw := b[:size:size]
		if body, ok := unpad(raw); ok {
			return Packet{Type: b[1], Count: b[0] & maxCount, Body: body, Raw: raw}, true
		}
		r.malformed++
	}
	if len(r.rest) > 0 {
		r.malformed++
		r.rest = nil
	}
	return Packet{}, false
}

// Malformed returns how many packets were passed over so far.
func (r *Reader) Malformed() int { return r.malformed }

// unpad checks the header of a packet and returns its body without padding.
func unpad(raw []byte) ([]byte, bool) {
	// RFC 5761 §4: RTCP packet types are those from 192 to 223.
	if raw[0]>>6 != 2 || raw[1] < 192 || raw[1] > 223 {
		return nil, false
	}
	end := len(raw)
	if raw[0]&0x20 != 0 {
		// RFC 3550 §6.4.1: the last octet counts "how many padding octets should
		// be ignored, including itself (it will be a multiple of four)".
		// Transport-wide feedback is sent with other counts, so the multiple
		// is not asked for.
		padding := int(raw[end-1])
		if padding == 0 || padding > end-headerSize {
			return nil, false
		}
		end -= padding
	}
	return raw[headerSize:end:end], true
}

// open appends a common header without length; closed sets that later.
func open(dst []byte, count, packetType uint8) []byte {
	return append(dst, 2<<6|count, packetType, 0, 0)
}

// closed pads the packet that starts at dst[start] to whole words with zeros and
// sets its length.
func closed(dst []byte, start int) []byte {
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, 0)
	}
	binary.BigEndian.PutUint16(dst[start+2:], uint16((len(dst)-start)/4-1))
	return dst
}

func append16(dst []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(dst, v) }
func append32(dst []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(dst, v) }
func append64(dst []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(dst, v) }
func get16(b []byte) uint16                { return binary.BigEndian.Uint16(b) }
func get32(b []byte) uint32                { return binary.BigEndian.Uint32(b) }
func get64(b []byte) uint64                { return binary.BigEndian.Uint64(b) }

// append24 appends the lower 24 bits of v.
func append24(dst []byte, v uint32) []byte { return append(dst, uint8(v>>16), uint8(v>>8), uint8(v)) }
func get24(b []byte) uint32                { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }
