package ice

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// serverDomains is the "domain to ASCII" of the URL Standard (§3.3) without
// strictness: CheckHyphens, UseSTD3ASCIIRules and VerifyDnsLength are false,
// CheckBidi and CheckJoiners true, Transitional_Processing is false.
var serverDomains = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true), idna.CheckHyphens(false),
	idna.StrictDomainName(false), idna.VerifyDNSLength(false), idna.Transitional(false),
)

// trimURL is the start of the URL Standard's basic URL parser (§4.4): "Remove any
// leading and trailing C0 control or space from input", "Remove all ASCII tab or
// newline from input".
func trimURL(raw string) string {
	trimmed := strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	return strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(trimmed)
}

// parseServerHost is the host parser of the URL Standard (§3.5) for a special
// scheme: a name outside ASCII becomes punycode, and one that ends in a number an
// IPv4 address. An IPv6 address comes without its brackets.
func parseServerHost(text string) (string, error) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		if !closed {
			return "", fmt.Errorf("the bracket before the IPv6 address is not closed")
		}
		ip, err := netip.ParseAddr(inner)
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return "", fmt.Errorf("%.50q is no IPv6 address", inner)
		}
		return inner, nil
	}
	// "Let domain be the result of running UTF-8 decode without BOM on the
	// percent-decoding of input." What is not UTF-8 becomes U+FFFD, which no domain
	// has.
	domain := strings.ToValidUTF8(percentDecode(text), "\uFFFD")
	ascii, err := serverDomains.ToASCII(domain)
	if err != nil {
		return "", fmt.Errorf("%.50q is neither a host name nor an IPv4 address: %w", text, err)
	}
	// An empty domain, and one with a forbidden domain code point, is a failure.
	if ascii == "" || strings.ContainsFunc(ascii, isForbiddenInDomain) {
		return "", fmt.Errorf("%.50q is neither a host name nor an IPv4 address", text)
	}
	if !endsInNumber(ascii) {
		return ascii, nil
	}
	ip, ok := parseNumericIPv4(ascii)
	if !ok {
		return "", fmt.Errorf("%.50q ends in a number and is neither a host name nor an IPv4 address", text)
	}
	return ip.String(), nil
}

// percentDecode replaces each %XX by its byte; a % before anything else stays.
func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// isForbiddenInDomain is the "forbidden domain code point" of the URL Standard
// (§3.2).
func isForbiddenInDomain(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune("#/:<>?@[\\]^|%", r)
}

// endsInNumber is the "ends in a number checker" of the URL Standard (§3.5).
func endsInNumber(domain string) bool {
	labels := strings.Split(strings.TrimSuffix(domain, "."), ".")
	last := labels[len(labels)-1]
	if last != "" && strings.Trim(last, "0123456789") == "" {
		return true
	}
	_, ok := ipv4Number(last)
	return ok
}

// ipv4Number is the "IPv4 number parser" of the URL Standard (§3.5): 0x and 0
// before a number make it hexadecimal and octal.
func ipv4Number(s string) (uint64, bool) {
	base := 10
	switch {
	case s == "":
		return 0, false
	case len(s) >= 2 && (s[:2] == "0x" || s[:2] == "0X"):
		s, base = s[2:], 16
	case len(s) >= 2 && s[0] == '0':
		s, base = s[1:], 8
	}
	if s == "" {
		return 0, true // of "0x"
	}
	n, err := strconv.ParseUint(s, base, 64)
	if err != nil && base == 16 && strings.Trim(s, "0123456789abcdefABCDEF") == "" {
		return 1 << 40, true // a number, and too large
	}
	return n, err == nil
}

// parseNumericIPv4 is the IPv4 parser of the URL Standard (§3.5): the last of up
// to four numbers fills what the others leave.
func parseNumericIPv4(domain string) (netip.Addr, bool) {
	parts := strings.Split(strings.TrimSuffix(domain, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var ip uint64
	for i, part := range parts {
		n, ok := ipv4Number(part)
		limit := uint64(1) << 8
		if i == len(parts)-1 {
			limit = 1 << (8 * (5 - len(parts)))
		}
		if !ok || n >= limit {
			return netip.Addr{}, false
		}
		if i == len(parts)-1 {
			ip |= n
		} else {
			ip |= n << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}), true
}
