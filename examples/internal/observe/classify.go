package observe

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/pion/stun/v4"
)

// Protocol is what a datagram carries.
type Protocol int

// The protocols that are told.
const (
	STUN Protocol = iota + 1
	DTLS
	SRTP
	SRTCP
)

// Class is the class of a STUN message (RFC 8489 §5).
type Class int

// The classes; Other stands for indications, and for whatever is not STUN.
const (
	Other Class = iota
	Request
	Success
	Failure
)

// A Message is what a datagram says.
type Message struct {
	Protocol Protocol
	Class    Class
	// Transaction pairs a STUN response with its request.
	Transaction [stun.TransactionIDSize]byte
	// Nominates tells a check that carries USE-CANDIDATE (RFC 8445 §7.1.2).
	Nominates bool
	// ToServer tells a request without credentials: it asks a STUN server, no peer.
	ToServer bool
	// PayloadType is that of an SRTP packet.
	PayloadType uint8
	// SSRC is the source of an SRTP or SRTCP packet.
	SSRC uint32
	// Description is what to show: "check", "ClientHello", ….
	Description string
}

// Classify looks at a datagram (RFC 7983 §7). It reports false for what is
// neither STUN nor part of a DTLS handshake nor media.
func Classify(b []byte) (Message, bool) {
	switch {
	case len(b) == 0:
		return Message{}, false
	case b[0] < 4 && stun.IsMessage(b):
		return classifySTUN(b)
	case 20 <= b[0] && b[0] <= 63:
		return classifyDTLS(b)
	case 128 <= b[0] && b[0] <= 191:
		return classifyMedia(b)
	}
	return Message{}, false
}

func classifySTUN(b []byte) (Message, bool) {
	m := stun.Message{Raw: b}
	if err := m.Decode(); err != nil || m.Type.Method != stun.MethodBinding {
		return Message{}, false
	}
	out := Message{Protocol: STUN, Transaction: m.TransactionID}
	switch m.Type.Class {
	case stun.ClassRequest:
		out.Class, out.Description = Request, "check"
		if !m.Contains(stun.AttrUsername) {
			out.ToServer, out.Description = true, "who am I?"
		}
		if m.Contains(stun.AttrUseCandidate) {
			out.Nominates, out.Description = true, "check, use this pair"
		}
	case stun.ClassSuccessResponse:
		out.Class, out.Description = Success, "check answered"
	case stun.ClassErrorResponse:
		out.Class, out.Description = Failure, "check refused"
		var code stun.ErrorCodeAttribute
		if code.GetFrom(&m) == nil {
			out.Description = fmt.Sprintf("check refused: %d %s", code.Code, code.Reason)
		}
	default:
		return Message{}, false // keepalives
	}
	return out, true
}

// Record types and the header of RFC 6347 §4.1.
const (
	dtlsChangeCipherSpec = 20
	dtlsAlert            = 21
	dtlsHandshake        = 22
	dtlsApplicationData  = 23
	dtlsRecordHeader     = 13
	dtlsMessageHeader    = 12 // RFC 6347 §4.2.2
)

// handshakeNames are the messages of RFC 5246 §7.4 and RFC 6347 §4.3.2.
var handshakeNames = map[byte]string{
	1: "ClientHello", 2: "ServerHello", 3: "HelloVerifyRequest", 4: "NewSessionTicket",
	11: "Certificate", 12: "ServerKeyExchange", 13: "CertificateRequest", 14: "ServerHelloDone",
	15: "CertificateVerify", 16: "ClientKeyExchange", 20: "Finished",
}

// classifyDTLS names the handshake messages in a datagram's records. Those of
// an epoch after the first are encrypted: in a handshake that is Finished.
func classifyDTLS(b []byte) (Message, bool) {
	var names []string
	add := func(name string) {
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name) // fragments of one message count once
		}
	}
	for len(b) >= dtlsRecordHeader {
		typ, epoch := b[0], binary.BigEndian.Uint16(b[3:])
		size := int(binary.BigEndian.Uint16(b[11:]))
		body := b[dtlsRecordHeader:min(dtlsRecordHeader+size, len(b))]
		switch {
		case typ == dtlsChangeCipherSpec:
			add("ChangeCipherSpec")
		case typ == dtlsHandshake && epoch > 0:
			add("Finished")
		case typ == dtlsHandshake:
			addMessages(body, add)
		case typ == dtlsAlert && epoch > 0:
			add("close_notify or another alert")
		case typ == dtlsAlert:
			add("alert")
		}
		b = b[dtlsRecordHeader+len(body):]
	}
	if len(names) == 0 {
		return Message{}, false
	}
	return Message{Protocol: DTLS, Description: strings.Join(names, ", ")}, true
}

// addMessages names the handshake messages of one plain record.
func addMessages(body []byte, add func(string)) {
	for len(body) >= dtlsMessageHeader {
		name, ok := handshakeNames[body[0]]
		if !ok {
			name = fmt.Sprintf("handshake message %d", body[0])
		}
		add(name)
		// The length of the fragment, which is the message's where there is one.
		size := int(body[9])<<16 | int(body[10])<<8 | int(body[11])
		body = body[min(dtlsMessageHeader+size, len(body)):]
	}
}
