package observe

import (
	"encoding/binary"
	"fmt"
)

// The type of an RTCP packet lies where an RTP packet has its marker and
// payload type; these are the types (RFC 5761 §4).
const (
	rtcpFirst = 192
	rtcpLast  = 223
)

// rtcpNames are the packet types of RFC 3550 §12.1, RFC 4585 §6.1 and RFC 3611 §2.
var rtcpNames = map[byte]string{
	200: "sender report", 201: "receiver report", 202: "source description", 203: "goodbye",
	205: "transport feedback", 206: "payload feedback", 207: "extended report",
}

// feedbackNames are the formats of feedback that have a name of their own
// (RFC 4585 §6.2 and §6.3, RFC 5104 §4.3, RFC 8888 §3.1 and, for 15, the drafts
// on congestion control), by packet type and format.
var feedbackNames = map[[2]byte]string{
	{205, 1}: "NACK", {205, 11}: "congestion feedback", {205, 15}: "arrival times",
	{206, 1}: "picture lost (PLI)", {206, 4}: "key frame wanted (FIR)", {206, 15}: "bitrate estimate (REMB)",
}

// classifyMedia looks at what SRTP and SRTCP leave readable (RFC 3711 §3): the
// header of an RTP packet, and the first eight bytes of a compound of RTCP.
func classifyMedia(b []byte) (Message, bool) {
	if len(b) < 8 {
		return Message{}, false
	}
	if typ := b[1]; rtcpFirst <= typ && typ <= rtcpLast {
		name, ok := feedbackNames[[2]byte{typ, b[0] & 0x1f}]
		if !ok {
			name = rtcpNames[typ]
		}
		if name == "" {
			name = fmt.Sprintf("RTCP type %d", typ)
		}
		return Message{Protocol: SRTCP, SSRC: binary.BigEndian.Uint32(b[4:]), Description: name}, true
	}
	if len(b) < 12 {
		return Message{}, false
	}
	return Message{
		Protocol: SRTP, PayloadType: b[1] & 0x7f, SSRC: binary.BigEndian.Uint32(b[8:]), Description: "media",
	}, true
}
