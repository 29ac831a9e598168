package dtlstransport

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"

	"github.com/pion/dtls/v3"

	"github.com/parleyrtc/webrtc/internal/enginelog"
)

// fragmentOverhead is what the engine adds to a fragment of a handshake
// message of the size of its MTU: the headers of the message and of the record.
const fragmentOverhead = handshakeHeaderLen + recordHeaderLen

// newEngine makes the engine for the role. t.mu is held.
func (t *Transport) newEngine() (*dtls.Conn, error) {
	shared := t.sharedOptions()
	if t.role == Active {
		opts := []dtls.ClientOption{
			dtls.WithGetClientCertificate(func(info *dtls.CertificateRequestInfo) (*tls.Certificate, error) {
				return t.present(clientCertificate(t.cfg.Certificates, info.CertificateTypes)), nil
			}),
			dtls.WithInsecureSkipVerify(!t.cfg.VerifyChain),
		}
		for _, o := range shared {
			opts = append(opts, o)
		}
		return dtls.ClientWithOptions(t.path, peerAddr{}, opts...)
	}
	// RFC 8827 §6.5: both sides present certificates.
	auth := dtls.RequireAnyClientCert
	if t.cfg.ClientAuth != nil {
		auth = *t.cfg.ClientAuth
	}
	opts := []dtls.ServerOption{
		dtls.WithClientAuth(auth),
		dtls.WithClientCAs(t.cfg.ClientCAs),
		dtls.WithInsecureSkipVerifyHello(!t.cfg.HelloVerify),
		dtls.WithGetCertificate(func(info *dtls.ClientHelloInfo) (*tls.Certificate, error) {
			return t.present(serverCertificate(t.cfg.Certificates, info.CipherSuites, t.cfg.CipherSuites)), nil
		}),
	}
	if t.cfg.ServerHelloHook != nil {
		opts = append(opts, dtls.WithServerHelloMessageHook(t.cfg.ServerHelloHook))
	}
	if t.cfg.CertificateRequestHook != nil {
		opts = append(opts, dtls.WithCertificateRequestMessageHook(t.cfg.CertificateRequestHook))
	}
	for _, o := range shared {
		opts = append(opts, o)
	}
	return dtls.ServerWithOptions(t.path, peerAddr{}, opts...)
}

// sharedOptions returns the options that both roles have.
func (t *Transport) sharedOptions() []dtls.Option {
	c := t.cfg
	// RFC 7627 §1 tells what a session without it is open to.
	ems := dtls.RequireExtendedMasterSecret
	if c.ExtendedMasterSecret != nil {
		ems = *c.ExtendedMasterSecret
	}
	opts := []dtls.Option{
		dtls.WithCipherSuites(c.CipherSuites...),
		dtls.WithEllipticCurves(c.EllipticCurves...),
		dtls.WithExtendedMasterSecret(ems),
		dtls.WithFlightInterval(c.FlightInterval),
		dtls.WithDisableRetransmitBackoff(c.DisableRetransmitBackoff),
		dtls.WithMTU(c.MTU - fragmentOverhead),
		dtls.WithReplayProtectionWindow(c.ReplayWindow),
		dtls.WithLoggerFactory(enginelog.New(c.Logger, slog.LevelError)),
		dtls.WithRootCAs(c.RootCAs),
		dtls.WithServerName(c.ServerName),
		dtls.WithVerifyPeerCertificate(func(chain [][]byte, _ [][]*x509.Certificate) error {
			return t.verify(chain)
		}),
	}
	if len(c.SRTPProfiles) > 0 {
		opts = append(opts, dtls.WithSRTPProtectionProfiles(c.SRTPProfiles...))
	}
	if len(c.ALPN) > 0 {
		opts = append(opts, dtls.WithSupportedProtocols(c.ALPN...))
	}
	if c.KeyLog != nil {
		opts = append(opts, dtls.WithKeyLogWriter(c.KeyLog))
	}
	if c.CustomCipherSuites != nil {
		opts = append(opts, dtls.WithCustomCipherSuites(c.CustomCipherSuites))
	}
	if c.ClientHelloHook != nil {
		opts = append(opts, dtls.WithClientHelloMessageHook(c.ClientHelloHook))
	}
	return opts
}

// present notes the certificate that the peer is shown.
func (t *Transport) present(cert *tls.Certificate) *tls.Certificate {
	t.mu.Lock()
	t.local = cert.Certificate
	t.mu.Unlock()
	return cert
}

// verify is called by the engine with the peer's chain, the leaf first.
func (t *Transport) verify(chain [][]byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.peer = chain
	switch {
	case len(chain) == 0:
		t.verifyErr = ErrNoCertificate
	case t.cfg.Verify != nil:
		t.verifyErr = t.cfg.Verify(chain)
	default:
		t.verifyErr = t.verifyPeer(chain[0], t.remote)
	}
	t.verified = t.verifyErr == nil
	return t.verifyErr
}
