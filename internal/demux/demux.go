// Package demux tells apart the protocols that share one WebRTC transport
// address: STUN, DTLS, RTP, RTCP and TURN channel data.
//
// The first byte decides, as RFC 7983 §7 and its update RFC 9443 §2 lay out;
// then each protocol's fixed header is looked at as far as it takes to keep
// what cannot be of that protocol from the code that parses it:
//
//	first byte   class
//	  0 ..   3   STUN, if the header is one (RFC 8489 §5)
//	  4 ..  19   Unknown (4 to 15 are unassigned, 16 to 19 are ZRTP)
//	 20 ..  63   DTLS
//	 64 ..  79   TURNChannel, if the length fits (RFC 8656 §12.4)
//	 80 .. 127   Unknown (QUIC)
//	128 .. 191   RTCP or RTP by the second byte (RFC 5761 §4)
//	192 .. 255   Unknown (QUIC)
package demux

import "encoding/binary"

// Class is the protocol that a datagram belongs to.
type Class uint8

const (
	// Unknown is what is to be dropped and counted: empty datagrams, first
	// bytes of no protocol that WebRTC uses, and headers that are too short or
	// contradict themselves.
	Unknown Class = iota
	// STUN is a message with the magic cookie of RFC 8489 §5 and a length that
	// is the datagram's.
	STUN
	// DTLS is one or more DTLS records (RFC 9147 §4, RFC 6347 §4.1).
	DTLS
	// TURNChannel is a ChannelData message (RFC 8656 §12.4).
	TURNChannel
	// RTP is an RTP or SRTP packet (RFC 3550 §5.1).
	RTP
	// RTCP is a compound or reduced-size RTCP or SRTCP packet (RFC 3550 §6.1,
	// RFC 5506 §3.1).
	RTCP
)

// String returns the protocol's name.
func (c Class) String() string {
	switch c {
	case STUN:
		return "STUN"
	case DTLS:
		return "DTLS"
	case TURNChannel:
		return "TURN channel"
	case RTP:
		return "RTP"
	case RTCP:
		return "RTCP"
	}
	return "unknown"
}

const (
	stunHeaderLen   = 20 // RFC 8489 §5
	stunMagicCookie = 0x2112A442
	channelHeader   = 4  // RFC 8656 §12.4
	rtpHeaderLen    = 12 // RFC 3550 §5.1
	srtcpHeaderLen  = 8  // header and sender SSRC, both in the clear: RFC 3711 §3.4
)

// Classify returns the class of the datagram b, which must be whole: where GRO
// joined several, each is asked about for itself. It looks at no more than the
// first 20 bytes, keeps no reference to b and does not allocate.
func Classify(b []byte) Class {
	if len(b) > 0 && byFirst[b[0]] == DTLS {
		return DTLS // most of what comes, and small enough to be inlined
	}
	return check(b)
}

// byFirst is the table of RFC 9443 §2. RTP stands for RTP and RTCP.
var byFirst = func() (t [256]Class) {
	for i := range t {
		switch {
		case i <= 3:
			t[i] = STUN
		case 20 <= i && i <= 63:
			t[i] = DTLS
		case 64 <= i && i <= 79:
			t[i] = TURNChannel
		case 128 <= i && i <= 191:
			t[i] = RTP
		}
	}
	return t
}()

// check returns the class of b by its first byte, RTCP split from RTP, if the
// header may be that of a packet of this class, else Unknown.
func check(b []byte) Class {
	if len(b) == 0 {
		return Unknown
	}
	switch byFirst[b[0]] {
	case STUN:
		// RFC 8489 §5: the magic cookie is fixed, and the length counts the
		// attributes, which are padded to multiples of 4 bytes. A message over
		// UDP fills its datagram.
		if len(b) >= stunHeaderLen && binary.BigEndian.Uint32(b[4:]) == stunMagicCookie &&
			len(b)&3 == 0 && int(binary.BigEndian.Uint16(b[2:])) == len(b)-stunHeaderLen {
			return STUN
		}
	case TURNChannel:
		// RFC 8656 §12.5: over UDP the padding is optional, so there may be
		// more bytes than the length says, never fewer.
		if len(b) >= channelHeader && int(binary.BigEndian.Uint16(b[2:])) <= len(b)-channelHeader {
			return TURNChannel
		}
	case RTP:
		// RFC 5761 §4: the RTCP packet types in use, 192 to 223, look like RTP
		// packets with the marker bit and payload types 64 to 95, which are
		// never assigned where the two are multiplexed.
		if len(b) >= srtcpHeaderLen && 192 <= b[1] && b[1] <= 223 {
			return RTCP
		}
		if len(b) >= rtpHeaderLen && (b[1] < 192 || b[1] > 223) {
			return RTP
		}
	}
	return Unknown
}
