package ice

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/pion/stun/v4"
)

// maxMessage is the size above which a datagram is no connectivity check of
// anyone: far above what USERNAME at its longest (513 bytes, RFC 8489 §14.3)
// and the other attributes come to.
const maxMessage = 2048

// magicCookie stands in every STUN message (RFC 8489 §5).
const magicCookie = 0x2112A442

type transactionID = [stun.TransactionIDSize]byte

// A binding is what a Binding request, response or indication says, as far as
// ICE wants to know (RFC 8445 §7.1).
type binding struct {
	class         stun.MessageClass
	id            transactionID
	raw           []byte
	localUfrag    []byte // of USERNAME, the part before the colon: whom it is for
	remoteUfrag   []byte
	hasUsername   bool
	hasIntegrity  bool
	hasPriority   bool
	priority      uint32
	useCandidate  bool
	controlling   bool // ICE-CONTROLLING is there
	controlled    bool // ICE-CONTROLLED is there
	tieBreaker    uint64
	mapped        netip.AddrPort
	errorCode     int
	unknown       []stun.AttrType
	malformedAttr bool
	// nomination is the value of the attribute nominationType, 0 without.
	nominationType stun.AttrType
	nomination     uint32
	hasFlight      bool   // the attribute of a packet of the DTLS handshake is there
	flight         []byte // the packet; empty for none
	flightAcks     []byte // checksums of packets
}

// read takes m apart. It keeps slices of m.Raw.
func (b *binding) read(m *stun.Message) {
	*b = binding{class: m.Type.Class, id: m.TransactionID, raw: m.Raw, unknown: b.unknown[:0], nominationType: b.nominationType}
	for i := range m.Attributes {
		b.readAttribute(m.Attributes[i].Type, m.Attributes[i].Value)
	}
}

func (b *binding) readAttribute(t stun.AttrType, v []byte) {
	switch t {
	case stun.AttrUsername:
		if b.hasUsername {
			return // only the first of a kind counts (RFC 8489 §14)
		}
		// The receiver's fragment, a colon, and the sender's (RFC 8445 §7.2.2).
		b.hasUsername = true
		b.localUfrag, b.remoteUfrag, _ = bytes.Cut(v, []byte{':'})
	case stun.AttrMessageIntegrity:
		b.hasIntegrity = true
	case stun.AttrPriority:
		if b.malformedAttr = b.malformedAttr || len(v) != 4; !b.malformedAttr && !b.hasPriority {
			b.hasPriority, b.priority = true, binary.BigEndian.Uint32(v)
		}
	case stun.AttrUseCandidate:
		b.useCandidate = true
	case stun.AttrICEControlling, stun.AttrICEControlled:
		if b.malformedAttr = b.malformedAttr || len(v) != 8; !b.malformedAttr {
			b.tieBreaker = binary.BigEndian.Uint64(v)
			b.controlling = b.controlling || t == stun.AttrICEControlling
			b.controlled = b.controlled || t == stun.AttrICEControlled
		}
	case stun.AttrXORMappedAddress:
		if !b.mapped.IsValid() {
			b.mapped = readXORAddress(v, &b.id)
		}
	case stun.AttrErrorCode:
		if len(v) >= 4 && b.errorCode == 0 {
			b.errorCode = int(v[2]&7)*100 + int(v[3])
		}
	case attrDTLSInSTUN:
		if !b.hasFlight {
			b.hasFlight, b.flight = true, v
		}
	case attrDTLSInSTUNAck:
		if b.flightAcks == nil && len(v)%4 == 0 {
			b.flightAcks = v
		}
	case stun.AttrMappedAddress, stun.AttrRealm, stun.AttrNonce, stun.AttrUnknownAttributes,
		stun.AttrMessageIntegritySHA256, stun.AttrPasswordAlgorithm, stun.AttrUserhash:
		// Understood, and without meaning in a connectivity check.
	case b.nominationType:
		// A malformed one is left alone, as an unknown one would be.
		if len(v) == 4 && b.nomination == 0 {
			b.nomination = binary.BigEndian.Uint32(v)
		}
	default:
		// With an unknown comprehension-required attribute the message cannot be
		// processed (RFC 8489 §6.3.1).
		if t.Required() && len(b.unknown) < 8 {
			b.unknown = append(b.unknown, t)
		}
	}
}

// start begins message m of the given class.
func start(m *stun.Message, class stun.MessageClass, id transactionID) {
	m.Reset()
	m.Type = stun.MessageType{Method: stun.MethodBinding, Class: class}
	m.TransactionID = id
	m.WriteHeader()
}

func addUint32(m *stun.Message, t stun.AttrType, v uint32) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	m.Add(t, b[:])
}

func addUint64(m *stun.Message, t stun.AttrType, v uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	m.Add(t, b[:])
}

// addErrorCode adds ERROR-CODE without a reason phrase, so that the answer
// stays small (RFC 8489 §14.8).
func addErrorCode(m *stun.Message, code int) {
	m.Add(stun.AttrErrorCode, []byte{0, 0, byte(code / 100), byte(code % 100)})
}

func addUnknownAttributes(m *stun.Message, types []stun.AttrType) {
	b := make([]byte, 0, 16)
	for _, t := range types {
		b = binary.BigEndian.AppendUint16(b, uint16(t))
	}
	m.Add(stun.AttrUnknownAttributes, b)
}

// addXORAddress adds XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
func addXORAddress(m *stun.Message, a netip.AddrPort) {
	var b [20]byte
	binary.BigEndian.PutUint16(b[2:], a.Port()^magicCookie>>16)
	n := 8
	if a.Addr().Is4() {
		b[1] = 1
		ip := a.Addr().As4()
		copy(b[4:], ip[:])
	} else {
		b[1] = 2
		ip := a.Addr().As16()
		copy(b[4:], ip[:])
		n = 20
	}
	xorAddress(b[4:n], &m.TransactionID)
	m.Add(stun.AttrXORMappedAddress, b[:n])
}

// readXORAddress reads the value of XOR-MAPPED-ADDRESS; what is no address
// gives the invalid one.
func readXORAddress(v []byte, id *transactionID) netip.AddrPort {
	if len(v) < 8 {
		return netip.AddrPort{}
	}
	port := binary.BigEndian.Uint16(v[2:]) ^ magicCookie>>16
	switch {
	case v[1] == 1 && len(v) == 8:
		var ip [4]byte
		copy(ip[:], v[4:])
		xorAddress(ip[:], id)
		return netip.AddrPortFrom(netip.AddrFrom4(ip), port)
	case v[1] == 2 && len(v) == 20:
		var ip [16]byte
		copy(ip[:], v[4:])
		xorAddress(ip[:], id)
		return netip.AddrPortFrom(netip.AddrFrom16(ip).Unmap(), port)
	}
	return netip.AddrPort{}
}

func xorAddress(b []byte, id *transactionID) {
	var mask [16]byte
	binary.BigEndian.PutUint32(mask[:], magicCookie)
	copy(mask[4:], id[:])
	for i := range b {
		b[i] ^= mask[i]
	}
}
