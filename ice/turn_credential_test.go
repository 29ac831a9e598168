package ice

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/turntest"
)

// RFC 8265 §4.2: what two ways of typing a password give is one key.
func TestOpaqueString(t *testing.T) {
	for in, want := range map[string]string{
		"pass word":      "pass word",
		"pass\u00a0word": "pass word", // no-break space
		"\u3000x":        " x",        // ideographic space
		"e\u0301tude":    "\u00e9tude",
		"CafÉ":           "CafÉ",   // case is kept
		"\uff41":         "\uff41", // NFC leaves width alone
		"\xff\u00a0":     "\xff\u00a0",
		"":               "",
	} {
		if got := opaqueString(in); got != want {
			t.Errorf("%+q gives %+q, want %+q", in, got, want)
		}
	}
	// RFC 5769 §2.4 has a long-term credential of such characters.
	const user, password = "\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9", "The\u00ADM\u00AAtr\u2168"
	m := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewLongTermIntegrity(user, "example.org", password))
	if _, ok := newLongTermKey(user, "example.org", password, passwordMD5, false).verify(m.Raw); !ok {
		t.Error("OpaqueString changes what it has to leave alone")
	}
}

// With OAuth the token goes with each request, and the MAC key signs it; its size
// says by which hash (RFC 7635 §4).
func TestOAuthCredentials(t *testing.T) {
	for _, size := range []int{macKeySHA1, macKeySHA256} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			token, key := []byte("opaque to the client"), bytes.Repeat([]byte{7}, size)
			scenario(t, func(t *testing.T, n *simnet.Network) {
				turn := serveTURN(t, n, "198.51.100.1", func(c *turntest.Config) { c.AccessToken, c.MACKey, c.NonceUses = token, key, 1 })
				defer turn.Close()
				a := connectOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), true, func(c *GathererConfig) {
					c.Servers, c.Policy = oauthServers(t, token, key), GatherRelay
				})
				b := connectOn(t, n.Host("b", simnet.Addrs("192.0.2.2")), false, nil)
				defer a.close()
				defer b.close()
				connect(a, b)
				a.after(time.Second)
				a.wantConnected(CandidateTypeRelay, "192.0.2.2")
				a.say("hello")
				a.after(time.Hour)
				b.wantHeard(a, "hello")
				if turn.Allocations() != 1 {
					t.Errorf("%d allocations after an hour", turn.Allocations())
				}
			})
		})
	}
}

func oauthServers(t *testing.T, token, key []byte) []Server {
	out := servers(t, "turn:198.51.100.1")
	out[0].Username, out[0].OAuth = "user", true
	out[0].AccessToken, out[0].Credential = base64.StdEncoding.EncodeToString(token), base64.StdEncoding.EncodeToString(key)
	return out
}

// What becomes of a token that the server does not take, or cannot.
func TestOAuthErrors(t *testing.T) {
	token, key := []byte("token"), make([]byte, macKeySHA1)
	for name, tt := range map[string]struct {
		configure func(*turntest.Config)
		server    func(*Server)
		want      string
	}{
		"expired":           {func(c *turntest.Config) { c.AccessToken, c.MACKey = []byte("newer"), key }, nil, "0s error 401 turn:198.51.100.1: refused with 401"},
		"no third parties":  {nil, nil, "0s error 401 turn:198.51.100.1: the server takes no OAuth credentials"},
		"a key of 5 bytes":  {nil, func(s *Server) { s.Credential = "AAAAAAA=" }, "0s error 701 turn:198.51.100.1: the OAuth credential is not"},
		"a token in binary": {nil, func(s *Server) { s.AccessToken = "\x00\x01" }, "0s error 701 turn:198.51.100.1: the OAuth credential is not"},
		"an empty token":    {nil, func(s *Server) { s.AccessToken = "" }, "0s error 701 turn:198.51.100.1: the OAuth credential is not"},
		"a long token": {nil, func(s *Server) {
			s.AccessToken = base64.StdEncoding.EncodeToString(make([]byte, maxAccessToken+1))
		}, "0s error 701 turn:198.51.100.1: the OAuth credential is not"},
	} {
		t.Run(name, func(t *testing.T) {
			scenario(t, func(t *testing.T, n *simnet.Network) {
				turn := serveTURN(t, n, "198.51.100.1", tt.configure)
				defer turn.Close()
				g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
					c.Servers, c.Policy = oauthServers(t, token, key), GatherRelay
					if tt.server != nil {
						tt.server(&c.Servers[0])
					}
				})
				defer g.close()
				g.gather("uf")
				g.after(10 * time.Second)
				if text := strings.Join(g.log, "\n"); !strings.Contains(text, tt.want) || g.State() != GatheringStateComplete {
					t.Errorf("%q is missing in\n%s", tt.want, text)
				}
			})
		})
	}
}

// No log line, event or error has a credential in it, whatever becomes of the
// server.
func TestCredentialsStaySecret(t *testing.T) {
	const password = "s3cret-pass"
	token, key := []byte("t0ken-of-the-user"), []byte("m4c-key-of-20-bytes!")
	var log bytes.Buffer
	secrets := []string{password, string(token), string(key), base64.StdEncoding.EncodeToString(token), base64.StdEncoding.EncodeToString(key), fmt.Sprintf("%x", password)}
	seen := func(text string) bool {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				return true
			}
		}
		return false
	}
	scenario(t, func(t *testing.T, n *simnet.Network) {
		refuse := func(code int) func(*turntest.Config) {
			return func(c *turntest.Config) {
				c.Password, c.Refuse = password, func(turntest.Request) int { return code }
			}
		}
		all := []func(*turntest.Config){
			nil, refuse(0), refuse(300), refuse(403), refuse(437), refuse(438), refuse(441), refuse(486), refuse(508),
			func(c *turntest.Config) { c.AccessToken, c.MACKey = token, key },
			func(c *turntest.Config) { c.AccessToken, c.MACKey = []byte("another"), key },
		}
		var urls []Server
		for i, configure := range all {
			address := fmt.Sprintf("198.51.100.%d", i+1)
			turn := serveTURN(t, n, address, configure)
			defer turn.Close()
			s := turnServers(t, "turn:"+address, "turn:"+address+"?transport=tcp", "turns:"+address, "turns:"+address+"?transport=udp")
			o := oauthServers(t, token, key)[0]
			o.Host, o.URL = address, "turn:"+address
			for i := range s {
				s[i].Credential = password
			}
			urls = append(urls, append(s, o)...)
		}
		g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
			c.Servers, c.Policy = urls, GatherRelay
			c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
		})
		defer g.close()
		g.gather("uf")
		g.after(time.Minute)
		g.do(func(now time.Time) { g.Permit(now, netip.MustParseAddr("203.0.113.1")) })
		g.after(2 * time.Hour)
		events := fmt.Sprintf("%s\n%+v\n%#v", strings.Join(g.log, "\n"), g.events, g.events)
		if seen(events) || seen(log.String()) || seen(fmt.Sprintf("%v %+v %#v %s", urls, urls, urls[0], urls[1])) {
			t.Errorf("a credential is told:\n%s\n%s\n%v", log.String(), events, urls)
		}
		if !strings.Contains(events, "error 401") || !strings.Contains(events, "error 508") {
			t.Errorf("the servers have refused nothing:\n%s", events)
		}
	})
	if !seen("with " + password) {
		t.Error("nothing is looked for")
	}
}
