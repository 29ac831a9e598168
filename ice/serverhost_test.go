package ice

import (
	"errors"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// webrtc-pc §4.4.1.6, validate an ICE server URL, with the host parser of the URL
// Standard (§3.5).
func TestServerHostsAreThoseOfTheURLStandard(t *testing.T) {
	for url, host := range map[string]string{
		"stun:exa\tmple.\norg":                   "example.org",
		"stun:ex%61mple.org":                     "example.org",
		"stun:example.org:\n":                    "example.org",
		"\x00\x1b stun:example.org\x1f \r ":      "example.org",
		"stun:GO\u200b\u2060\ufeffgo.org":        "gogo.org",
		"stun:www.example\u3002org":              "www.example.org",
		"stun:\uff27\uff4f.org":                  "go.org",
		"stun:fa\u00df.ExAmPlE":                  "xn--fa-hia.example",
		"stun:\u4f60\u597d":                      "xn--6qq79v",
		"stun:smile\u263a.org":                   "xn--smile-2k1c.org",
		"stun:%30%78%63%30%2e%30%32%35%30.01":    "192.168.0.1",
		"stun:%30%78%63%30%2e%30%32%35%30.01%2e": "192.168.0.1",
		"stun:\uff10\uff38c0.0250.01":            "192.168.0.1",
		"stun:1.2.3.4.":                          "1.2.3.4",
		"stun:192.168.257":                       "192.168.1.1",
		"stun:192.0x00A80001":                    "192.168.0.1",
		"stun:256":                               "0.0.1.0",
		"stun:1.0x":                              "1.0.0.0",
		"stun:0xffffffff":                        "255.255.255.255",
		"stun:999999999":                         "59.154.201.255",
		"stun:256.org":                           "256.org",
		"stun:.":                                 ".",
		"stun:-a.org":                            "-a.org",
		"stun:a..b":                              "a..b",
		"stun:!\"$&'()*+,-.;=_`{}~":              "!\"$&'()*+,-.;=_`{}~",
		"stun:" + strings.Repeat("a", 64) + ".o": strings.Repeat("a", 64) + ".o",
	} {
		s, err := ParseServerURL(url)
		if err != nil || s.Host != host {
			t.Errorf("%q: host %q (%v), want %q", url, s.Host, err, host)
		}
	}
	for _, url := range []string{
		"stun:example.org:65536", "stun:example.org:b", "stun:example.org: 21 ", "stun:example.org:-21",
		"stun:example.org#", "stun:[61:24:74]:98", "stun:[::127.0.0.1.]", "stun:GO\u00a0\u3000go.org", "stun:\ufdd0a.org",
		"stun:%ef%b7%90a.org", "stun:\ufffd", "stun:%EF%BF%BD", "stun:a.xn--pokxncvks", "stun:10.0.0.XN--pokxncvks",
		"stun:\uff05\uff14\uff11.org", "stun:%ef%bc%85%ef%bc%90%ef%bc%90.org", "stun:%zz%66%a.org", "stun:%25", "stun:hello%00",
		"stun:192.168.0.257", "stun:%3g%78.01", "stun:192.168.0.1 hello", "stun:x x:12", "stun:[example.org]", "stun:[::1.2.3.4x]",
		"stun:[::1.2.3.]", "stun:[::.1]", "stun:[::%31]", "stun:%5B::1]", "stun:a\x00b", "stun:a<b", "stun:a[b", "stun:a\\b", "stun:a^b",
		"stun:ho%00st", "stun:example.org%80", "stun:10000000000", "stun:0xffffffff1", "stun:256.256.256.256", "stun:1.2.3.4.5",
		"stun:example.org/a", "stun:/example.org", "stun:@example.org", "stun:", "stun::1", "example.org",
		"stun:1.0xfffffffffffffffffff", "stun:09.1",
	} {
		s, err := ParseServerURL(url)
		var syntax *rtcerr.SyntaxError
		if !errors.As(err, &syntax) || s != (Server{}) {
			t.Errorf("%q: %+v (%v), want a SyntaxError", url, s, err)
		}
	}
}
