package ice

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// Scheme is the scheme of a STUN or TURN URI.
type Scheme byte

const (
	// SchemeSTUN is stun: STUN over UDP (RFC 7064).
	SchemeSTUN Scheme = iota + 1
	// SchemeSTUNS is stuns: STUN over TLS or DTLS (RFC 7064).
	SchemeSTUNS
	// SchemeTURN is turn: TURN over UDP or TCP (RFC 7065).
	SchemeTURN
	// SchemeTURNS is turns: TURN over TLS or DTLS (RFC 7065).
	SchemeTURNS
)

// String returns stun, stuns, turn or turns.
func (s Scheme) String() string {
	switch s {
	case SchemeSTUN:
		return "stun"
	case SchemeSTUNS:
		return "stuns"
	case SchemeTURN:
		return "turn"
	case SchemeTURNS:
		return "turns"
	}
	return fmt.Sprintf("unknown scheme %d", byte(s))
}

// IsTURN reports whether the server relays: turn or turns.
func (s Scheme) IsTURN() bool { return s == SchemeTURN || s == SchemeTURNS }

// IsSecure reports whether the transport is encrypted: stuns or turns.
func (s Scheme) IsSecure() bool { return s == SchemeSTUNS || s == SchemeTURNS }

// The ports that a URI without one means (RFC 7064 §3.2, RFC 7065 §3.2).
const (
	defaultSTUNPort    = 3478
	defaultSTUNTLSPort = 5349
)

// A Server is a STUN or TURN server, from its URI and its credentials.
type Server struct {
	Scheme Scheme
	// Host is a domain name in ASCII, or an IP address without brackets.
	Host string
	// Port is 0 to 65535; at 0 no server can be.
	Port uint16
	// Transport is "udp" or "tcp": for turn and turns what the URI says, udp for
	// turn and tcp for turns where it says nothing (RFC 7065 §3.2); for stun
	// "udp" and for stuns "tcp".
	Transport string
	// URL is the URI as it was given; events name the server by it.
	URL string
	// Username and Credential are those of a TURN server. They come from beside
	// the URI, which has no place for them, and are never logged.
	Username   string
	Credential string
	// OAuth says that AccessToken is a token of RFC 7635 in base64, Username the
	// identifier of its key, and Credential the MAC key in base64: 20 bytes for
	// integrity with HMAC-SHA-1, or 32 for HMAC-SHA-256.
	OAuth       bool
	AccessToken string
}

// String returns the URI as it was given.
func (s Server) String() string { return s.URL }

// GoString keeps the credentials out of %#v, too.
func (s Server) GoString() string { return fmt.Sprintf("ice.Server(%q)", s.URL) }

// Addr returns the address of a server whose host is an IP address.
func (s Server) Addr() (netip.AddrPort, bool) {
	ip, err := netip.ParseAddr(s.Host)
	if err != nil {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(ip.Unmap(), s.Port), true
}

// ParseServerURL reads a stun, stuns, turn or turns URL (RFC 7064 §3.1,
// RFC 7065 §3.1) as webrtc-pc §4.4.1.6 does (validate an ICE server URL):
//
//	stun:host[:port]              stuns:host[:port]
//	turn:host[:port][?transport=udp|tcp]    turns:…
//
// where host is what the URL Standard takes for the host of a web address: a
// domain name, which becomes punycode if it is not ASCII, an IPv4 address, or an
// IPv6 address in brackets. A host that passes need not be one that DNS knows.
// The error is a *rtcerr.SyntaxError that says which part is wrong.
func ParseServerURL(raw string) (Server, error) {
	s := Server{URL: raw}
	scheme, rest, found := strings.Cut(trimURL(raw), ":")
	if !found {
		return Server{}, serverError(raw, "stun:, stuns:, turn: or turns: is expected at its start")
	}
	for sc := SchemeSTUN; sc <= SchemeTURNS; sc++ {
		// Schemes are compared without regard to case (RFC 3986 §3.1).
		if equalFold(scheme, sc.String()) {
			s.Scheme = sc
		}
	}
	if s.Scheme == 0 {
		return Server{}, serverError(raw, "the scheme %.20q is not one of stun, stuns, turn and turns", scheme)
	}
	// A SyntaxError results where "parsedURL does not have an opaque path" or
	// "parsedURL's fragment is non-null", and for a user name or a path.
	if strings.HasPrefix(rest, "/") {
		return Server{}, serverError(raw, "the host follows the colon directly, without //")
	}
	authority, query, hasQuery := strings.Cut(rest, "?")
	if strings.Contains(rest, "#") {
		return Server{}, serverError(raw, "there is no place for a fragment")
	}
	if strings.Contains(authority, "@") {
		return Server{}, serverError(raw, "there is no place for a user name; give it as username and credential")
	}
	if strings.ContainsAny(authority, "/\\") {
		return Server{}, serverError(raw, "there is no place for a path")
	}
	if err := s.parseTransport(query, hasQuery); err != nil {
		return Server{}, err
	}
	if err := s.parseHostPort(authority); err != nil {
		return Server{}, err
	}
	return s, nil
}

func (s *Server) parseTransport(query string, hasQuery bool) error {
	s.Transport = "udp"
	if s.Scheme.IsSecure() {
		s.Transport = "tcp"
	}
	if !hasQuery {
		return nil
	}
	// RFC 7064 §3.1: the stun and stuns schemes have no query.
	if !s.Scheme.IsTURN() {
		return serverError(s.URL, "a %s URI has no query", s.Scheme)
	}
	key, value, _ := strings.Cut(query, "=")
	if key != "transport" {
		return serverError(s.URL, "the query is ?transport=udp or ?transport=tcp")
	}
	value = strings.ToLower(value)
	if value != "udp" && value != "tcp" {
		return serverError(s.URL, "the transport %.20q is not one of udp and tcp", value)
	}
	s.Transport = value
	return nil
}

// parseHostPort is the rest of it: "Let hostAndPortURL be result of parsing the
// concatenation of "https://" and parsedURL's path." A failure is a SyntaxError.
func (s *Server) parseHostPort(authority string) error {
	host, port := authority, ""
	// A colon in brackets is the address's.
	if i := strings.IndexByte(authority, ':'); i >= 0 && !strings.HasPrefix(authority, "[") {
		host, port = authority[:i], authority[i+1:]
	} else if end := strings.IndexByte(authority, ']'); end >= 0 && strings.HasPrefix(authority, "[") {
		host = authority[:end+1]
		after, isPort := strings.CutPrefix(authority[end+1:], ":")
		if !isPort && after != "" {
			return serverError(s.URL, "%.20q follows the address; a colon and a port may", after)
		}
		port = after
	}
	if strings.Contains(port, ":") {
		return serverError(s.URL, "an IPv6 address stands in brackets")
	}
	var err error
	if s.Host, err = parseServerHost(host); err != nil {
		return serverError(s.URL, "%v", err)
	}
	s.Port = defaultSTUNPort
	if s.Scheme.IsSecure() {
		s.Port = defaultSTUNTLSPort
	}
	// The grammar's port is *DIGIT (RFC 3986 §3.2.3): after the colon it may be
	// missing, and have zeros before it.
	if port == "" {
		return nil
	}
	digits := strings.TrimLeft(port, "0")
	n, err := strconv.ParseUint("0"+digits, 10, 64)
	if err != nil || len(digits) > 5 || n > 65535 {
		return serverError(s.URL, "the port %.20q is not a number from 0 to 65535", port)
	}
	s.Port = uint16(n)
	return nil
}

// relayProtocol is the protocol between a client and the TURN server: udp, tcp,
// tls or dtls.
func (s Server) relayProtocol() string {
	switch {
	case !s.Scheme.IsSecure():
		return s.Transport
	case s.Transport == "tcp":
		return "tls"
	}
	return "dtls"
}

// unsupported says why the server cannot be asked, and "" if it can.
func (s Server) unsupported(dtls DTLSDialer) string {
	switch {
	case s.Port == 0:
		return "no server has port 0"
	case s.Scheme == SchemeSTUNS:
		return "stuns servers are not supported"
	case s.Scheme.IsTURN() && s.OAuth && s.credentials().token == nil:
		return "the OAuth credential is not a token and a MAC key of 20 or 32 bytes, both in base64"
	case s.Scheme.IsTURN() && s.relayProtocol() == "dtls" && dtls == nil:
		return "TURN over DTLS is not supported"
	}
	return ""
}

// hostPort is the server for a log line.
func (s Server) hostPort() string { return net.JoinHostPort(s.Host, strconv.Itoa(int(s.Port))) }

func serverError(url, format string, args ...any) error {
	return &rtcerr.SyntaxError{Err: fmt.Errorf("ICE server URL %.100q: %s", url, fmt.Sprintf(format, args...))}
}
