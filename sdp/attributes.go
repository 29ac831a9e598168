package sdp

import "strings"

// outcome is what became of an attribute. One that is not taken goes to
// Attributes as text; a reason says that its section is unusable because of it,
// fatal that the whole description is.
type outcome struct {
	taken  bool
	fatal  bool
	reason string
}

var (
	taken    = outcome{taken: true}
	leftOver = outcome{}
)

func takenIf(ok bool) outcome { return outcome{taken: ok} }

func brokenBy(reason string) outcome { return outcome{reason: reason} }

// sessionAttribute takes an attribute before the first m= line.
func (p *parser) sessionAttribute(a Attribute) outcome {
	s := p.session
	if !a.HasValue {
		switch a.Key {
		case "ice-lite":
			s.ICELite = true
		case "extmap-allow-mixed":
			s.ExtmapAllowMixed = true
		case "cryptex":
			s.Cryptex = true
		case "end-of-candidates":
			s.EndOfCandidates = true
		default:
			return takenIf(s.Direction.set(a.Key))
		}
		return taken
	}
	switch a.Key {
	case "group":
		semantics, mids := nextField(a.Value)
		if !isToken(semantics) {
			return leftOver
		}
		s.Groups = append(s.Groups, Group{Semantics: semantics, Mids: strings.Fields(mids)})
		return taken
	case "msid-semantic":
		// Chromium writes a space after the colon.
		s.MsidSemantic = append(s.MsidSemantic, strings.TrimLeft(a.Value, " "))
		return taken
	case "identity":
		return takeText(&s.Identity, a.Value)
	case "extmap":
		return takeParsed(&s.Extmaps, a.Value, parseExtmap)
	}
	return s.Transport.attribute(a)
}

// mediaAttribute takes an attribute of a section.
func (p *parser) mediaAttribute(a Attribute) outcome {
	m := p.media
	if !a.HasValue {
		return takenIf(m.flag(a.Key))
	}
	switch a.Key {
	case "rtpmap":
		return takeParsed(&m.RTPMaps, a.Value, parseRTPMap)
	case "fmtp":
		return takeParsed(&m.FMTPs, a.Value, parseFMTP)
	case "rtcp-fb":
		return takeParsed(&m.RTCPFBs, a.Value, parseRTCPFB)
	case "extmap":
		return takeParsed(&m.Extmaps, a.Value, parseExtmap)
	case "ssrc":
		return takeParsed(&m.SSRCs, a.Value, parseSSRC)
	case "ssrc-group":
		return takeParsed(&m.SSRCGroups, a.Value, parseSSRCGroup)
	case "msid":
		return takeParsed(&m.Msids, a.Value, parseMsid)
	case "rid":
		return takeParsed(&m.RIDs, a.Value, parseRID)
	case "candidate":
		return m.takeCandidate(a.Value)
	case "mid":
		return p.takeMid(a.Value)
	case "rtcp":
		return takeText(&m.RTCP, a.Value)
	case "simulcast":
		return m.takeSimulcast(a.Value)
	case "ptime":
		return takeMilliseconds(&m.PTime, a.Value)
	case "maxptime":
		return takeMilliseconds(&m.MaxPTime, a.Value)
	case "sctp-port", "max-message-size", "sctp-init":
		return m.takeSCTP(a)
	}
	return m.Transport.attribute(a)
}

// flag takes an attribute without a value, and tells whether it knows it.
func (m *Media) flag(key string) bool {
	switch key {
	case "rtcp-mux":
		m.RTCPMux = true
	case "rtcp-mux-only":
		m.RTCPMuxOnly = true
	case "rtcp-rsize":
		m.RTCPRsize = true
	case "bundle-only":
		m.BundleOnly = true
	case "end-of-candidates":
		m.EndOfCandidates = true
	case "extmap-allow-mixed":
		m.ExtmapAllowMixed = true
	case "cryptex":
		m.Cryptex = true
	default:
		return m.Direction.set(key)
	}
	return true
}

// takeParsed appends what parse makes of the value, or leaves the attribute.
func takeParsed[T any](list *[]T, value string, parse func(string) (T, bool)) outcome {
	v, ok := parse(value)
	if !ok {
		return leftOver
	}
	if *list == nil {
		*list = make([]T, 0, 8) // Fewer steps of growth for the usual section.
	}
	*list = append(*list, v)
	return taken
}

// takeText sets a field that an attribute may set once; a second one is left.
func takeText(field *string, value string) outcome {
	if *field != "" || value == "" {
		return leftOver
	}
	*field = value
	return taken
}

// takeMilliseconds sets a=ptime or a=maxptime (RFC 8866 §6.4, §6.5).
func takeMilliseconds(field *int, value string) outcome {
	n, ok := parseUint(value, 1<<31-1)
	if !ok || n == 0 || *field != 0 {
		return leftOver
	}
	*field = int(n)
	return taken
}

// takeMid sets a=mid. RFC 5888 §4: a token, unique in the description; two
// sections of one name leave every later reference to it open, so that the
// whole description is refused as browsers do.
func (p *parser) takeMid(mid string) outcome {
	switch {
	case !isToken(mid):
		return brokenBy("a mid is a token") // RFC 5888 §4
	case p.media.Mid == mid:
		return taken
	case p.media.Mid != "":
		return brokenBy("a second, different mid")
	}
	if _, used := p.mids[mid]; used {
		return outcome{fatal: true, reason: "this mid is already that of an earlier section"}
	}
	if p.mids == nil {
		p.mids = make(map[string]struct{}, 8)
	}
	p.mids[mid] = struct{}{}
	p.media.Mid = mid
	return taken
}

// takeCandidate appends a=candidate without looking inside: a candidate that
// is not understood is ignored by ICE (RFC 8839 §5.1).
func (m *Media) takeCandidate(value string) outcome {
	if value == "" {
		return leftOver
	}
	if m.Candidates == nil {
		m.Candidates = make([]string, 0, 8)
	}
	m.Candidates = append(m.Candidates, value)
	return taken
}

// takeSCTP takes the attributes of RFC 8841. A section whose port or size
// cannot be read has no safe default and is unusable.
func (m *Media) takeSCTP(a Attribute) outcome {
	switch a.Key {
	case "sctp-port":
		n, ok := parseUint(a.Value, 65535)
		if !ok || n == 0 || m.SCTPPort != 0 && m.SCTPPort != uint16(n) {
			return brokenBy("one SCTP port, from 1 to 65535") // RFC 8841 §5.2
		}
		m.SCTPPort = uint16(n)
	case "max-message-size":
		n, ok := parseUint(a.Value, 1<<64-1)
		if !ok || m.MaxMessageSize != nil && *m.MaxMessageSize != n {
			return brokenBy("one max-message-size, a number of bytes") // RFC 8841 §6.1
		}
		m.MaxMessageSize = &n
	case "sctp-init":
		return takeText(&m.SCTPInit, a.Value)
	}
	return taken
}
