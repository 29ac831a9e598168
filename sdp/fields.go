package sdp

import "strings"

// nextField cuts the first of the fields that spaces separate.
func nextField(s string) (field, rest string) {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.TrimLeft(s[i:], " \t")
	}
	return s, ""
}

// parseUint reads decimal digits, and nothing but digits, up to limit.
func parseUint(s string, limit uint64) (uint64, bool) {
	if s == "" {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		d := uint64(s[i]) - '0'
		if d > 9 || n > (limit-d)/10 || d > limit {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// parseLong is parseUint for numbers whose value is of no use to us but may
// have any number of digits (RFC 8866 §5.2); past 64 bits it returns the largest.
func parseLong(s string) (uint64, bool) {
	n, ok := parseUint(s, 1<<64-1)
	if !ok && s != "" && strings.Trim(s, "0123456789") == "" {
		return 1<<64 - 1, true
	}
	return n, ok
}

// isToken tells whether s is a token of RFC 8866 §9: visible characters other
// than the separators. Characters above ASCII are let pass.
func isToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ', c == 0x7f:
			return false
		case strings.IndexByte(`"(),/:;<=>?@[\]`, c) >= 0:
			return false
		}
	}
	return s != ""
}

// isVisible tells whether s is of length min to max and free of spaces and
// control characters.
func isVisible(s string, shortest, longest int) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(s) >= shortest && len(s) <= longest
}

// parseOrigin reads RFC 8866 §5.2:
// <username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>
func parseOrigin(value string) (Origin, bool) {
	var o Origin
	var id, version string
	o.Username, value = nextField(value)
	id, value = nextField(value)
	version, value = nextField(value)
	var ok1, ok2, ok3 bool
	o.SessionID, ok1 = parseLong(id)
	o.SessionVersion, ok2 = parseLong(version)
	o.Address, ok3 = parseConnection(value)
	return o, ok1 && ok2 && ok3
}

// parseConnection reads RFC 8866 §5.7: <nettype> <addrtype> <connection-address>.
func parseConnection(value string) (address string, ok bool) {
	network, rest := nextField(value)
	family, rest := nextField(rest)
	address, rest = nextField(rest)
	ok = network == "IN" && (family == "IP4" || family == "IP6") && address != "" && rest == ""
	return address, ok
}

// parseBandwidth reads RFC 8866 §5.8: <bwtype>:<bandwidth>.
func parseBandwidth(value string) (Bandwidth, bool) {
	kind, number, ok := strings.Cut(value, ":")
	if !ok || !isToken(kind) {
		return Bandwidth{}, false
	}
	n, ok := parseUint(strings.TrimSpace(number), 1<<64-1)
	return Bandwidth{Type: kind, Value: n}, ok
}

// parseLine reads the value of the m= line into m, as far as it goes, and
// returns what is wrong with it, or "".
func (m *Media) parseLine(value string) (reason string) {
	var port, count string
	m.Kind, value = nextField(value)
	port, value = nextField(value)
	m.Proto, value = nextField(value)
	m.Formats = strings.Fields(value)
	port, count, hasCount := strings.Cut(port, "/")
	n, ok := parseUint(port, 65535)
	if !ok {
		return "the port is a number from 0 to 65535"
	}
	m.Port = uint16(n)
	if hasCount {
		n, ok := parseUint(count, 65535)
		if !ok || n == 0 {
			return "the number of ports is from 1 to 65535"
		}
		m.PortCount = int(n)
	}
	switch {
	case !isToken(m.Kind) || m.Proto == "":
		return "want m=<media> <port> <proto> <fmt> …"
	case len(m.Formats) == 0 && m.Port != 0:
		return "no format"
	case len(m.Formats) == 0:
		// Some peers reject a section with no format left, which the grammar
		// does not allow; browsers write 0 then.
		m.Formats = []string{"0"}
	}
	if !m.IsRTP() {
		return ""
	}
	for _, f := range m.Formats {
		if _, ok := parseUint(f, 127); !ok {
			return "a payload type is a number from 0 to 127"
		}
	}
	return ""
}

// IsRTP tells whether the section's protocol carries RTP (RFC 8866 §8.2.4: the
// formats are payload types then).
func (m *Media) IsRTP() bool { return strings.Contains(m.Proto, "RTP/") }

// IsData tells whether the section is one for data channels: RFC 8841's
// protocols "UDP/DTLS/SCTP" and "TCP/DTLS/SCTP", or the "DTLS/SCTP" of peers
// that are older than it.
func (m *Media) IsData() bool {
	return m.Kind == "application" && strings.HasSuffix(m.Proto, "DTLS/SCTP")
}

// IsRejected tells whether the section is switched off: port 0, and not because
// it is bundle-only (RFC 9143 §6).
func (m *Media) IsRejected() bool { return m.Port == 0 && !m.BundleOnly }
