package webrtc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// identityTimeout is how long an identity provider may take while descriptions are
// made and set.
const identityTimeout = 15 * time.Second

// An IdentityProvider vouches for who a peer is (webrtc-identity §4, RFC 8827 §7).
// SettingEngine.SetIdentityProviders tells which provider a domain has. Its methods
// are called by the calls that need them, never on the connection's loop. Their errors
// may be RTCErrors with one of the details DetailIdentityProvider… of pkg/rtcerr; others
// become one of DetailIdentityProviderExecutionFailure.
type IdentityProvider interface {
	// GenerateAssertion returns an assertion that binds the user's identity to
	// contents.
	GenerateAssertion(ctx context.Context, contents string, options IdentityProviderOptions) (assertion string, err error)
	// ValidateAssertion returns who has made an assertion and what it is bound to,
	// or an error if it is none of the provider's.
	ValidateAssertion(ctx context.Context, assertion string) (IdentityValidation, error)
}

// IdentityProviderOptions are for the provider (webrtc-identity §4.1,
// RTCIdentityProviderOptions).
type IdentityProviderOptions struct {
	// Protocol says which of the domain's providers is meant; "" is "default".
	Protocol string
	// UsernameHint is who the user may be; PeerIdentity whom the assertion is for.
	UsernameHint, PeerIdentity string
}

// An IdentityValidation is what a provider knows of an assertion.
type IdentityValidation struct {
	// Identity is user@domain, Contents what GenerateAssertion was given.
	Identity, Contents string
}

// An IdentityAssertion is a peer's proven identity (webrtc-identity §7,
// RTCIdentityAssertion).
type IdentityAssertion struct {
	// IdP is the domain of the provider, Name the peer's identity, user@domain.
	IdP, Name string
}

// SetIdentityProviders says which identity providers the connections of the API know:
// lookup returns that of a domain, and an error for one that is not trusted. Without
// it, assertions of peers are not looked at.
func (e *SettingEngine) SetIdentityProviders(lookup func(domain, protocol string) (IdentityProvider, error)) {
	e.identityProviders = lookup
}

// provesIdentity refuses a peer's identity that nobody can check: to accept it would
// promise a check that is not made.
func (e *SettingEngine) provesIdentity(peer string) error {
	if peer == "" || e.identityProviders != nil {
		return nil
	}
	return &rtcerr.NotSupportedError{Err: fmt.Errorf("PeerIdentity %s: no identity provider is known; see SettingEngine.SetIdentityProviders", quoted(peer))}
}

// identityEnvelope is what a=identity carries in base64 (RFC 8827 §7.4.1).
type identityEnvelope struct {
	IdP       identityIssuer `json:"idp"`
	Assertion string         `json:"assertion"`
}

type identityIssuer struct {
	Domain   string `json:"domain"`
	Protocol string `json:"protocol"`
}

// identityContents is what an assertion is bound to (RFC 8827 §7.4.1).
type identityContents struct {
	Fingerprints []identityFingerprint `json:"fingerprint"`
}

type identityFingerprint struct {
	Algorithm string `json:"algorithm"`
	Digest    string `json:"digest"`
}

// identities are the identities of a connection.
type identities struct {
	// line is the value of a=identity of our descriptions, nil before there is one.
	line atomic.Pointer[string]

	mu       sync.Mutex // guards all below
	issuer   identityIssuer
	options  IdentityProviderOptions
	provider IdentityProvider // nil for none
	peer     *IdentityAssertion
	attempt  *identityAttempt // that PeerIdentity waits for
}

// An identityAttempt is W3C's promise peerIdentity.
type identityAttempt struct {
	done chan struct{}
	err  error
}

// SetIdentityProvider has a provider vouch for the user in the descriptions made from
// then on (webrtc-identity §4.1). It returns an InvalidStateError after Close, and a
// NotSupportedError if SettingEngine.SetIdentityProviders knows none for the domain.
func (pc *PeerConnection) SetIdentityProvider(provider string) error {
	return pc.SetIdentityProviderWithOptions(provider, IdentityProviderOptions{})
}

// SetIdentityProviderWithOptions is SetIdentityProvider with what the provider should
// know.
func (pc *PeerConnection) SetIdentityProviderWithOptions(provider string, options IdentityProviderOptions) error {
	if pc.isClosed.Load() {
		return errClosed("SetIdentityProvider")
	}
	if options.Protocol == "" {
		options.Protocol = "default"
	}
	lookup := pc.api.settings.identityProviders
	if lookup == nil {
		return &rtcerr.NotSupportedError{Err: errors.New("no identity provider is known; see SettingEngine.SetIdentityProviders")}
	}
	p, err := lookup(provider, options.Protocol)
	if err != nil {
		return &rtcerr.NotSupportedError{Err: fmt.Errorf("identity provider %q: %w", provider, err)}
	}
	i := &pc.identity
	i.mu.Lock()
	defer i.mu.Unlock()
	i.provider, i.issuer, i.options = p, identityIssuer{Domain: provider, Protocol: options.Protocol}, options
	i.line.Store(nil)
	return nil
}

// GetIdentityAssertion asks the provider for an assertion and returns it as the
// descriptions made from then on have it, in base64 (webrtc-identity §4.1). It returns
// an InvalidStateError without a provider and after Close, and an RTCError with what
// has failed otherwise.
func (pc *PeerConnection) GetIdentityAssertion(ctx context.Context) (string, error) {
	i := &pc.identity
	i.mu.Lock()
	provider, issuer, options := i.provider, i.issuer, i.options
	i.mu.Unlock()
	switch {
	case pc.isClosed.Load():
		return "", errClosed("GetIdentityAssertion")
	case provider == nil:
		return "", &rtcerr.InvalidStateError{Err: errors.New("GetIdentityAssertion: SetIdentityProvider was not called")}
	}
	var contents identityContents
	for _, f := range pc.identityFingerprints() {
		contents.Fingerprints = append(contents.Fingerprints, identityFingerprint{f.Algorithm, f.Value})
	}
	text, err := json.Marshal(contents)
	if err != nil {
		return "", err
	}
	assertion, err := provider.GenerateAssertion(ctx, string(text), options)
	if err != nil {
		return "", identityFailure(ctx, err)
	}
	envelope, err := json.Marshal(identityEnvelope{issuer, assertion})
	if err != nil {
		return "", err
	}
	line := base64.StdEncoding.EncodeToString(envelope)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.provider == provider {
		i.line.Store(&line)
	}
	return line, nil
}

func (pc *PeerConnection) identityFingerprints() []sdp.Fingerprint {
	certificate := pc.certificate()
	fingerprints, err := certificate.GetFingerprints()
	if err != nil {
		return nil
	}
	out := make([]sdp.Fingerprint, len(fingerprints))
	for i, f := range fingerprints {
		out[i] = sdp.Fingerprint{Algorithm: f.Algorithm, Value: strings.ToUpper(f.Value)}
	}
	return out
}

// identityFailure makes what a provider has failed with an RTCError.
func identityFailure(ctx context.Context, err error) error {
	var rtc *rtcerr.RTCError
	switch {
	case errors.As(err, &rtc):
		return err
	case ctx.Err() != nil:
		return &rtcerr.RTCError{Detail: rtcerr.DetailIdentityProviderTimeout, Err: err}
	default:
		return &rtcerr.RTCError{Detail: rtcerr.DetailIdentityProviderExecutionFailure, Err: err}
	}
}

// assertIdentity gets the assertion that the next description carries, if a provider
// was set and there is none yet.
func (pc *PeerConnection) assertIdentity() error {
	i := &pc.identity
	i.mu.Lock()
	wanted := i.provider != nil && i.line.Load() == nil
	i.mu.Unlock()
	if !wanted || pc.isClosed.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), identityTimeout)
	defer cancel()
	_, err := pc.GetIdentityAssertion(ctx)
	return err
}
