package webrtc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"testing"
	"time"
)

// webrtc-pc §4.9.1: generateCertificate.
func TestGenerateCertificateWithParameters(t *testing.T) {
	for _, c := range []struct {
		name       string
		parameters CertificateParameters
		want       string
		life       time.Duration
	}{
		{"ECDSA", CertificateParameters{Name: "ECDSA", NamedCurve: "P-256"}, none, certificateLife},
		{"ECDSA in small letters, no curve", CertificateParameters{Name: "ecdsa"}, none, certificateLife},
		{"P-384", CertificateParameters{Name: "ECDSA", NamedCurve: "P-384"}, none, certificateLife},
		{"RSA", CertificateParameters{Name: "RSASSA-PKCS1-v1_5", ModulusLength: 2048, PublicExponent: 65537, Hash: "SHA-256"}, none, certificateLife},
		{"an hour", CertificateParameters{Name: "ECDSA", Expires: ptr(time.Hour)}, none, time.Hour},
		{"at once", CertificateParameters{Name: "ECDSA", Expires: ptr(time.Duration(0))}, none, 0},
		{"too long", CertificateParameters{Name: "ECDSA", Expires: ptr(1000 * 24 * time.Hour)}, none, 365 * 24 * time.Hour},
		{"negative", CertificateParameters{Name: "ECDSA", Expires: ptr(-time.Second)}, wrongType, 0},
		{"nothing", CertificateParameters{}, unsupported, 0},
		{"no such algorithm", CertificateParameters{Name: "invalid-algo"}, unsupported, 0},
		{"RSA-PSS", CertificateParameters{Name: "RSA-PSS"}, unsupported, 0},
		{"P-521", CertificateParameters{Name: "ECDSA", NamedCurve: "P-521"}, unsupported, 0},
		{"RSA of 1024 bits", CertificateParameters{Name: "RSASSA-PKCS1-v1_5", ModulusLength: 1024}, unsupported, 0},
		{"RSA of a million bits", CertificateParameters{Name: "RSASSA-PKCS1-v1_5", ModulusLength: 1000000}, unsupported, 0},
		{"exponent 3", CertificateParameters{Name: "RSASSA-PKCS1-v1_5", PublicExponent: 3}, unsupported, 0},
		{"SHA-1", CertificateParameters{Name: "RSASSA-PKCS1-v1_5", Hash: "SHA-1"}, unsupported, 0},
	} {
		before := time.Now()
		got, err := GenerateCertificateWithParameters(c.parameters)
		if kindOf(err) != c.want || (got == nil) != (err != nil) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
			continue
		}
		if c.want == unsupported && !errors.Is(err, ErrPrivateKeyType) {
			t.Errorf("%s: %v does not match ErrPrivateKeyType", c.name, err)
		}
		if err != nil {
			continue
		}
		// A certificate's times are in whole seconds.
		if d := got.Expires().Sub(before) - c.life; d < -2*time.Second || d > time.Minute {
			t.Errorf("%s: it expires at %s", c.name, got.Expires())
		}
		if err := got.check(before); c.life > 0 && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.life == 0 && !errors.Is(got.check(time.Now()), ErrCertificateExpired) {
			t.Errorf("%s: it has not expired", c.name)
		}
	}
}

func TestGeneratedKeys(t *testing.T) {
	c, err := GenerateCertificateWithParameters(CertificateParameters{Name: "ECDSA", NamedCurve: "P-384"})
	if err != nil {
		t.Fatal(err)
	}
	if key, ok := c.privateKey.(*ecdsa.PrivateKey); !ok || key.Curve != elliptic.P384() {
		t.Errorf("the key is a %T", c.privateKey)
	}
	c, err = GenerateCertificateWithParameters(CertificateParameters{Name: "RSASSA-PKCS1-v1_5"})
	if err != nil {
		t.Fatal(err)
	}
	if key, ok := c.privateKey.(*rsa.PrivateKey); !ok || key.N.BitLen() != 2048 || key.E != 65537 {
		t.Errorf("the key is a %T", c.privateKey)
	}
}
