package webrtc

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// validate checks what a constructor checks at the time now (webrtc-pc §4.4.1.1
// and §4.4.1.6): certificates, policies and servers, in this order.
func (c Configuration) validate(now time.Time) error {
	for i, certificate := range c.Certificates {
		// §4.4.1.1: "If the value of certificate.expires is less than the
		// current time, throw an InvalidAccessError."
		if err := certificate.check(now); err != nil {
			return &rtcerr.InvalidAccessError{Err: fmt.Errorf("certificate %d: %w", i, unwrapAccess(err))}
		}
	}
	return c.validateMembers()
}

// unwrapAccess removes the W3C name of an error that gets it again.
func unwrapAccess(err error) error {
	if e, ok := err.(*rtcerr.InvalidAccessError); ok {
		return e.Err
	}
	return err
}

// validateMembers checks what holds for the constructor and SetConfiguration
// alike.
func (c Configuration) validateMembers() error {
	// WebIDL makes a value that an enum does not have a TypeError.
	for _, e := range []struct {
		member string
		value  int
		names  []string
	}{
		{"ICETransportPolicy", int(c.ICETransportPolicy), iceTransportPolicyNames},
		{"BundlePolicy", int(c.BundlePolicy), bundlePolicyNames},
		{"RTCPMuxPolicy", int(c.RTCPMuxPolicy), rtcpMuxPolicyNames},
		{"RTPHeaderEncryptionPolicy", int(c.RTPHeaderEncryptionPolicy), rtpHeaderEncryptionPolicyNames},
		{"SDPSemantics", int(c.SDPSemantics), sdpSemanticsNames},
	} {
		if e.value < 0 || e.value >= len(e.names) {
			return &rtcerr.TypeError{Err: fmt.Errorf("%s %d is none of its constants, which go to %d", e.member, e.value, len(e.names)-1)}
		}
	}
	if c.SDPSemantics == SDPSemanticsPlanB {
		return &rtcerr.NotSupportedError{Err: fmt.Errorf("%w; use SDPSemanticsUnifiedPlan", ErrIncorrectSDPSemantics)}
	}
	if c.ICETransportPolicy == ICETransportPolicyNoHost {
		// To accept it would show the peer the addresses it is to hide.
		return &rtcerr.NotSupportedError{Err: errors.New("ICETransportPolicyNoHost is not supported; ICETransportPolicyRelay hides host addresses too")}
	}
	for _, server := range c.ICEServers {
		if _, err := server.parse(); err != nil {
			return err
		}
	}
	return nil
}

// checkSetConfiguration returns why a connection with the configuration old may
// not get the configuration next (webrtc-pc §4.4.1.6). described says that
// SetLocalDescription was called. The order of the checks is the
// specification's; next.inherit(old) is what to store.
func checkSetConfiguration(old, next Configuration, described bool, now time.Time) error {
	modified := func(cause error, member string, from, to any) error {
		return &rtcerr.InvalidModificationError{Err: fmt.Errorf("%w: %s was %v, not %v", cause, member, from, to)}
	}
	if next.PeerIdentity != "" && next.PeerIdentity != old.PeerIdentity {
		return modified(ErrModifyingPeerIdentity, "PeerIdentity", quoted(old.PeerIdentity), quoted(next.PeerIdentity))
	}
	if next.Certificates != nil {
		if err := checkSameCertificates(old.Certificates, next.Certificates, now); err != nil {
			return err
		}
	}
	old, next = old.withDefaults(), next.inherit(old.withDefaults())
	if next.BundlePolicy != old.BundlePolicy {
		return modified(ErrModifyingBundlePolicy, "BundlePolicy", old.BundlePolicy, next.BundlePolicy)
	}
	if next.RTCPMuxPolicy != old.RTCPMuxPolicy {
		return modified(ErrModifyingRTCPMuxPolicy, "RTCPMuxPolicy", old.RTCPMuxPolicy, next.RTCPMuxPolicy)
	}
	// webrtc-extensions, rtpHeaderEncryptionPolicy: the same for it.
	if next.RTPHeaderEncryptionPolicy != old.RTPHeaderEncryptionPolicy {
		return modified(ErrRTPHeaderEncryptionModeChangeNotSupported, "RTPHeaderEncryptionPolicy", old.RTPHeaderEncryptionPolicy, next.RTPHeaderEncryptionPolicy)
	}
	// RFC 9429 §4.1.18: the pool is for the first exchange, so that its size is
	// fixed once a local description was applied.
	if described && next.ICECandidatePoolSize != old.ICECandidatePoolSize {
		return modified(ErrModifyingICECandidatePoolSize, "ICECandidatePoolSize", old.ICECandidatePoolSize, next.ICECandidatePoolSize)
	}
	return next.validateMembers()
}

// checkSameCertificates is this step: "If the length of configuration
// .certificates is different from the length of oldConfig.certificates", or one
// of them "is not the same", "throw an InvalidModificationError". An expired
// certificate that was not there before is an InvalidAccessError, since it
// could not be used in any case.
func checkSameCertificates(old, next []Certificate, now time.Time) error {
	if slices.EqualFunc(old, next, Certificate.Equals) {
		return nil
	}
	for i, certificate := range next {
		if slices.ContainsFunc(old, certificate.Equals) {
			continue
		}
		if err := certificate.check(now); err != nil {
			return &rtcerr.InvalidAccessError{Err: fmt.Errorf("certificate %d: %w", i, unwrapAccess(err))}
		}
	}
	if len(old) != len(next) {
		return &rtcerr.InvalidModificationError{Err: fmt.Errorf("%w: there were %d, not %d", ErrModifyingCertificates, len(old), len(next))}
	}
	return &rtcerr.InvalidModificationError{Err: fmt.Errorf("%w: one of them is another than before", ErrModifyingCertificates)}
}

// quoted makes "" visible in a message.
func quoted(s string) string { return fmt.Sprintf("%.100q", s) }
