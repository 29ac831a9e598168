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
	// Host is a domain name, or an IP address without brackets.
	Host string
	// Port is 1 to 65535.
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
	// OAuth says that the credential is a token of RFC 7635, which is not spoken:
	// such a server gives a CandidateError.
	OAuth bool
}

// String returns the URI as it was given.
func (s Server) String() string { return s.URL }

// Addr returns the address of a server whose host is an IP address.
func (s Server) Addr() (netip.AddrPort, bool) {
	ip, err := netip.ParseAddr(s.Host)
	if err != nil {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(ip.Unmap(), s.Port), true
}

// ParseServerURL reads a stun, stuns, turn or turns URI (RFC 7064 §3.1,
// RFC 7065 §3.1). It takes exactly
//
//	stun:host[:port]              stuns:host[:port]
//	turn:host[:port][?transport=udp|tcp]    turns:…
//
// where host is a domain name, an IPv4 address or an IPv6 address in brackets.
// The error is a *rtcerr.SyntaxError that says which part is wrong.
func ParseServerURL(raw string) (Server, error) {
	s := Server{URL: raw}
	scheme, rest, found := strings.Cut(raw, ":")
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
	if strings.HasPrefix(rest, "//") {
		return Server{}, serverError(raw, "the host follows the colon directly, without //")
	}
	if strings.Contains(rest, "@") {
		return Server{}, serverError(raw, "the URI has no place for a user name; give it as username and credential")
	}
	if !all(rest, isVisible) {
		return Server{}, serverError(raw, "only visible ASCII characters are allowed; a name outside ASCII is written in punycode")
	}
	authority, query, hasQuery := strings.Cut(rest, "?")
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

func (s *Server) parseHostPort(authority string) error {
	port, hasPort := "", false
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 {
			return serverError(s.URL, "the bracket before the IPv6 address is not closed")
		}
		s.Host = authority[1:end]
		ip, err := netip.ParseAddr(s.Host)
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return serverError(s.URL, "%.50q is no IPv6 address", s.Host)
		}
		rest := authority[end+1:]
		if port, hasPort = strings.CutPrefix(rest, ":"); !hasPort && rest != "" {
			return serverError(s.URL, "%.20q follows the address; a colon and a port may", rest)
		}
	} else {
		s.Host, port, hasPort = strings.Cut(authority, ":")
		if strings.Contains(port, ":") {
			return serverError(s.URL, "an IPv6 address stands in brackets")
		}
		if ip, err := netip.ParseAddr(s.Host); (err != nil || !ip.Is4()) && !isHostName(s.Host) {
			return serverError(s.URL, "%.50q is neither a host name nor an IPv4 address", s.Host)
		}
	}
	s.Port = defaultSTUNPort
	if s.Scheme.IsSecure() {
		s.Port = defaultSTUNTLSPort
	}
	// The grammar's port is *DIGIT (RFC 3986 §3.2.3): after the colon it may be
	// missing.
	if !hasPort || port == "" {
		return nil
	}
	n, err := strconv.ParseUint(port, 10, 64)
	if err != nil || len(port) > 5 || n < 1 || n > 65535 {
		return serverError(s.URL, "the port %.20q is not a number from 1 to 65535", port)
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
func (s Server) unsupported() string {
	switch {
	case s.Scheme == SchemeSTUNS:
		return "stuns servers are not supported"
	case s.Scheme.IsTURN() && s.OAuth:
		return "OAuth credentials (RFC 7635) are not supported"
	case s.Scheme.IsTURN() && s.relayProtocol() == "dtls":
		return "TURN over DTLS is not supported"
	}
	return ""
}

// hostPort is the server for a log line.
func (s Server) hostPort() string { return net.JoinHostPort(s.Host, strconv.Itoa(int(s.Port))) }

func serverError(url, format string, args ...any) error {
	return &rtcerr.SyntaxError{Err: fmt.Errorf("ICE server URL %.100q: %s", url, fmt.Sprintf(format, args...))}
}
