package signaling

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parleyrtc/webrtc/sdp"
)

// sctpPort is the port of our end of the association (RFC 8841 §5: any number,
// 5000 by custom).
const sctpPort = 5000

// dataFormat is the format of a data section (RFC 8841 §4.3).
const dataFormat = "webrtc-datachannel"

// legacyProto is the protocol of drafts before RFC 8841, with the port where
// the format now is and a line a=sctpmap. A peer that speaks it is answered in
// kind.
const legacyProto = "DTLS/SCTP"

// isData says whether a section can carry data channels: one of RFC 8841 §4.1
// and §4.3, or one of its drafts.
func isData(m *sdp.Media) bool {
	if m.Kind != "application" {
		return false
	}
	switch m.Proto {
	case "UDP/DTLS/SCTP", "TCP/DTLS/SCTP":
		return slices.Contains(m.Formats, dataFormat)
	case legacyProto:
		_, ok := legacyPort(m)
		return ok || slices.Contains(m.Formats, dataFormat)
	}
	return false
}

// legacyPort reads the port of "m=application 9 DTLS/SCTP 5000" with
// "a=sctpmap:5000 webrtc-datachannel 1024".
func legacyPort(m *sdp.Media) (uint16, bool) {
	if len(m.Formats) == 0 {
		return 0, false
	}
	port, err := strconv.ParseUint(m.Formats[0], 10, 16)
	if err != nil || port == 0 {
		return 0, false
	}
	value, ok := m.Attribute("sctpmap")
	fields := strings.Fields(value)
	return uint16(port), ok && len(fields) >= 2 && fields[0] == m.Formats[0] && fields[1] == dataFormat
}

// remotePort returns the peer's SCTP port. RFC 8841 §5 has no default; a peer
// that names none is taken to use the customary one.
func remotePort(m *sdp.Media) uint16 {
	if m.SCTPPort != 0 {
		return m.SCTPPort
	}
	if port, ok := legacyPort(m); ok {
		return port
	}
	return sctpPort
}

// offeredData returns a new data section (RFC 9429 §5.2.1).
func offeredData(mid string) *sdp.Media {
	return &sdp.Media{
		Kind:     "application",
		Port:     9,
		Proto:    "UDP/DTLS/SCTP",
		Formats:  []string{dataFormat},
		Mid:      mid,
		SCTPPort: sctpPort,
	}
}

// answeredData returns the answer to an offered data section, with its
// protocol and format (RFC 9429 §5.3.1).
func answeredData(offered *sdp.Media) *sdp.Media {
	m := offeredData(offered.Mid)
	m.Proto = offered.Proto
	if _, ok := legacyPort(offered); ok && offered.Proto == legacyProto {
		m.SCTPPort = 0
		m.Formats = []string{decimal(sctpPort)}
		m.Attributes = []sdp.Attribute{{
			Key: "sctpmap", Value: decimal(sctpPort) + " " + dataFormat + " 65535", HasValue: true,
		}}
	}
	return m
}

// rejectedSection returns a section that refuses another, or keeps its place:
// same kind, protocol and formats, and no attribute but the mid (RFC 9429
// §5.2.2, §5.3.1).
func rejectedSection(m *sdp.Media, mid string) *sdp.Media {
	return &sdp.Media{Kind: m.Kind, Proto: m.Proto, Formats: slices.Clone(m.Formats), Mid: mid}
}

func decimal(n int) string { return strconv.Itoa(n) }
