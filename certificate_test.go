package webrtc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// rsaKey returns the same key each time: to make one takes a while.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func generated(t testing.TB, key crypto.PrivateKey) *Certificate {
	t.Helper()
	c, err := GenerateCertificate(key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// webrtc-pc §4.9.1: what a generated certificate is made of.
func TestGenerateCertificate(t *testing.T) {
	for name, key := range map[string]crypto.PrivateKey{
		"ECDSA P-256": ecKey(t, elliptic.P256()),
		"ECDSA P-384": ecKey(t, elliptic.P384()),
		"RSA 2048":    rsaKey(),
	} {
		before := time.Now()
		c, other := generated(t, key), generated(t, key)
		x := c.x509Cert
		if life := c.Expires().Sub(before); life < certificateLife-2*time.Second || life > certificateLife+time.Minute {
			t.Errorf("%s: it expires in %s, want 30 days", name, life)
		}
		if !x.NotBefore.Before(before) {
			t.Errorf("%s: it is valid from %s only, after the time it was made", name, x.NotBefore)
		}
		// RFC 5280 §4.1.2.2 and the demand that nothing links certificates.
		if x.SerialNumber.Sign() <= 0 || x.SerialNumber.BitLen() < 64 || len(x.SerialNumber.Bytes()) > 20 {
			t.Errorf("%s: the serial number is %s", name, x.SerialNumber)
		}
		if x.SerialNumber.Cmp(other.x509Cert.SerialNumber) == 0 || x.Subject.CommonName == other.x509Cert.Subject.CommonName {
			t.Errorf("%s: two certificates have the same serial number or name", name)
		}
		if len(x.Subject.CommonName) < 16 || x.Subject.String() != x.Issuer.String() {
			t.Errorf("%s: subject %s, issuer %s", name, x.Subject, x.Issuer)
		}
		if err := x.CheckSignature(x.SignatureAlgorithm, x.RawTBSCertificate, x.Signature); err != nil {
			t.Errorf("%s: it is not signed with its own key: %v", name, err)
		}
		fingerprints, err := c.GetFingerprints()
		if err != nil || len(fingerprints) != 1 {
			t.Fatalf("%s: fingerprints %v, %v", name, fingerprints, err)
		}
		sum := sha256.Sum256(x.Raw)
		if f := fingerprints[0]; f.Algorithm != "sha-256" || strings.ReplaceAll(f.Value, ":", "") != hex.EncodeToString(sum[:]) || len(f.Value) != 95 {
			t.Errorf("%s: the fingerprint is %+v", name, f)
		}
		if err := c.check(time.Now()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.Equals(*other) || !c.Equals(*c) {
			t.Errorf("%s: Equals takes different certificates for the same, or the same for different", name)
		}
		if _, err := tls.X509KeyPair(pemOf(t, c)); err != nil {
			t.Errorf("%s: crypto/tls does not take it: %v", name, err)
		}
	}
}

func pemOf(t testing.TB, c *Certificate) (certificate, key []byte) {
	t.Helper()
	text, err := c.PEM()
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text), []byte(text)
}

type foreignKey struct{}

func (foreignKey) Public() crypto.PublicKey { return "public" }
func (foreignKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("cannot sign")
}

func TestGenerateCertificateRefusesOtherKeys(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short := rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}}
	for name, key := range map[string]crypto.PrivateKey{
		"none": nil, "Ed25519": ed, "P-224": ecKey(t, elliptic.P224()), "RSA of 1024 bits": &short,
		"a foreign signer": foreignKey{}, "text": "key",
	} {
		_, err := GenerateCertificate(key)
		var unsupported *rtcerr.NotSupportedError
		if !errors.As(err, &unsupported) || !errors.Is(err, ErrPrivateKeyType) {
			t.Errorf("%s: %v, want a NotSupportedError that matches ErrPrivateKeyType", name, err)
		}
	}
}

func TestNewCertificateFollowsTheTemplate(t *testing.T) {
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	c, err := NewCertificate(ecKey(t, elliptic.P256()), x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "name"}, NotAfter: end,
		SignatureAlgorithm: x509.ECDSAWithSHA384,
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.x509Cert.SerialNumber.Int64() != 7 || c.x509Cert.Subject.CommonName != "name" || !c.Expires().Equal(end) {
		t.Errorf("the certificate is %+v", c.x509Cert)
	}
	// RFC 8122 §5: the hash of the signature comes first.
	fingerprints, err := c.GetFingerprints()
	if err != nil || len(fingerprints) != 2 || fingerprints[0].Algorithm != "sha-384" || fingerprints[1].Algorithm != "sha-256" {
		t.Errorf("fingerprints %v, %v", fingerprints, err)
	}
	filled, err := NewCertificate(rsaKey(), x509.Certificate{})
	if err != nil {
		t.Fatal(err)
	}
	if err := filled.check(time.Now()); err != nil || filled.x509Cert.SerialNumber.BitLen() < 64 {
		t.Errorf("an empty template: %v, serial number %s", err, filled.x509Cert.SerialNumber)
	}
	_, err = NewCertificate(rsaKey(), x509.Certificate{SignatureAlgorithm: x509.ECDSAWithSHA256})
	var unknown *rtcerr.UnknownError
	if !errors.As(err, &unknown) {
		t.Errorf("a signature of the wrong kind: %v, want an UnknownError", err)
	}
}

func TestCertificateCheck(t *testing.T) {
	now := time.Now()
	key := ecKey(t, elliptic.P256())
	good := generated(t, key)
	expired, err := NewCertificate(key, x509.Certificate{NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		certificate Certificate
		at          time.Time
		cause       error
	}{
		{"expired", *expired, now, ErrCertificateExpired},
		{"on the second it expires", *good, good.Expires(), ErrCertificateExpired},
		{"empty", Certificate{}, now, nil},
		{"without key", CertificateFromX509(nil, good.x509Cert), now, ErrPrivateKeyType},
		{"with another's key", CertificateFromX509(ecKey(t, elliptic.P256()), good.x509Cert), now, nil},
		{"with a key of another kind", CertificateFromX509(rsaKey(), good.x509Cert), now, nil},
		{"made by hand", CertificateFromX509(key, &x509.Certificate{PublicKey: key.Public()}), now, nil},
	} {
		err := c.certificate.check(c.at)
		var access *rtcerr.InvalidAccessError
		if !errors.As(err, &access) || c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: %v, want an InvalidAccessError for %v", c.name, err, c.cause)
		}
	}
	if err := good.check(good.Expires().Add(-time.Second)); err != nil {
		t.Errorf("a second before it expires: %v", err)
	}
	if c := CertificateFromX509(key, good.x509Cert); !c.Equals(*good) {
		t.Error("the same key and certificate are another Certificate")
	}
}

func TestZeroCertificate(t *testing.T) {
	var zero Certificate
	if zero.Equals(zero) {
		t.Error("the zero value equals something")
	}
	if !zero.Expires().IsZero() {
		t.Errorf("the zero value expires at %s", zero.Expires())
	}
	if _, err := zero.GetFingerprints(); !errors.Is(err, ErrFailedToGenerateCertificateFingerprint) {
		t.Errorf("the zero value's fingerprints: %v", err)
	}
	var access *rtcerr.InvalidAccessError
	if _, err := zero.PEM(); !errors.As(err, &access) {
		t.Errorf("the zero value's PEM: %v", err)
	}
}
