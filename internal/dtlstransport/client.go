package dtlstransport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/pion/dtls/v3"
)

// serverFlightInterval is Config.FlightInterval towards a server of whose path
// nothing is known.
const serverFlightInterval = 500 * time.Millisecond

// A Client is the client's end of an association with a server that authorities
// vouch for, as with TLS: a TURN server (RFC 7350). Deliver, EndBatch, Read, Append,
// Flush and Close are the Transport's.
type Client struct {
	*Transport
	settled chan error // how the handshake has ended
}

// NewClient returns a client that sends by send, which is Config.Send. Of config
// these have effect: RootCAs, ServerName, InsecureSkipVerify, VerifyPeerCertificate
// and VerifyConnection, which do what they do for TLS; Time, Certificates, NextProtos
// and KeyLogWriter. The error is an *rtcerr.TypeError.
func NewClient(config *tls.Config, send func(datagrams [][]byte) error, logger *slog.Logger) (*Client, error) {
	c := &Client{settled: make(chan error, 1)}
	ems := dtls.RequestExtendedMasterSecret // servers on old libraries have none
	t, err := New(Config{
		Certificates: config.Certificates, Send: send, Logger: logger,
		OnState: func(s State, err error) {
			if s != StateConnecting {
				select {
				case c.settled <- err:
				default:
				}
			}
		},
		Verify:         func(chain [][]byte) error { return verifyServer(config, chain) },
		ServerName:     config.ServerName,
		FlightInterval: serverFlightInterval,
		// The caller's context bounds the handshake.
		HandshakeTimeout:     -1,
		SRTPProfiles:         []dtls.SRTPProtectionProfile{},
		ExtendedMasterSecret: &ems,
		ALPN:                 config.NextProtos,
		KeyLog:               config.KeyLogWriter,
	})
	if err != nil {
		return nil, err
	}
	c.Transport = t
	return c, nil
}

// Handshake shakes hands with the server whose datagrams Deliver brings meanwhile.
// It is called once. If ctx is done first its error is returned; Close then ends the
// attempt.
func (c *Client) Handshake(ctx context.Context) error {
	if err := c.Start(Active, nil); err != nil {
		return err
	}
	select {
	case err := <-c.settled:
		if err == nil && c.State() != StateConnected {
			return fmt.Errorf("dtlstransport: the server has ended the handshake: %w", net.ErrClosed)
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Buffered reports whether Read would not wait.
func (c *Client) Buffered() bool {
	n, _ := c.data.size()
	return n > 0
}

// verifyServer does for a chain what crypto/tls does.
func verifyServer(config *tls.Config, chain [][]byte) error {
	certs := make([]*x509.Certificate, len(chain))
	for i, der := range chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("the server's certificate cannot be read: %w", err)
		}
		certs[i] = cert
	}
	state := tls.ConnectionState{Version: tls.VersionTLS12, HandshakeComplete: true, ServerName: config.ServerName, PeerCertificates: certs}
	if !config.InsecureSkipVerify {
		if config.ServerName == "" {
			return errors.New("no name to look for in the server's certificate")
		}
		opts := x509.VerifyOptions{Roots: config.RootCAs, DNSName: config.ServerName, Intermediates: x509.NewCertPool()}
		if config.Time != nil {
			opts.CurrentTime = config.Time()
		}
		for _, cert := range certs[1:] {
			opts.Intermediates.AddCert(cert)
		}
		var err error
		if state.VerifiedChains, err = certs[0].Verify(opts); err != nil {
			return err
		}
	}
	if config.VerifyPeerCertificate != nil {
		if err := config.VerifyPeerCertificate(chain, state.VerifiedChains); err != nil {
			return err
		}
	}
	if config.VerifyConnection != nil {
		return config.VerifyConnection(state)
	}
	return nil
}
