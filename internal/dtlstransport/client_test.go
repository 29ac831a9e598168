package dtlstransport

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
)

// serverChain is a certificate for turn.example, and who trusts it.
func serverChain(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"turn.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// clientAndServer connects a client with pion's server, which asks for a certificate
// and does not insist.
func clientAndServer(t *testing.T, config *tls.Config, certificate tls.Certificate) (*Client, *dtls.Conn, error) {
	t.Helper()
	w := &wire{in: newPacketQueue(1000, 1<<20)}
	out, back := newLink(0), newLink(0)
	client, err := NewClient(config, out.send, nil)
	if err != nil {
		t.Fatal(err)
	}
	out.to, back.to = func(b []byte) { w.in.push(b) }, client.HandleDatagram
	w.send = func(b []byte) { _ = back.send([][]byte{b}) }
	server, err := dtls.ServerWithOptions(w, peerAddr{}, dtls.WithClientAuth(dtls.RequestClientCert), dtls.WithCertificates(certificate))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	go func() {
		defer close(done)
		_ = server.HandshakeContext(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		_ = client.Close()
		_ = server.Close()
		<-done
		close(out.stop)
		close(back.stop)
	})
	err = client.Handshake(ctx)
	if err == nil {
		<-done
	}
	return client, server, err
}

// A client takes a server by its certificate's authority and name, as TLS does.
func TestClientVerifiesTheServer(t *testing.T) {
	certificate, roots := serverChain(t)
	refusal := errors.New("not this one")
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	for what, tt := range map[string]struct {
		config *tls.Config
		want   func(error) bool
	}{
		"trusted":       {&tls.Config{RootCAs: roots, ServerName: "turn.example"}, func(err error) bool { return err == nil }},
		"not checked":   {&tls.Config{InsecureSkipVerify: true}, func(err error) bool { return err == nil }},
		"no name":       {&tls.Config{RootCAs: roots}, func(err error) bool { return err != nil }},
		"another name":  {&tls.Config{RootCAs: roots, ServerName: "other.example"}, func(err error) bool { return errors.As(err, &name) }},
		"an address":    {&tls.Config{RootCAs: roots, ServerName: "198.51.100.1"}, func(err error) bool { return errors.As(err, &name) }},
		"unknown":       {&tls.Config{RootCAs: x509.NewCertPool(), ServerName: "turn.example"}, func(err error) bool { return errors.As(err, &unknown) }},
		"expired":       {&tls.Config{RootCAs: roots, ServerName: "turn.example", Time: func() time.Time { return time.Now().Add(24 * time.Hour) }}, func(err error) bool { return errors.As(err, &invalid) }},
		"refused":       {&tls.Config{RootCAs: roots, ServerName: "turn.example", VerifyConnection: func(tls.ConnectionState) error { return refusal }}, func(err error) bool { return errors.Is(err, refusal) }},
		"refused early": {&tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error { return refusal }}, func(err error) bool { return errors.Is(err, refusal) }},
		"with its own":  {&tls.Config{RootCAs: roots, ServerName: "turn.example", Certificates: []tls.Certificate{certificate}}, func(err error) bool { return err == nil }},
		"chains are seen": {&tls.Config{RootCAs: roots, ServerName: "turn.example", VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.VerifiedChains) != 1 || len(s.PeerCertificates) != 1 || s.ServerName != "turn.example" {
				return refusal
			}
			return nil
		}}, func(err error) bool { return err == nil }},
	} {
		t.Run(what, func(t *testing.T) {
			client, server, err := clientAndServer(t, tt.config, certificate)
			if !tt.want(err) {
				t.Fatalf("handshake: %v", err)
			}
			if err != nil {
				return
			}
			if _, err := server.Write([]byte("well met")); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 100)
			if n, err := client.Read(b); err != nil || string(b[:n]) != "well met" || client.Buffered() {
				t.Errorf("%q, %v", b[:n], err)
			}
			state, _ := server.ConnectionState()
			if has := len(state.PeerCertificates) > 0; has != (len(tt.config.Certificates) > 0) {
				t.Errorf("the client has shown a certificate: %v", has)
			}
		})
	}
}

// A server that does not answer costs what the context allows.
func TestClientGivesUp(t *testing.T) {
	client, err := NewClient(&tls.Config{ServerName: "turn.example"}, func([][]byte) error { return nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := client.Handshake(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("handshake: %v", err)
	}
	if _, err := NewClient(&tls.Config{}, nil, nil); err == nil {
		t.Error("a client that cannot send is made")
	}
}
