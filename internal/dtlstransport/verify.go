package dtlstransport

import (
	"fmt"
	"slices"
)

// checkUsable returns nil if one of fps could accept a certificate.
func checkUsable(fps []Fingerprint, allowSHA1 bool) error {
	for _, f := range fps {
		if h, _, err := f.decode(); err == nil && (!h.weak || allowSHA1) {
			return nil
		}
	}
	return fmt.Errorf("%w: %v", ErrNoFingerprint, fps)
}

// checkUsable returns nil if one of fps could accept a certificate, or if none
// is needed.
func (t *Transport) checkUsable(fps []Fingerprint) error {
	if t.cfg.AcceptAnyCertificate || t.cfg.Verify != nil {
		return nil
	}
	return checkUsable(fps, t.cfg.AllowSHA1)
}

// verifyPeer returns nil if the peer's certificate has one of the fingerprints,
// or needs none.
func (t *Transport) verifyPeer(der []byte, fps []Fingerprint) error {
	if t.cfg.AcceptAnyCertificate {
		return nil
	}
	return VerifyPeer(der, fps, t.cfg.AllowSHA1)
}

// Reverify replaces the fingerprints that the peer's certificate must have,
// after a renegotiation that keeps the association (RFC 8842 §5.5). If the
// certificate has none of them, an *rtcerr.RTCError of the kind
// fingerprint-failure is returned and everything stays as it was.
func (t *Transport) Reverify(fps []Fingerprint) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.checkUsable(fps)
	if err == nil && len(t.peer) > 0 {
		err = t.verifyPeer(t.peer[0], fps)
	}
	if err != nil {
		return fingerprintFailure(err)
	}
	t.remote = slices.Clone(fps)
	return nil
}

// RemoteCertificates returns the chain that the peer presented, each
// certificate in DER form, its own first. It is empty until the transport is
// connected (webrtc-pc §5.5.1).
func (t *Transport) RemoteCertificates() [][]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.session == nil {
		return nil
	}
	out := make([][]byte, len(t.peer))
	for i, der := range t.peer {
		out[i] = slices.Clone(der)
	}
	return out
}
