package ice

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Bounds on what UnmarshalCandidate reads, far above what any peer writes.
const (
	maxCandidateLength = 4096
	maxExtensions      = 32
	maxExtensionLength = 512
	maxFQDNLength      = 253 // RFC 1035 §2.3.4
)

// UnmarshalCandidate reads a candidate line (RFC 8839 §5.1). It takes it with
// and without "candidate:" or "a=candidate:" before it, and keywords in any
// case of letters. Extensions that are not known are kept in order.
//
// The error is a *rtcerr.SyntaxError for what does not match the grammar or is
// out of its range, and a *rtcerr.NotSupportedError for transports and
// candidate types that are well-formed and unknown: such a candidate is to be
// ignored, not to fail the description it stands in. Both wrap a
// *CandidateFieldError.
func UnmarshalCandidate(raw string) (Candidate, error) {
	if len(raw) > maxCandidateLength {
		return Candidate{}, candidateError("candidate", raw, fmt.Sprintf("at most %d bytes are taken", maxCandidateLength))
	}
	line := trimPrefixFold(strings.Trim(raw, "\r\n\t "), "a=")
	line = trimPrefixFold(line, "candidate:")
	c, rest, err := parseFixedPart(line)
	if err != nil {
		return Candidate{}, err
	}
	if rest, err = c.parseRelated(rest); err != nil {
		return Candidate{}, err
	}
	if err := c.parseExtensions(rest); err != nil {
		return Candidate{}, err
	}
	c.id = c.makeID()
	return c, nil
}

// parseFixedPart reads the eight fields that every candidate has and returns
// what follows them.
func parseFixedPart(line string) (c Candidate, rest string, err error) {
	var field [8]string
	rest = line
	for i, name := range []string{"foundation", "component-id", "transport", "priority", "connection-address", "port", "typ", "cand-type"} {
		field[i], rest = nextField(rest)
		if field[i] == "" {
			return c, "", candidateError(name, line, "the field is missing")
		}
	}
	c.foundation = field[0]
	if len(c.foundation) > 32 || !all(c.foundation, isICEChar) {
		return c, "", candidateError("foundation", c.foundation, "1 to 32 letters, digits, + and / are expected")
	}
	component, err := parseNumber("component-id", field[1], 1, 256)
	if err != nil {
		return c, "", err
	}
	c.component = uint16(component)
	// RFC 8839 §5.1 writes 1 to 2^31−1; peers that compute with all 32 bits are
	// taken at their word.
	priority, err := parseNumber("priority", field[3], 1, 1<<32-1)
	if err != nil {
		return c, "", err
	}
	c.priority = uint32(priority)
	port, err := parseNumber("port", field[5], 0, 65535)
	if err != nil {
		return c, "", err
	}
	var ip netip.Addr
	if c.address, ip, err = parseConnectionAddress("connection-address", field[4]); err != nil {
		return c, "", err
	}
	c.addr = netip.AddrPortFrom(ip, uint16(port))
	if !equalFold(field[6], "typ") {
		return c, "", candidateError("typ", field[6], `"typ" is expected after the port`)
	}
	var ok bool
	if !all(field[2], isTokenChar) {
		return c, "", candidateError("transport", field[2], "a token is expected")
	}
	if c.networkType, ok = networkTypeOf(field[2], ip); !ok {
		return c, "", unsupportedCandidate("transport", field[2], "udp and tcp are known")
	}
	if !all(field[7], isTokenChar) {
		return c, "", candidateError("cand-type", field[7], "a token is expected")
	}
	if c.typ, ok = parseCandidateType(field[7]); !ok {
		return c, "", unsupportedCandidate("cand-type", field[7], "host, srflx, prflx and relay are known")
	}
	return c, rest, nil
}

// parseRelated reads raddr and rport, if they are there, and returns the rest.
func (c *Candidate) parseRelated(rest string) (string, error) {
	key, tail := nextField(rest)
	if equalFold(key, "raddr") {
		var value string
		value, tail = nextField(tail)
		address, _, err := parseConnectionAddress("raddr", value)
		if err != nil {
			return "", err
		}
		c.hasRelated, c.related.Address, rest = true, address, tail
		key, tail = nextField(rest)
	}
	if equalFold(key, "rport") {
		var value string
		value, tail = nextField(tail)
		port, err := parseNumber("rport", value, 0, 65535)
		if err != nil {
			return "", err
		}
		// A port without an address says nothing (RFC 8839 §5.1).
		if c.hasRelated {
			c.related.Port = int(port)
		}
		rest = tail
	}
	return rest, nil
}

// parseExtensions reads the name-value pairs. RFC 8839 §5.1: "An implementation
// MUST ignore any name/value pairs it doesn't understand"; they are kept.
func (c *Candidate) parseExtensions(rest string) error {
	for rest != "" {
		var e CandidateExtension
		// One space stands between a name and its value, and the value may be
		// empty: spaces are counted here, where the fixed part skips them.
		e.Key, rest, _ = strings.Cut(rest, " ")
		e.Value, rest, _ = strings.Cut(rest, " ")
		if e.Key == "" && e.Value == "" {
			continue
		}
		if equalFold(e.Key, extensionTCPType) {
			// RFC 6544 §4.5: only TCP candidates have a tcptype.
			if !c.networkType.IsTCP() {
				continue
			}
			if c.tcpType = NewTCPType(e.Value); c.tcpType == TCPTypeUnspecified {
				return candidateError(extensionTCPType, e.Value, "active, passive or so is expected")
			}
			continue
		}
		if err := checkExtension(e); err != nil {
			return err
		}
		if len(c.extensions) >= maxExtensions {
			return candidateError("extension", e.Key, fmt.Sprintf("at most %d are taken", maxExtensions))
		}
		c.extensions = append(c.extensions, e)
	}
	return nil
}

// parseConnectionAddress reads an IP address or a name. It returns the form in
// which the address is kept, and the address itself unless it is a name.
func parseConnectionAddress(field, s string) (string, netip.Addr, error) {
	if s == "" {
		return "", netip.Addr{}, candidateError(field, s, "an address is expected")
	}
	if ip, err := netip.ParseAddr(s); err == nil {
		// A zone means something on the sender's host alone (RFC 4007 §11.2).
		ip = ip.Unmap().WithZone("")
		return ip.String(), ip, nil
	}
	if !isHostName(s) {
		return "", netip.Addr{}, candidateError(field, s, "an IPv4 or IPv6 address or a host name is expected")
	}
	return s, netip.Addr{}, nil
}

// isHostName reports whether s is a domain name with a letter in it, so that a
// misspelt IPv4 address is not taken for one (RFC 1123 §2.1).
func isHostName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > maxFQDNLength {
		return false
	}
	letter := false
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || !all(label, isLabelChar) {
			return false
		}
		letter = letter || !all(label, isDigit)
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	return letter && !all(last, isDigit)
}

// isMulticastDNSName reports whether s is one label under .local
// (draft-ietf-mmusic-mdns-ice-candidates §3.1.1).
func isMulticastDNSName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	i := strings.IndexByte(s, '.')
	return i > 0 && equalFold(s[i+1:], "local") && isHostName(s)
}

func parseNumber(field, s string, low, high uint64) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	// ParseUint takes no sign and no space; more than ten digits are refused
	// though zeros (RFC 8839 §5.1: 1*10DIGIT).
	if err != nil || len(s) > 10 || n < low || n > high {
		return 0, candidateError(field, s, fmt.Sprintf("a number from %d to %d is expected", low, high))
	}
	return n, nil
}

// nextField cuts the first field from s, skipping spaces before it, and the one
// space behind it.
func nextField(s string) (field, rest string) {
	field, rest, _ = strings.Cut(strings.TrimLeft(s, " "), " ")
	return field, rest
}

func trimPrefixFold(s, prefix string) string {
	if len(s) >= len(prefix) && equalFold(s[:len(prefix)], prefix) {
		return s[len(prefix):]
	}
	return s
}

func all(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool   { return '0' <= c && c <= '9' }
func isLetter(c byte) bool  { return 'a' <= lower(c) && lower(c) <= 'z' }
func isVisible(c byte) bool { return 0x21 <= c && c <= 0x7e }

// isICEChar: ice-char of RFC 8839 §5.1.
func isICEChar(c byte) bool { return isDigit(c) || isLetter(c) || c == '+' || c == '/' }

// isLabelChar: what a label of a host name has; the underscore is written by
// some resolvers and taken.
func isLabelChar(c byte) bool { return isDigit(c) || isLetter(c) || c == '-' || c == '_' }

// isTokenChar: token-char of RFC 8866 §9.
func isTokenChar(c byte) bool {
	return isVisible(c) && !strings.ContainsRune("\"(),/:;<=>?@[\\]", rune(c))
}
