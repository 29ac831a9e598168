package webrtc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// PeerIdentity waits for the identity that the peer proves in its descriptions
// (webrtc-identity §4.1). Once proven it does not change: descriptions with another,
// or without one, are refused. It returns an RTCError if a description comes whose
// assertion is not valid, after which the next one may be waited for, an
// InvalidStateError once the connection is closed, and the context's error.
func (pc *PeerConnection) PeerIdentity(ctx context.Context) (IdentityAssertion, error) {
	i := &pc.identity
	i.mu.Lock()
	if i.peer != nil {
		defer i.mu.Unlock()
		return *i.peer, nil
	}
	if i.attempt == nil {
		i.attempt = &identityAttempt{done: make(chan struct{})}
	}
	attempt := i.attempt
	i.mu.Unlock()
	select {
	case <-attempt.done:
		if attempt.err != nil {
			return IdentityAssertion{}, attempt.err
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		return *i.peer, nil
	case <-pc.closed:
		return IdentityAssertion{}, errClosed("PeerIdentity")
	case <-ctx.Done():
		return IdentityAssertion{}, ctx.Err()
	}
}

// settle ends the attempt that PeerIdentity waits for.
func (i *identities) settle(peer *IdentityAssertion, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if peer != nil {
		i.peer = peer
	}
	if i.attempt != nil {
		i.attempt.err = err
		close(i.attempt.done)
		i.attempt = nil
	}
}

// targetIdentity is whom the peer has to prove to be, "" for anybody: whom the
// configuration names, or who it was before.
func (pc *PeerConnection) targetIdentity() string {
	i := &pc.identity
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.peer != nil {
		return i.peer.Name
	}
	return pc.view.Load().config.PeerIdentity
}

// checkIdentity looks at the identity of a remote description before it is set. Where
// the peer has to be somebody, the error says that the description does not prove it;
// else a description without a valid assertion is that of an unknown peer.
func (pc *PeerConnection) checkIdentity(desc SessionDescription) (*IdentityAssertion, error) {
	target := pc.targetIdentity()
	if desc.Type == SDPTypeRollback || target == "" && pc.api.settings.identityProviders == nil {
		return nil, nil
	}
	session, err := sdp.Parse(desc.SDP)
	if err != nil {
		return nil, nil // to be refused for that
	}
	if session.Identity == "" {
		if target != "" {
			return nil, invalidIdentity("the description has no identity; the peer has to be %s", target)
		}
		return nil, nil
	}
	peer, err := pc.validateIdentity(session)
	if err == nil && target != "" && peer.Name != target {
		err = invalidIdentity("the peer is %s, and has to be %s", peer.Name, target)
	}
	if err == nil {
		return peer, nil
	}
	pc.identity.settle(nil, err)
	if target == "" {
		pc.log.Warn("the peer's identity is not valid", "reason", err)
		return nil, nil
	}
	return nil, err
}

func invalidIdentity(format string, args ...any) error {
	return &rtcerr.RTCError{Detail: rtcerr.DetailIdentityProviderTokenInvalid, Err: fmt.Errorf(format, args...)}
}

// validateIdentity asks the provider that a description names who has made it (RFC 8827
// §7.5 and §7.6).
func (pc *PeerConnection) validateIdentity(session *sdp.Session) (*IdentityAssertion, error) {
	lookup := pc.api.settings.identityProviders
	if lookup == nil {
		return nil, invalidIdentity("no identity provider is known; see SettingEngine.SetIdentityProviders")
	}
	value, _, _ := strings.Cut(session.Identity, " ") // extensions may follow
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, invalidIdentity("a=identity: %w", err)
	}
	var envelope identityEnvelope
	if err := json.Unmarshal(text, &envelope); err != nil {
		return nil, invalidIdentity("a=identity: %w", err)
	}
	if envelope.IdP.Protocol == "" {
		envelope.IdP.Protocol = "default"
	}
	provider, err := lookup(envelope.IdP.Domain, envelope.IdP.Protocol)
	if err != nil {
		return nil, &rtcerr.RTCError{Detail: rtcerr.DetailIdentityProviderLoadFailure, Err: fmt.Errorf("identity provider %s: %w", quoted(envelope.IdP.Domain), err)}
	}
	ctx, cancel := context.WithTimeout(context.Background(), identityTimeout)
	defer cancel()
	valid, err := provider.ValidateAssertion(ctx, envelope.Assertion)
	if err != nil {
		return nil, identityFailure(ctx, err)
	}
	if err := coversFingerprints(valid.Contents, session); err != nil {
		return nil, err
	}
	// RFC 8827 §7.6: an identity has the form user@domain, and a provider that is not
	// trusted otherwise is the authority for its own domain alone.
	user, domain, ok := strings.Cut(valid.Identity, "@")
	if !ok || user == "" || !strings.EqualFold(domain, envelope.IdP.Domain) {
		return nil, invalidIdentity("the identity %s is not one that %s may give", quoted(valid.Identity), quoted(envelope.IdP.Domain))
	}
	return &IdentityAssertion{IdP: envelope.IdP.Domain, Name: valid.Identity}, nil
}

// coversFingerprints checks that an assertion is bound to every fingerprint of a
// description: who could add another would speak in the peer's name.
func coversFingerprints(contents string, session *sdp.Session) error {
	var bound identityContents
	if err := json.Unmarshal([]byte(contents), &bound); err != nil {
		return invalidIdentity("what the assertion is bound to: %w", err)
	}
	all := slices.Clone(session.Transport.Fingerprints)
	for _, m := range session.Media {
		all = append(all, m.Transport.Fingerprints...)
	}
	if len(all) == 0 {
		return invalidIdentity("the description has no fingerprint")
	}
	for _, f := range all {
		if !slices.ContainsFunc(bound.Fingerprints, func(b identityFingerprint) bool {
			return strings.EqualFold(b.Algorithm, f.Algorithm) && strings.EqualFold(b.Digest, f.Value)
		}) {
			return invalidIdentity("the assertion is not bound to the fingerprint %s %s", f.Algorithm, f.Value)
		}
	}
	return nil
}
