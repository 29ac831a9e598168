package dtlstransport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// Defaults of Config.
const (
	// DefaultMTU is the largest datagram sent: it fits every path on which
	// IPv6's minimum of 1280 bytes holds, below UDP, IPv6 and a TURN header.
	DefaultMTU = 1200
	// DefaultFlightInterval is the time after which an unanswered flight is
	// sent again for the first time.
	DefaultFlightInterval = 150 * time.Millisecond
	// DefaultHandshakeTimeout is the time that a handshake may take.
	DefaultHandshakeTimeout = 30 * time.Second
	// DefaultReplayWindow is the number of record numbers that are remembered
	// to refuse replays. RFC 6347 §4.1.2.6 wants at least 32; records of a burst
	// overtake one another by more than that.
	DefaultReplayWindow = 512
)

// Config says how a Transport behaves. Certificates and Send are required; every
// other field's zero value is a good choice.
type Config struct {
	// Certificates are ours, with private keys: ECDSA (P-256, P-384) or RSA.
	// The first whose kind of key the peer can verify is used.
	Certificates []tls.Certificate
	// Send hands datagrams to the selected path. It is called from several
	// goroutines, must not block, must not keep the slices, and drops the
	// datagrams if there is no path: the handshake is repeated by its timer, and
	// what runs above recovers from loss by itself. Its error is counted.
	Send func(datagrams [][]byte) error
	// OnState, unless nil, hears of StateConnecting, StateConnected, StateClosed
	// (by the peer) and StateFailed (with the error), one after another, from the
	// transport's goroutine or one that has called HandleDatagram. It must not
	// block and must not call Close. It is not called on account of our own Close,
	// nor after that has returned.
	OnState func(State, error)
	// Logger receives what happens; nil discards it.
	Logger *slog.Logger

	// MTU is the size in bytes of the largest datagram that the handshake
	// sends. Zero means DefaultMTU, less than 256 is an error.
	MTU int
	// FlightInterval is the time after which an unanswered flight is repeated
	// for the first time; each further wait is twice as long. Zero means
	// DefaultFlightInterval. RFC 6347 §4.2.4.1 recommends a second for peers
	// that know nothing of their path. ICE has measured it, and has shown that
	// both ends are there and let packets pass, so that a lost flight may be
	// repeated after little more than a round trip: see FlightInterval.
	FlightInterval time.Duration
	// DisableRetransmitBackoff repeats flights at equal intervals.
	DisableRetransmitBackoff bool
	// HandshakeTimeout bounds the handshake. Zero means
	// DefaultHandshakeTimeout, a negative value no bound.
	HandshakeTimeout time.Duration
	// ConnectContext, unless nil, makes the context that bounds the handshake in
	// the place of HandshakeTimeout. The function that it returns is called once
	// the handshake is over.
	ConnectContext func() (context.Context, func())

	// AcceptAnyCertificate accepts the peer whatever its certificate, and needs
	// no fingerprint, so that whoever reaches the path can pose as the peer:
	// RFC 8827 §6.5 forbids it. It is for debugging.
	AcceptAnyCertificate bool
	// Verify, unless nil, decides on the server's chain, the leaf first, in the place
	// of fingerprints: for a server that authorities vouch for. The client needs no
	// certificate of its own then.
	Verify func(chain [][]byte) error
	// AllowSHA1 accepts sha-1 fingerprints from a peer that offers none better.
	AllowSHA1 bool
	// SRTPProfiles are offered or accepted for media (RFC 5764 §4.1.1), the most
	// preferred first. Nil means AEAD_AES_128_GCM, AEAD_AES_256_GCM and
	// AES128_CM_HMAC_SHA1_80; browsers negotiate one even where only data flows.
	// An empty list that is not nil negotiates none. The engine insists: if the
	// client offers profiles and the server takes none, the handshake fails.
	SRTPProfiles []dtls.SRTPProtectionProfile
	// CipherSuites, the most preferred first. Nil means those of
	// DefaultCipherSuites, which alone have the fast records of this package.
	CipherSuites []dtls.CipherSuiteID
	// CustomCipherSuites adds suites of the program's own, before CipherSuites. A
	// session that uses one exports no keying material, so that there is no SRTP.
	CustomCipherSuites func() []dtls.CipherSuite
	// EllipticCurves, the most preferred first. Nil means P-256, X25519 and P-384,
	// with X25519 first on machines on which it is cheaper.
	EllipticCurves []elliptic.Curve
	// ExtendedMasterSecret relaxes what is otherwise required (RFC 7627).
	// Nil means dtls.RequireExtendedMasterSecret.
	ExtendedMasterSecret *dtls.ExtendedMasterSecretType
	// ReplayWindow is the number of records that are remembered to refuse
	// replays. Zero means DefaultReplayWindow.
	ReplayWindow int
	// ALPN lists application protocols (RFC 8833). Nil means none.
	ALPN []string

	// HelloVerify makes the server ask for a cookie first (RFC 6347 §4.2.1). It
	// costs a round trip; ICE has shown already that the client is where its
	// packets come from.
	HelloVerify bool
	// ClientAuth is what the server wants of the client's certificate. Nil means
	// dtls.RequireAnyClientCert; whatever is set here, the fingerprint of a
	// certificate that is sent must match.
	ClientAuth *dtls.ClientAuthType
	// ClientCAs are the authorities for ClientAuth's verifying kinds.
	ClientCAs *x509.CertPool
	// VerifyChain makes the client verify the server's chain against RootCAs,
	// beside the fingerprint.
	VerifyChain bool
	// RootCAs are the authorities for VerifyChain.
	RootCAs *x509.CertPool
	// ServerName is the name that VerifyChain looks for in the certificate.
	ServerName string
	// KeyLog, unless nil, receives the session's secrets in the NSS key log
	// format, one line per Write; transports that share it write at the same
	// time. Whoever reads them can decrypt the session.
	KeyLog io.Writer

	// ClientHelloHook, ServerHelloHook and CertificateRequestHook replace
	// handshake messages before they are sent.
	ClientHelloHook        func(handshake.MessageClientHello) handshake.Message
	ServerHelloHook        func(handshake.MessageServerHello) handshake.Message
	CertificateRequestHook func(handshake.MessageCertificateRequest) handshake.Message
}

// DefaultCipherSuites returns the suites that are negotiated unless
// Config.CipherSuites says otherwise: authenticated encryption only, with
// forward secrecy (RFC 8827 §6.5, RFC 9325 §4.2), AES before ChaCha20 as
// processors have instructions for it.
func DefaultCipherSuites() []dtls.CipherSuiteID {
	return []dtls.CipherSuiteID{
		dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		dtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		dtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

// DefaultSRTPProfiles returns the protection profiles that are negotiated
// unless Config.SRTPProfiles says otherwise (RFC 7714 §14.2, RFC 5764 §4.1.2).
func DefaultSRTPProfiles() []dtls.SRTPProtectionProfile {
	return []dtls.SRTPProtectionProfile{
		dtls.SRTP_AEAD_AES_128_GCM,
		dtls.SRTP_AEAD_AES_256_GCM,
		dtls.SRTP_AES128_CM_HMAC_SHA1_80,
	}
}

// FlightInterval returns the Config.FlightInterval for a path of which ICE has
// measured the round-trip time: half as much again, so that no flight is
// repeated while its answer is on the way, plus what the peer needs for its
// signatures, within 50 ms and 1 s. Zero means that the time is not known.
func FlightInterval(rtt time.Duration) time.Duration {
	if rtt <= 0 {
		return DefaultFlightInterval
	}
	return min(max(rtt+rtt/2+20*time.Millisecond, 50*time.Millisecond), time.Second)
}

// withDefaults returns c with its zero values replaced, or the first thing
// that is wrong with it, as an *rtcerr.TypeError.
func (c Config) withDefaults() (Config, error) {
	if err := c.check(); err != nil {
		return c, &rtcerr.TypeError{Err: err}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MTU == 0 {
		c.MTU = DefaultMTU
	}
	if c.FlightInterval == 0 {
		c.FlightInterval = DefaultFlightInterval
	}
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = DefaultHandshakeTimeout
	}
	if c.SRTPProfiles == nil {
		c.SRTPProfiles = DefaultSRTPProfiles()
	}
	if c.CipherSuites == nil {
		c.CipherSuites = DefaultCipherSuites()
	}
	if c.EllipticCurves == nil {
		c.EllipticCurves = defaultCurves(runtime.GOARCH)
	}
	if c.ReplayWindow == 0 {
		c.ReplayWindow = DefaultReplayWindow
	}
	return c, nil
}

// defaultCurves returns the curves in the order of what a handshake costs. Every peer
// has P-256 (RFC 8827 §6.5), which takes half of what X25519 does where Go has it in
// assembly, and several times as much elsewhere.
func defaultCurves(architecture string) []elliptic.Curve {
	switch architecture {
	case "amd64", "arm64", "ppc64le", "s390x":
		return []elliptic.Curve{elliptic.P256, elliptic.X25519, elliptic.P384}
	}
	return []elliptic.Curve{elliptic.X25519, elliptic.P256, elliptic.P384}
}

// minMTU leaves room for a record's and a handshake message's header and a
// useful fragment.
const minMTU = 256

func (c Config) check() error {
	switch {
	case c.Send == nil:
		return errors.New("dtlstransport: no Send function")
	case len(c.Certificates) == 0 && c.Verify == nil:
		return errors.New("dtlstransport: no certificate")
	case c.MTU != 0 && (c.MTU < minMTU || c.MTU > maxDatagram):
		return fmt.Errorf("dtlstransport: MTU %d, want %d to %d", c.MTU, minMTU, maxDatagram)
	case c.FlightInterval < 0:
		return fmt.Errorf("dtlstransport: flight interval %v is negative", c.FlightInterval)
	case c.ReplayWindow < 0:
		return fmt.Errorf("dtlstransport: replay window %d is negative", c.ReplayWindow)
	}
	for i, cert := range c.Certificates {
		if len(cert.Certificate) == 0 {
			return fmt.Errorf("dtlstransport: certificate %d is empty", i)
		}
		if _, ok := keyType(cert); !ok {
			return fmt.Errorf("dtlstransport: private key of certificate %d is a %T, want an ECDSA, Ed25519 or RSA key", i, cert.PrivateKey)
		}
	}
	return nil
}
