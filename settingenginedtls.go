package webrtc

import (
	"context"
	"crypto/x509"
	"io"
	"slices"
	"time"

	"github.com/pion/dtls/v3"
	dtlsElliptic "github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
)

// SetDTLSRetransmissionInterval sets after how long an unanswered flight of the
// handshake is repeated for the first time; each further wait is twice as long.
// 0 means the default of 150 ms (RFC 6347 §4.2.4.1).
func (e *SettingEngine) SetDTLSRetransmissionInterval(interval time.Duration) {
	e.dtls.FlightInterval = max(interval, 0)
}

// SetDTLSConnectContextMaker sets a function that makes the context which bounds
// a handshake, and a function that is called when it is over. nil means the
// default of 30 seconds.
func (e *SettingEngine) SetDTLSConnectContextMaker(connectContextMaker func() (context.Context, func())) {
	e.dtls.ConnectContext = connectContextMaker
}

// SetDTLSInsecureSkipHelloVerify says whether a server does without the cookie
// exchange of RFC 6347 §4.2.1, which costs a round trip. It does by default:
// ICE has shown already that the client is where its packets come from.
func (e *SettingEngine) SetDTLSInsecureSkipHelloVerify(skip bool) { e.dtls.HelloVerify = !skip }

// EnableDTLSInSTUN says whether the handshake begins within the connectivity checks
// (draft-hancke-webrtc-sped-00), one round trip earlier than the first path is there.
// With a peer that does not know it, it begins with the path, as it does by default.
func (e *SettingEngine) EnableDTLSInSTUN(isEnabled bool) { e.flightsInChecks = isEnabled }

// SetDTLSDisableInsecureSkipVerify says whether a client verifies the server's
// chain of certificates, too, against the roots of SetDTLSRootCAs. By default
// the fingerprint alone counts, as RFC 8827 §5.6 has it.
func (e *SettingEngine) SetDTLSDisableInsecureSkipVerify(disable bool) { e.dtls.VerifyChain = disable }

// DisableCertificateFingerprintVerification says whether a peer is accepted
// whatever its certificate. Whoever reaches the path can then pose as the peer,
// which RFC 8827 §5.6.2 forbids: it is for debugging.
func (e *SettingEngine) DisableCertificateFingerprintVerification(isDisabled bool) {
	e.dtls.AcceptAnyCertificate = isDisabled
}

// SetDTLSEllipticCurves sets the curves for the key exchange, the most preferred
// first; none means the default of P-256, X25519 and P-384, or with X25519 first on
// machines on which that is cheaper.
func (e *SettingEngine) SetDTLSEllipticCurves(ellipticCurves ...dtlsElliptic.Curve) {
	e.dtls.EllipticCurves = slices.Clone(ellipticCurves)
}

// SetDTLSExtendedMasterSecret relaxes the demand for the extended master secret
// (RFC 7627), without which a session can be spliced to another's.
func (e *SettingEngine) SetDTLSExtendedMasterSecret(extendedMasterSecret dtls.ExtendedMasterSecretType) {
	e.dtls.ExtendedMasterSecret = &extendedMasterSecret
}

// SetDTLSClientAuth sets what a server wants of the client's certificate. By
// default it wants one; the fingerprint of one that is sent must match in any
// case.
func (e *SettingEngine) SetDTLSClientAuth(clientAuth dtls.ClientAuthType) {
	e.dtls.ClientAuth = &clientAuth
}

// SetDTLSClientCAs sets the authorities that a server verifies clients against,
// where SetDTLSClientAuth asks for it.
func (e *SettingEngine) SetDTLSClientCAs(clientCAs *x509.CertPool) { e.dtls.ClientCAs = clientCAs }

// SetDTLSRootCAs sets the authorities that a client verifies servers against,
// where SetDTLSDisableInsecureSkipVerify asks for it.
func (e *SettingEngine) SetDTLSRootCAs(rootCAs *x509.CertPool) { e.dtls.RootCAs = rootCAs }

// SetDTLSKeyLogWriter sets a writer that gets the secrets of every session in
// the NSS key log format, a line at a time, for debugging: whoever reads them
// can decrypt the sessions. Connections write to it at the same time.
func (e *SettingEngine) SetDTLSKeyLogWriter(writer io.Writer) { e.dtls.KeyLog = writer }

// SetDTLSReplayProtectionWindow sets how many record numbers are remembered to
// refuse replays (RFC 6347 §4.1.2.6); 0 means the default of 512.
func (e *SettingEngine) SetDTLSReplayProtectionWindow(n uint) {
	e.dtls.ReplayWindow = int(min(n, 1<<16))
}

// SetDTLSCipherSuites sets the cipher suites, the most preferred first; none
// means the default, which are those with authentication and forward secrecy.
// Others, in CBC or CCM mode, cost several times as much for each packet of data.
func (e *SettingEngine) SetDTLSCipherSuites(cipherSuites ...dtls.CipherSuiteID) {
	e.dtls.CipherSuites = slices.Clone(cipherSuites)
}

// SetDTLSCustomerCipherSuites sets a function that returns cipher suites of the
// program's own, which come before the others. A connection that uses one of them
// has no media, as the keys of SRTP cannot be derived, and each packet of data
// costs several times as much.
func (e *SettingEngine) SetDTLSCustomerCipherSuites(customCipherSuites func() []dtls.CipherSuite) {
	e.dtls.CustomCipherSuites = customCipherSuites
}

// SetDTLSSupportedProtocols sets the application protocols that are negotiated:
// "webrtc" and "c-webrtc" of RFC 8833. By default there are none.
func (e *SettingEngine) SetDTLSSupportedProtocols(protocols ...string) {
	e.dtls.ALPN = slices.Clone(protocols)
}

// SetDTLSClientHelloMessageHook sets a function that may replace the ClientHello
// before it is sent.
func (e *SettingEngine) SetDTLSClientHelloMessageHook(hook func(handshake.MessageClientHello) handshake.Message) {
	e.dtls.ClientHelloHook = hook
}

// SetDTLSServerHelloMessageHook sets a function that may replace the ServerHello
// before it is sent.
func (e *SettingEngine) SetDTLSServerHelloMessageHook(hook func(handshake.MessageServerHello) handshake.Message) {
	e.dtls.ServerHelloHook = hook
}

// SetDTLSCertificateRequestMessageHook sets a function that may replace the
// CertificateRequest before it is sent.
func (e *SettingEngine) SetDTLSCertificateRequestMessageHook(
	hook func(handshake.MessageCertificateRequest) handshake.Message,
) {
	e.dtls.CertificateRequestHook = hook
}

// SetSRTPProtectionProfiles sets the SRTP profiles that the handshake offers or
// accepts (RFC 5764 §4.1.1), the most preferred first. By default they are
// AEAD_AES_128_GCM, AEAD_AES_256_GCM and AES128_CM_HMAC_SHA1_80.
func (e *SettingEngine) SetSRTPProtectionProfiles(profiles ...dtls.SRTPProtectionProfile) {
	e.dtls.SRTPProfiles = slices.Clone(profiles)
}
