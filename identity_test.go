package webrtc

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// A testProvider vouches for one user of its domain: its assertions are signed with a
// key that only it has.
type testProvider struct {
	user, key string
	fails     error
}

type signedAssertion struct{ Identity, Contents, Signature string }

func (p *testProvider) sign(identity, contents string) string {
	m := hmac.New(sha256.New, []byte(p.key))
	m.Write([]byte(identity + "\n" + contents))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func (p *testProvider) GenerateAssertion(_ context.Context, contents string, _ IdentityProviderOptions) (string, error) {
	if p.fails != nil {
		return "", p.fails
	}
	b, err := json.Marshal(signedAssertion{p.user, contents, p.sign(p.user, contents)})
	return string(b), err
}

func (p *testProvider) ValidateAssertion(_ context.Context, assertion string) (IdentityValidation, error) {
	var a signedAssertion
	if err := json.Unmarshal([]byte(assertion), &a); err != nil {
		return IdentityValidation{}, err
	}
	if !hmac.Equal([]byte(p.sign(a.Identity, a.Contents)), []byte(a.Signature)) {
		return IdentityValidation{}, &rtcerr.RTCError{Detail: rtcerr.DetailIdentityProviderTokenInvalid, Err: errors.New("the signature is wrong")}
	}
	return IdentityValidation{Identity: a.Identity, Contents: a.Contents}, nil
}

// vouching returns settings in which example.org vouches for a user.
func vouching(p *testProvider) SettingEngine {
	var s SettingEngine
	s.SetIdentityProviders(func(domain, protocol string) (IdentityProvider, error) {
		if domain != "example.org" || protocol != "default" {
			return nil, errors.New("not trusted")
		}
		return p, nil
	})
	return s
}

func detailOf(err error) string {
	var rtc *rtcerr.RTCError
	if errors.As(err, &rtc) {
		return string(rtc.Detail)
	}
	return ""
}

// webrtc-identity §4: descriptions carry the assertion, the peer learns who it is, and
// a peer that has to be somebody else is refused before anything changes.
func TestVirtualIdentity(t *testing.T) {
	for _, c := range []struct {
		name, target, key string
		munge             func(string) string
		refused           string
	}{
		{"anybody", "", "secret", nil, ""},
		{"the one", "alice@example.org", "secret", nil, ""},
		{"another", "bob@example.org", "secret", nil, rtcerr.DetailIdentityProviderTokenInvalid},
		{"forged", "alice@example.org", "guessed", nil, rtcerr.DetailIdentityProviderTokenInvalid},
		{"none", "alice@example.org", "secret", func(s string) string { return withoutLine(s, "a=identity:") }, rtcerr.DetailIdentityProviderTokenInvalid},
		{"other fingerprint", "alice@example.org", "secret", func(s string) string {
			i := strings.Index(s, "a=fingerprint:sha-256 ") + len("a=fingerprint:sha-256 ")
			return s[:i] + "00:11:22" + s[i+8:]
		}, rtcerr.DetailIdentityProviderTokenInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				a := w.peerWith("a", vouching(&testProvider{user: "alice@example.org", key: c.key}), simnet.Addrs("192.0.2.1"))
				b := w.peerWith("b", vouching(&testProvider{user: "bob@example.org", key: "secret"}), simnet.Addrs("192.0.2.2"))
				a.must(a.SetIdentityProvider("example.org"), "SetIdentityProvider")
				b.must(b.Close(), "Close")
				b.open(Configuration{PeerIdentity: c.target})
				a.channel("chat", nil)
				offer, err := a.CreateOffer(nil)
				a.must(err, "CreateOffer")
				if n := strings.Count(offer.SDP, "a=identity:"); n != 1 {
					w.Fatalf("%d identities in %s", n, offer.SDP)
				}
				a.must(a.SetLocalDescription(offer), "SetLocalDescription")
				if c.munge != nil {
					offer.SDP = c.munge(offer.SDP)
				}
				err = b.SetRemoteDescription(offer)
				if detailOf(err) != c.refused || (err == nil) != (c.refused == "") {
					w.Fatalf("the description is refused with %v, want %q", err, c.refused)
				}
				if err != nil {
					if b.SignalingState() != SignalingStateStable || b.RemoteDescription() != nil {
						w.Error("a description that was refused has changed something")
					}
					return
				}
				peer, err := b.PeerIdentity(t.Context())
				if err != nil || peer != (IdentityAssertion{IdP: "example.org", Name: "alice@example.org"}) {
					w.Errorf("the peer is %v: %v", peer, err)
				}
				b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
				if strings.Contains(b.LocalDescription().SDP, "a=identity:") {
					w.Error("a peer without provider has an identity")
				}
				a.must(a.SetRemoteDescription(*b.LocalDescription()), "SetRemoteDescription")
				// Who it was it has to stay.
				a.RestartICE()
				a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
				next := *a.LocalDescription()
				without := next
				without.SDP = withoutLine(next.SDP, "a=identity:")
				if err := b.SetRemoteDescription(without); detailOf(err) != rtcerr.DetailIdentityProviderTokenInvalid {
					w.Errorf("a description without identity: %v", err)
				}
				b.must(b.SetRemoteDescription(next), "SetRemoteDescription")
			})
		})
	}
}

// withoutLine takes the lines out of a description that begin so.
func withoutLine(s, beginning string) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(line, beginning) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// The errors of webrtc-identity.
func TestIdentityErrors(t *testing.T) {
	var unsupported *rtcerr.NotSupportedError
	if _, err := NewPeerConnection(Configuration{PeerIdentity: "alice@example.org"}); !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "alice@example.org") {
		t.Errorf("a peer's identity that nobody can prove: %v", err)
	}
	provider := &testProvider{user: "alice@example.org", key: "secret", fails: &rtcerr.RTCError{Detail: rtcerr.DetailIdentityProviderNeedsLogin, Err: errors.New("log in")}}
	pc, err := NewAPI(WithSettingEngine(vouching(provider))).NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	var state *rtcerr.InvalidStateError
	if _, err := pc.GetIdentityAssertion(t.Context()); !errors.As(err, &state) {
		t.Errorf("an assertion without provider: %v", err)
	}
	if err := pc.SetIdentityProvider("example.com"); !errors.As(err, &unsupported) {
		t.Errorf("a provider that is not trusted: %v", err)
	}
	if err := pc.SetIdentityProvider("example.org"); err != nil {
		t.Fatal(err)
	}
	if _, err := pc.CreateOffer(nil); detailOf(err) != rtcerr.DetailIdentityProviderNeedsLogin {
		t.Errorf("an offer without login: %v", err)
	}
	provider.fails = errors.New("broken")
	if _, err := pc.GetIdentityAssertion(t.Context()); detailOf(err) != rtcerr.DetailIdentityProviderExecutionFailure {
		t.Errorf("a provider that fails: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := pc.PeerIdentity(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("PeerIdentity ends with %v", err)
	}
	if err := pc.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := pc.PeerIdentity(t.Context()); !errors.As(err, &state) {
		t.Errorf("PeerIdentity after Close: %v", err)
	}
	if err := pc.SetIdentityProvider("example.org"); !errors.As(err, &state) {
		t.Errorf("SetIdentityProvider after Close: %v", err)
	}
}

// A peer may write anything into a=identity.
func FuzzIdentity(f *testing.F) {
	f.Add("")
	f.Add("e30=")
	f.Add(base64.StdEncoding.EncodeToString([]byte(`{"idp":{"domain":"example.org"},"assertion":"{}"}`)))
	pc := &PeerConnection{api: NewAPI(WithSettingEngine(vouching(&testProvider{key: "secret"})))}
	f.Fuzz(func(t *testing.T, value string) {
		if peer, err := pc.validateIdentity(&sdp.Session{Identity: value}); err == nil {
			t.Errorf("%q proves %v", value, peer)
		}
	})
}
