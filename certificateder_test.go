package webrtc

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"testing"
	"time"
)

// A connection's own certificate differs from those of x509 in what is random only.
func TestSignP256LikeX509(t *testing.T) {
	key := ecKey(t, elliptic.P256())
	for _, now := range []time.Time{
		time.Date(2026, 11, 27, 1, 2, 3, 4, time.FixedZone("", 3600)),
		time.Date(2049, 12, 15, 0, 0, 0, 0, time.UTC), // ends after UTCTime does
		time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		der, err := signP256(key, now, certificateLife)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatalf("%s: %v", now, err)
		}
		if err := got.CheckSignature(got.SignatureAlgorithm, got.RawTBSCertificate, got.Signature); err != nil {
			t.Errorf("%s: %v", now, err)
		}
		template := &x509.Certificate{
			SerialNumber: got.SerialNumber, Subject: got.Subject, Issuer: got.Issuer,
			NotBefore: now.Add(-clockSkew), NotAfter: now.Add(certificateLife), SignatureAlgorithm: x509.ECDSAWithSHA256,
		}
		want, err := newCertificate(key, *template)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.RawTBSCertificate, want.x509Cert.RawTBSCertificate) {
			t.Errorf("%s: the certificate is\n%x, x509's\n%x", now, got.RawTBSCertificate, want.x509Cert.RawTBSCertificate)
		}
	}
}

func TestDefaultCertificatesHaveNothingInCommon(t *testing.T) {
	a, err := newDefaultCertificate()
	if err != nil {
		t.Fatal(err)
	}
	b, err := newDefaultCertificate()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.check(time.Now()); err != nil {
		t.Error(err)
	}
	x, y := a.x509Cert, b.x509Cert
	if x.SerialNumber.Cmp(y.SerialNumber) == 0 || x.SerialNumber.BitLen() != 127 || x.Subject.CommonName == y.Subject.CommonName ||
		a.privateKey.(*ecdsa.PrivateKey).Equal(b.privateKey) {
		t.Errorf("%v, %s and %v, %s", x.SerialNumber, x.Subject, y.SerialNumber, y.Subject)
	}
}

func BenchmarkDefaultCertificate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := newDefaultCertificate(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGenerateCertificate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := GenerateCertificateWithParameters(CertificateParameters{Name: "ECDSA"}); err != nil {
			b.Fatal(err)
		}
	}
}
