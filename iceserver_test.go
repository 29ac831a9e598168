package webrtc

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// The kinds of error that a table expects.
const (
	none         = ""
	syntax       = "SyntaxError"
	access       = "InvalidAccessError"
	modification = "InvalidModificationError"
	unsupported  = "NotSupportedError"
	wrongType    = "TypeError"
	outOfRange   = "RangeError"
)

// kindOf returns the W3C name of an error, "" for nil.
func kindOf(err error) string {
	var (
		s  *rtcerr.SyntaxError
		a  *rtcerr.InvalidAccessError
		m  *rtcerr.InvalidModificationError
		n  *rtcerr.NotSupportedError
		ty *rtcerr.TypeError
		r  *rtcerr.RangeError
	)
	switch {
	case err == nil:
		return none
	case errors.As(err, &s):
		return syntax
	case errors.As(err, &a):
		return access
	case errors.As(err, &m):
		return modification
	case errors.As(err, &n):
		return unsupported
	case errors.As(err, &ty):
		return wrongType
	case errors.As(err, &r):
		return outOfRange
	default:
		return "another error"
	}
}

// webrtc-pc §4.4.1.6: the checks of ICE servers, in its order.
func TestICEServerChecks(t *testing.T) {
	urls := func(u ...string) ICEServer { return ICEServer{URLs: u} }
	turn := func(username string, credential any) ICEServer {
		return ICEServer{URLs: []string{"turn:example.org"}, Username: username, Credential: credential}
	}
	for _, c := range []struct {
		name   string
		server ICEServer
		want   string
		cause  error
		says   string // what the message must contain
	}{
		{"no URLs", urls(), syntax, nil, "at least one"},
		{"empty list", ICEServer{URLs: []string{}}, syntax, nil, "at least one"},
		{"empty URL", urls(""), syntax, nil, "stun:"},
		{"second URL empty", urls("stun:example.org", ""), syntax, nil, "stun:"},
		{"relative", urls("relative-url"), syntax, nil, "relative-url"},
		{"http", urls("http://example.org"), syntax, nil, "http"},
		{"no host", urls("stun:"), syntax, nil, "stun:"},
		{"slashes", urls("stun://example.org"), syntax, nil, "//"},
		{"query on stun", urls("stun:example.org?transport=udp"), syntax, nil, "query"},
		{"port too large", urls("stun:example.org:65536"), syntax, nil, "65536"},
		{"port no number", urls("stun:example.org:b"), syntax, nil, "port"},
		{"bracket open", urls("stun:[2001:db8::1"), syntax, nil, "bracket"},
		{"fragment", urls("stun:example.org#f"), syntax, nil, "example.org#f"},
		{"unknown transport", ICEServer{URLs: []string{"turn:example.org?transport=sctp"}, Username: "u", Credential: "c"}, syntax, nil, "sctp"},
		{"bad URL before missing credentials", urls("turn:"), syntax, nil, ""},
		{"stun", urls("stun:example.org"), none, nil, ""},
		{"stun in capitals", urls("STUN:example.org"), none, nil, ""},
		{"stuns, IPv6 and port", urls("stuns:[2001:db8::1]:5349"), none, nil, ""},
		{"several", urls("stun:a.example.org", "stun:b.example.org:3479"), none, nil, ""},
		{"stun needs no credentials of any kind", ICEServer{URLs: []string{"stun:example.org"}, Credential: 5}, none, nil, ""},
		{"turn", turn("u", "c"), none, nil, ""},
		{"turn and both empty", turn("", ""), none, nil, ""},
		{"turn and empty password", turn("u", ""), none, nil, ""},
		{"turn over TCP", ICEServer{URLs: []string{"turn:example.org?transport=tcp", "turns:example.org"}, Username: "u", Credential: "c"}, none, nil, ""},
		{"turn without anything", turn("", nil), access, ErrNoTurnCredentials, "turn:example.org"},
		{"turn without credential", turn("u", nil), access, ErrNoTurnCredentials, "credential"},
		{"turn without username", turn("", "c"), access, ErrNoTurnCredentials, "username"},
		{"turn after stun without credential", ICEServer{URLs: []string{"stun:example.org", "turns:example.org"}}, access, ErrNoTurnCredentials, "turns:example.org"},
		{"username of 509 bytes", turn(strings.Repeat("a", 509), "c"), none, nil, ""},
		{"username of 510 bytes", turn(strings.Repeat("a", 510), "c"), access, ErrTurnCredentials, "510"},
		{"password that is none", turn("u", 5), access, ErrTurnCredentials, "int"},
		{"token for a password", turn("u", OAuthCredential{"k", "t"}), access, ErrTurnCredentials, "OAuthCredential"},
		{"token", ICEServer{URLs: []string{"turn:example.org"}, Username: "u", Credential: OAuthCredential{"k", "t"}, CredentialType: ICECredentialTypeOauth}, none, nil, ""},
		{"password for a token", ICEServer{URLs: []string{"turn:example.org"}, Username: "u", Credential: "c", CredentialType: ICECredentialTypeOauth}, access, ErrTurnCredentials, "string"},
		{"no such type", ICEServer{URLs: []string{"turn:example.org"}, Username: "u", Credential: "c", CredentialType: 7}, access, ErrTurnCredentials, "7"},
	} {
		_, err := c.server.parse()
		if kindOf(err) != c.want || c.cause != nil && !errors.Is(err, c.cause) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %q, cause %v, with %q", c.name, err, c.want, c.cause, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the message has the credential: %v", c.name, err)
		}
	}
}

func TestICEServerParses(t *testing.T) {
	servers, err := ICEServer{URLs: []string{"stun:a.example.org", "turn:b.example.org?transport=tcp"}, Username: "u", Credential: "c"}.parse()
	want := []ice.Server{
		{Scheme: ice.SchemeSTUN, Host: "a.example.org", Port: 3478, Transport: "udp", URL: "stun:a.example.org"},
		{Scheme: ice.SchemeTURN, Host: "b.example.org", Port: 3478, Transport: "tcp", URL: "turn:b.example.org?transport=tcp", Username: "u", Credential: "c"},
	}
	if err != nil || !reflect.DeepEqual(servers, want) {
		t.Errorf("got %+v, %v", servers, err)
	}
}

// The forms that pion/webrtc v4.2.20 writes.
func TestICEServerIsWritten(t *testing.T) {
	for _, c := range []struct {
		server ICEServer
		want   string
	}{
		{ICEServer{}, `{"credentialType":"password","urls":null}`},
		{ICEServer{URLs: []string{"stun:a"}}, `{"credentialType":"password","urls":["stun:a"]}`},
		{ICEServer{URLs: []string{"turn:a"}, Username: "u", Credential: "c"}, `{"credential":"c","credentialType":"password","urls":["turn:a"],"username":"u"}`},
		{
			ICEServer{URLs: []string{"turn:a"}, Username: "u", Credential: OAuthCredential{"k", "t"}, CredentialType: ICECredentialTypeOauth},
			`{"credential":{"MACKey":"k","AccessToken":"t"},"credentialType":"oauth","urls":["turn:a"],"username":"u"}`,
		},
		{ICEServer{URLs: []string{"turn:a"}, Username: "u", Credential: 5}, `{"credential":5,"credentialType":"password","urls":["turn:a"],"username":"u"}`},
	} {
		if got, err := json.Marshal(c.server); err != nil || string(got) != c.want {
			t.Errorf("got %s (%v), want %s", got, err, c.want)
		}
	}
}

func TestICEServerIsRead(t *testing.T) {
	before := ICEServer{URLs: []string{"stun:before"}}
	for _, c := range []struct {
		text string
		want ICEServer
		ok   bool
	}{
		{`{}`, ICEServer{URLs: []string{}}, true},
		{`{"urls":[]}`, ICEServer{URLs: []string{}}, true},
		{`{"urls":["stun:a","stun:b"]}`, ICEServer{URLs: []string{"stun:a", "stun:b"}}, true},
		{`{"urls":["turn:a"],"username":"u","credential":"c"}`, ICEServer{URLs: []string{"turn:a"}, Username: "u", Credential: "c"}, true},
		{`{"urls":["turn:a"],"credential":""}`, ICEServer{URLs: []string{"turn:a"}, Credential: ""}, true},
		{`{"urls":["turn:a"],"credential":5}`, ICEServer{URLs: []string{"turn:a"}, Credential: 5.0}, true},
		{
			`{"urls":["turn:a"],"credential":{"MACKey":"k","AccessToken":"t"},"credentialType":"oauth"}`,
			ICEServer{URLs: []string{"turn:a"}, Credential: OAuthCredential{"k", "t"}, CredentialType: ICECredentialTypeOauth}, true,
		},
		// The browsers' forms, which pion does not read.
		{`{"urls":"stun:a"}`, ICEServer{URLs: []string{"stun:a"}}, true},
		{`{"urls":["turn:a"],"credential":null,"username":null,"credentialType":null}`, ICEServer{URLs: []string{"turn:a"}}, true},
		{
			`{"urls":["turn:a"],"credential":{"macKey":"k","accessToken":"t"},"credentialType":"oauth"}`,
			ICEServer{URLs: []string{"turn:a"}, Credential: OAuthCredential{"k", "t"}, CredentialType: ICECredentialTypeOauth}, true,
		},
		{`null`, before, false},
		{`[]`, before, false},
		{`{"urls":null}`, before, false},
		{`{"urls":5}`, before, false},
		{`{"urls":[5]}`, before, false},
		{`{"urls":[null]}`, before, false},
		{`{"urls":["turn:a"],"username":5}`, before, false},
		{`{"urls":["turn:a"],"credential":"x","credentialType":"bogus"}`, before, false},
		{`{"urls":["turn:a"],"credential":"x","credentialType":"oauth"}`, before, false},
		{`{"urls":["turn:a"],"credential":{},"credentialType":"oauth"}`, before, false},
		{`{"urls":"stun:a","credentialType":5}`, before, false},
	} {
		got := before
		err := (&got).UnmarshalJSON([]byte(c.text))
		if (err == nil) != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %#v, %v\nwant %#v", c.text, got, err, c.want)
		}
	}
}
