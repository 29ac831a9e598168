package webrtc

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// pionPEM was written by pion/webrtc v4.2.20's Certificate.PEM; the key was
// made for this test.
const pionPEM = `-----BEGIN CERTIFICATE-----
MIIBCzCBs6ADAgECAgEHMAoGCCqGSM49BAMCMA8xDTALBgNVBAMTBHRlc3QwIBcN
MjQwMTAxMDAwMDAwWhgPMjEwMDAxMDEwMDAwMDBaMA8xDTALBgNVBAMTBHRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASLZuc5+hnqTs2DzNRbms1apMv6XkUz
TDhUerBnpPjKH+g3PikpAS1pAc0/RlSeaUMwzev+pZJlI6Qu5Three9WMAoGCCqG
SM49BAMCA0cAMEQCIDyb4QdqKxTxA/R9b55qmWoilBXrb1Eugy0KfZ2zKP5wAiBA
a/kSHqJd43XvwkUc0v7gInnXb/WTx98gK7Q7TeO+sw==
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJnPIAeH3EmnqA4ts
OydbXxQo2JvnxqUTKp5SlHBaOsmhRANCAASLZuc5+hnqTs2DzNRbms1apMv6XkUz
TDhUerBnpPjKH+g3PikpAS1pAc0/RlSeaUMwzev+pZJlI6Qu5Three9W
-----END PRIVATE KEY-----
`

// pionFingerprint is what pion's GetFingerprints returns for it.
const pionFingerprint = "79:27:ca:bb:4d:85:e4:b0:96:15:48:77:71:c1:6e:3e:09:44:bf:8b:65:9d:2a:fe:26:9f:da:24:91:63:04:d4"

func TestCertificateOfThePionAPI(t *testing.T) {
	c, err := CertificateFromPEM(pionPEM)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Expires(); !got.Equal(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("it expires at %s", got)
	}
	fingerprints, err := c.GetFingerprints()
	if err != nil || len(fingerprints) != 1 || fingerprints[0] != (DTLSFingerprint{"sha-256", pionFingerprint}) {
		t.Errorf("fingerprints %v, %v", fingerprints, err)
	}
	if text, err := c.PEM(); err != nil || text != pionPEM {
		t.Errorf("it is written as\n%s%v", text, err)
	}
}

func TestPEMRoundTrip(t *testing.T) {
	for name, c := range map[string]*Certificate{
		"P-256": generated(t, ecKey(t, elliptic.P256())),
		"P-384": generated(t, ecKey(t, elliptic.P384())),
		"RSA":   generated(t, rsaKey()),
	} {
		text, err := c.PEM()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back, err := CertificateFromPEM(text)
		if err != nil || !back.Equals(*c) || !c.Equals(*back) {
			t.Errorf("%s: it came back as another (%v)", name, err)
		}
	}
}

// block is one PEM block.
func block(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func TestCertificateFromPEMForms(t *testing.T) {
	key := ecKey(t, elliptic.P256())
	c := generated(t, key)
	ec, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	fromRSA := generated(t, rsaKey())
	cert, keyBlock := block(pemCertificate, c.x509Cert.Raw), block(pemPrivateKey, pkcs8)
	syntax, access := new(*rtcerr.SyntaxError), new(*rtcerr.InvalidAccessError)
	for _, tc := range []struct {
		name, text string
		want       any // the kind of error, nil for none
	}{
		{"certificate first", cert + keyBlock, nil},
		{"key first", keyBlock + cert, nil},
		{"text around and CRLF", "Bag Attributes\n" + strings.ReplaceAll(cert+"\nkey:\n"+keyBlock, "\n", "\r\n") + "end", nil},
		{"OpenSSL's EC key", block("EC PARAMETERS", []byte{6, 1, 0}) + cert + block(pemECKey, ec), nil},
		{"OpenSSL's RSA key", block(pemRSAKey, x509.MarshalPKCS1PrivateKey(rsaKey())) + block(pemCertificate, fromRSA.x509Cert.Raw), nil},
		{"nothing", "", syntax},
		{"no PEM", "hello", syntax},
		{"no key", cert, syntax},
		{"no certificate", keyBlock, syntax},
		{"two certificates", cert + cert + keyBlock, syntax},
		{"two keys", cert + keyBlock + keyBlock, syntax},
		{"certificate broken", block(pemCertificate, []byte("x")) + keyBlock, syntax},
		{"key broken", cert + block(pemPrivateKey, []byte("x")), syntax},
		{"EC key broken", cert + block(pemECKey, []byte("x")), syntax},
		{"RSA key broken", cert + block(pemRSAKey, []byte("x")), syntax},
		{"key of another certificate", block(pemCertificate, fromRSA.x509Cert.Raw) + keyBlock, access},
	} {
		got, err := CertificateFromPEM(tc.text)
		switch {
		case tc.want == nil && (err != nil || got == nil):
			t.Errorf("%s: %v", tc.name, err)
		case tc.want != nil && (!errors.As(err, tc.want) || got != nil):
			t.Errorf("%s: %v (%T), want %T", tc.name, err, err, tc.want)
		}
	}
}

func TestPEMOfAKeyThatCannotLeave(t *testing.T) {
	c := CertificateFromX509(foreignKey{}, generated(t, rsaKey()).x509Cert)
	var access *rtcerr.InvalidAccessError
	if _, err := c.PEM(); !errors.As(err, &access) {
		t.Errorf("%v, want an InvalidAccessError", err)
	}
}

func FuzzCertificateFromPEM(f *testing.F) {
	f.Add(pionPEM)
	f.Add("")
	f.Add(pionPEM + pionPEM)
	i := strings.Index(pionPEM, "-----BEGIN PRIVATE")
	f.Add(pionPEM[i:] + pionPEM[:i])
	f.Add(pionPEM[:i] + block(pemECKey, bytes.Repeat([]byte{0x30}, 40)))
	f.Add(block(pemRSAKey, []byte{0x30, 3, 2, 1, 0}) + pionPEM[:i])
	f.Fuzz(func(t *testing.T, text string) {
		c, err := CertificateFromPEM(text)
		if err != nil {
			if c != nil {
				t.Fatal("a certificate together with an error")
			}
			var syntax *rtcerr.SyntaxError
			var access *rtcerr.InvalidAccessError
			if !errors.As(err, &syntax) && !errors.As(err, &access) {
				t.Fatalf("the error is a %T: %v", err, err)
			}
			return
		}
		// What was read can be used, and written.
		if _, err := c.tlsCertificate(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.GetFingerprints(); err != nil {
			t.Fatal(err)
		}
		out, err := c.PEM()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := CertificateFromPEM(out); err != nil || !back.Equals(*c) {
			t.Fatalf("it came back as another (%v)", err)
		}
	})
}
