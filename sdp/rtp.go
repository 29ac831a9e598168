package sdp

import "strings"

// parseRTPMap reads RFC 8866 §6.6:
// <payload type> <encoding name>/<clock rate>[/<encoding parameters>]
func parseRTPMap(value string) (RTPMap, bool) {
	number, value := nextField(value)
	pt, ok := parseUint(number, 127)
	encoding, value, _ := strings.Cut(value, "/")
	rate, channels, hasChannels := strings.Cut(value, "/")
	clock, ok2 := parseUint(rate, 1<<32-1)
	m := RTPMap{PayloadType: uint8(pt), Encoding: encoding, ClockRate: uint32(clock)}
	if hasChannels {
		n, ok := parseUint(channels, 65535)
		if !ok || n == 0 {
			return RTPMap{}, false
		}
		m.Channels = uint16(n)
	}
	return m, ok && ok2 && isToken(encoding)
}

// parseFMTP reads RFC 8866 §6.15: <format> <format specific parameters>.
func parseFMTP(value string) (FMTP, bool) {
	format, parameters := nextField(value)
	return FMTP{Format: format, Parameters: parameters}, format != ""
}

// parseRTCPFB reads RFC 4585 §4.2: <payload type or *> <type> [<parameter>].
func parseRTCPFB(value string) (RTCPFB, bool) {
	format, value := nextField(value)
	kind, parameter := nextField(value)
	return RTCPFB{Format: format, Type: kind, Parameter: parameter}, format != "" && kind != ""
}

// parseExtmap reads RFC 8285 §8: <id>[/<direction>] <URI> [<attributes>].
func parseExtmap(value string) (Extmap, bool) {
	number, value := nextField(value)
	var e Extmap
	number, direction, hasDirection := strings.Cut(number, "/")
	id, ok := parseUint(number, 65535)
	if !ok || !isExtmapID(uint16(id)) || hasDirection && !e.Direction.set(direction) {
		return Extmap{}, false
	}
	e.ID = uint16(id)
	e.URI, e.Attributes = nextField(value)
	return e, e.URI != ""
}

// isExtmapID tells whether id may name an extension. RFC 8285 §5 and §7: 1 to 255
// in packets, 4096 to 4351 for those that an offer leaves the answerer to choose.
func isExtmapID(id uint16) bool { return id >= 1 && id <= 255 || id >= 4096 && id <= 4351 }

// parseMsid reads RFC 8830 §2: <stream id> [<track id>]. Chromium writes an empty
// stream id, with the space after it, for a track of a stream without one.
func parseMsid(value string) (Msid, bool) {
	var m Msid
	if strings.HasPrefix(value, " ") {
		m.Stream = "-"
	} else {
		m.Stream, value = nextField(value)
	}
	m.Track, value = nextField(value)
	return m, m.Stream != "" && value == ""
}

// parseSSRC reads RFC 5576 §4.1: <ssrc> <attribute>[:<value>].
func parseSSRC(value string) (SSRC, bool) {
	number, value := nextField(value)
	id, ok := parseUint(number, 1<<32-1)
	s := SSRC{ID: uint32(id)}
	var hasValue bool
	s.Attribute, s.Value, hasValue = strings.Cut(value, ":")
	return s, ok && isToken(s.Attribute) && hasValue == (s.Value != "")
}

// parseSSRCGroup reads RFC 5576 §4.2: <semantics> <ssrc> …
func parseSSRCGroup(value string) (SSRCGroup, bool) {
	semantics, value := nextField(value)
	g := SSRCGroup{Semantics: semantics}
	for value != "" {
		var number string
		number, value = nextField(value)
		id, ok := parseUint(number, 1<<32-1)
		if !ok {
			return SSRCGroup{}, false
		}
		g.SSRCs = append(g.SSRCs, uint32(id))
	}
	return g, isToken(semantics)
}

// isRIDName tells whether s may name an RTP stream. RFC 8851 §10: letters,
// digits, "-" and "_"; and it has to fit the header extension of RFC 8852.
func isRIDName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 255
}

// parseRID reads RFC 8851 §10: <id> send|recv [pt=<list>[;<restriction>…]]. A "~" before
// the id is of a=simulcast (RFC 8853 §5.1), and means nothing here.
func parseRID(value string) (RID, bool) {
	var r RID
	r.ID, value = nextField(value)
	r.ID = strings.TrimPrefix(r.ID, "~")
	r.Direction, value = nextField(value)
	if !isRIDName(r.ID) || r.Direction != "send" && r.Direction != "recv" {
		return RID{}, false
	}
	for value != "" {
		var restriction string
		restriction, value, _ = strings.Cut(value, ";")
		restriction = strings.TrimSpace(restriction)
		list, isList := strings.CutPrefix(restriction, "pt=")
		if !isList || len(r.PayloadTypes) > 0 {
			if restriction != "" {
				r.Restrictions = append(r.Restrictions, restriction)
			}
			continue
		}
		for list, more := list, true; more; {
			var number string
			number, list, more = strings.Cut(list, ",")
			pt, ok := parseUint(number, 127)
			if !ok {
				return RID{}, false
			}
			r.PayloadTypes = append(r.PayloadTypes, uint8(pt))
		}
	}
	return r, true
}

// takeSimulcast reads RFC 8853 §5.1: send|recv <streams> [send|recv <streams>],
// streams separated by semicolons, alternatives by commas, "~" for paused. The
// forms of older drafts are left as text.
func (m *Media) takeSimulcast(value string) outcome {
	if m.Simulcast != nil {
		return leftOver // RFC 8853 §5.1: at most once in a section.
	}
	var s Simulcast
	for value != "" {
		var direction, list string
		direction, value = nextField(value)
		list, value = nextField(value)
		streams, ok := parseSimulcastList(list)
		switch {
		case !ok:
			return leftOver
		case direction == "send" && s.Send == nil:
			s.Send = streams
		case direction == "recv" && s.Recv == nil:
			s.Recv = streams
		default:
			return leftOver
		}
	}
	if s.Send == nil && s.Recv == nil {
		return leftOver
	}
	m.Simulcast = &s
	return taken
}

// maxSimulcast bounds the streams of a list and the alternatives of a stream.
// Encoders make three or four.
const maxSimulcast = 64

func parseSimulcastList(list string) ([][]SimulcastRID, bool) {
	streams := make([][]SimulcastRID, 0, 3)
	for more := true; more; {
		if len(streams) == maxSimulcast {
			return nil, false
		}
		var stream string
		stream, list, more = strings.Cut(list, ";")
		var alternatives []SimulcastRID
		for again := true; again; {
			var rid SimulcastRID
			rid.ID, stream, again = strings.Cut(stream, ",")
			rid.ID, rid.Paused = strings.CutPrefix(rid.ID, "~")
			if !isRIDName(rid.ID) || len(alternatives) == maxSimulcast {
				return nil, false
			}
			alternatives = append(alternatives, rid)
		}
		streams = append(streams, alternatives)
	}
	return streams, true
}
