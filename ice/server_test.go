package ice

import (
	"errors"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

func TestParseServerURL(t *testing.T) {
	for _, test := range []struct {
		url       string
		scheme    Scheme
		host      string
		port      uint16
		transport string
	}{
		{"stun:example.org", SchemeSTUN, "example.org", 3478, "udp"},
		{"stun:example.org:", SchemeSTUN, "example.org", 3478, "udp"},
		{"STUN:example.org:8000", SchemeSTUN, "example.org", 8000, "udp"},
		{"stuns:example.org", SchemeSTUNS, "example.org", 5349, "tcp"},
		{"stun:192.0.2.1:1", SchemeSTUN, "192.0.2.1", 1, "udp"},
		{"stun:[2001:db8::1]", SchemeSTUN, "2001:db8::1", 3478, "udp"},
		{"stun:[2001:db8::1]:65535", SchemeSTUN, "2001:db8::1", 65535, "udp"},
		{"stun:example.org ", SchemeSTUN, "example.org", 3478, "udp"},
		{"stun:example.org\x00", SchemeSTUN, "example.org", 3478, "udp"},
		{"stun:ex\u00e4mple.org", SchemeSTUN, "xn--exmple-cua.org", 3478, "udp"},
		{"stun:example.org:0", SchemeSTUN, "example.org", 0, "udp"},
		{"stun:example.org:000003478", SchemeSTUN, "example.org", 3478, "udp"},
		{"stun:localhost", SchemeSTUN, "localhost", 3478, "udp"},
		{"turn:example.org", SchemeTURN, "example.org", 3478, "udp"},
		{"turn:example.org?transport=udp", SchemeTURN, "example.org", 3478, "udp"},
		{"turn:example.org:443?transport=TCP", SchemeTURN, "example.org", 443, "tcp"},
		{"turns:example.org", SchemeTURNS, "example.org", 5349, "tcp"},
		{"turns:[::1]:5350?transport=udp", SchemeTURNS, "::1", 5350, "udp"},
	} {
		s, err := ParseServerURL(test.url)
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		if s.Scheme != test.scheme || s.Host != test.host || s.Port != test.port || s.Transport != test.transport || s.URL != test.url || s.String() != test.url {
			t.Errorf("%s: %+v", test.url, s)
		}
	}
}

func TestParseServerURLErrors(t *testing.T) {
	for _, test := range []struct{ url, says string }{
		{"", "expected at its start"},
		{"example.org", "expected at its start"},
		{"http://example.org", "scheme"},
		{"stun", "expected at its start"},
		{"stun:", "neither a host name"},
		{"stun::3478", "neither a host name"},
		{"stun://example.org", "without //"},
		{"stun:user@example.org", "username and credential"},
		{"turn:user:secret@example.org", "username and credential"},
		{"stun:exam ple.org", "neither a host name"},
		{"stun: example.org", "neither a host name"},
		{"stun:example.org:99999", "port"},
		{"stun:example.org:-1", "port"},
		{"stun:example.org:+1", "port"},
		{"stun:example.org:34x", "port"},
		{"stun:example.org?transport=udp", "no query"},
		{"stuns:example.org?", "no query"},
		{"turn:example.org?", "the query is"},
		{"turn:example.org?transport=", "not one of udp and tcp"},
		{"turn:example.org?transport=sctp", "not one of udp and tcp"},
		{"turn:example.org?transport=udp&x=y", "not one of udp and tcp"},
		{"turn:example.org?proto=udp", "the query is"},
		{"stun:2001:db8::1", "brackets"},
		{"stun:[2001:db8::1", "not closed"},
		{"stun:[192.0.2.1]", "no IPv6 address"},
		{"stun:[fe80::1%eth0]", "no IPv6 address"},
		{"stun:[::1]3478", "a colon and a port"},
		{"stun:192.0.2.256", "neither a host name"},
		{"stun:example.org/path", "no place for a path"},
		{"stun:example.org#frag", "no place for a fragment"},
	} {
		s, err := ParseServerURL(test.url)
		var syntax *rtcerr.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: %v, want a SyntaxError that says %q", test.url, err, test.says)
		}
		if s != (Server{}) {
			t.Errorf("%q: an error and a server", test.url)
		}
	}
}

func FuzzParseServerURL(f *testing.F) {
	for _, url := range []string{"stun:example.org:3478", "turns:[2001:db8::1]:5349?transport=tcp", "turn:user@host", "stun:h:99999"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		s, err := ParseServerURL(url)
		if err != nil {
			return
		}
		if s.Host == "" || s.Scheme == 0 || (s.Transport != "udp" && s.Transport != "tcp") || strings.ContainsAny(s.Host, "@ /?#") {
			t.Fatalf("%q: %+v", url, s)
		}
	})
}
