package webrtc

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/parleyrtc/webrtc/internal/dtlstransport"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// certificateLife is how long generated certificates are valid unless the
// program says otherwise. webrtc-pc §4.9.1: "If no expires attribute is …
// passed, 30 days".
const certificateLife = 30 * 24 * time.Hour

// clockSkew is how far the beginning of a generated certificate's validity lies
// in the past, for peers whose clocks are slow.
const clockSkew = 24 * time.Hour

// minRSABits is the shortest RSA key that is accepted: webrtc-pc §4.9.1 makes
// 2048 the least that an implementation has to take, and DTLS stacks refuse
// less.
const minRSABits = 2048

// Certificate is a certificate and its private key, with which a peer proves
// that its description is its own (webrtc-pc §4.9.2, RTCCertificate). It is a
// value that does not change and may serve several connections. The zero value
// is no certificate.
type Certificate struct {
	privateKey crypto.PrivateKey
	x509Cert   *x509.Certificate
}

// GenerateCertificate makes a self-signed certificate for secretKey, which is
// an ECDSA key on P-256 (which every peer knows) or P-384, or an RSA key of 2048
// bits or more. It is valid for 30 days; its serial number and its names are
// random, so that nothing links it to the program (webrtc-pc §4.9.1).
//
// The error, for any other key, is a *rtcerr.NotSupportedError that matches
// ErrPrivateKeyType.
func GenerateCertificate(secretKey crypto.PrivateKey) (*Certificate, error) {
	return generateCertificate(secretKey, time.Now(), certificateLife)
}

func generateCertificate(key crypto.PrivateKey, now time.Time, life time.Duration) (*Certificate, error) {
	var name [16]byte
	rand.Read(name[:]) // never fails
	subject := pkix.Name{CommonName: hex.EncodeToString(name[:])}
	return newCertificate(key, x509.Certificate{
		Subject:   subject,
		Issuer:    subject,
		NotBefore: now.Add(-clockSkew),
		NotAfter:  now.Add(life),
	})
}

// newDefaultCertificate makes the certificate of a connection that was given
// none. ECDSA on P-256 is what RFC 8827 §6.5 makes every peer know.
func newDefaultCertificate() (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, &rtcerr.OperationError{Err: fmt.Errorf("generate a key: %w", err)}
	}
	raw, err := signP256(key, time.Now(), certificateLife)
	if err != nil {
		return nil, &rtcerr.OperationError{Err: fmt.Errorf("sign a certificate: %w", err)}
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, &rtcerr.OperationError{Err: fmt.Errorf("read the signed certificate: %w", err)}
	}
	return &Certificate{privateKey: key, x509Cert: parsed}, nil
}

// NewCertificate makes a self-signed certificate for key after a template. What
// the template leaves zero of serial number and validity is filled as
// GenerateCertificate does; the issuer is the template's subject.
//
// The error is GenerateCertificate's for an unsuitable key, and a
// *rtcerr.UnknownError for a template that cannot be signed.
func NewCertificate(key crypto.PrivateKey, tpl x509.Certificate) (*Certificate, error) {
	now := time.Now()
	if tpl.NotBefore.IsZero() {
		tpl.NotBefore = now.Add(-clockSkew)
	}
	if tpl.NotAfter.IsZero() {
		tpl.NotAfter = now.Add(certificateLife)
	}
	return newCertificate(key, tpl)
}

func newCertificate(key crypto.PrivateKey, tpl x509.Certificate) (*Certificate, error) {
	public, err := publicKey(key)
	if err != nil {
		return nil, &rtcerr.NotSupportedError{Err: err}
	}
	if tpl.SerialNumber == nil {
		// RFC 5280 §4.1.2.2: a positive integer of at most 20 octets.
		var serial [16]byte
		rand.Read(serial[:]) // never fails
		serial[0] = serial[0]&0x7f | 0x40
		tpl.SerialNumber = new(big.Int).SetBytes(serial[:])
	}
	if tpl.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		// SHA-256 whatever the key, because the fingerprint uses the same hash
		// (RFC 8122 §5) and SHA-256 is the one that every peer knows.
		tpl.SignatureAlgorithm = x509.SHA256WithRSA
		if _, ok := public.(*ecdsa.PublicKey); ok {
			tpl.SignatureAlgorithm = x509.ECDSAWithSHA256
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &tpl, &tpl, public, key)
	if err != nil {
		return nil, &rtcerr.UnknownError{Err: fmt.Errorf("sign the certificate: %w", err)}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, &rtcerr.UnknownError{Err: fmt.Errorf("read the signed certificate: %w", err)}
	}
	return &Certificate{privateKey: key, x509Cert: parsed}, nil
}

// CertificateFromX509 returns a certificate that was made elsewhere, with its
// private key: ECDSA, RSA, or any crypto.Signer with such a public key, as of a
// hardware module. NewPeerConnection refuses a certificate whose key does not
// fit.
func CertificateFromX509(privateKey crypto.PrivateKey, certificate *x509.Certificate) Certificate {
	return Certificate{privateKey: privateKey, x509Cert: certificate}
}

// publicKey returns the public half of a key that a certificate may have, or an
// error that matches ErrPrivateKeyType.
func publicKey(key crypto.PrivateKey) (crypto.PublicKey, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: %T; want ECDSA on P-256 or P-384, or RSA", ErrPrivateKeyType, key)
	}
	switch public := signer.Public().(type) {
	case *ecdsa.PublicKey:
		if public.Curve == elliptic.P256() || public.Curve == elliptic.P384() {
			return public, nil
		}
		return nil, fmt.Errorf("%w: ECDSA on %s; want P-256 or P-384", ErrPrivateKeyType, public.Curve.Params().Name)
	case *rsa.PublicKey:
		if public.N.BitLen() >= minRSABits {
			return public, nil
		}
		return nil, fmt.Errorf("%w: RSA of %d bits; want %d or more", ErrPrivateKeyType, public.N.BitLen(), minRSABits)
	default:
		return nil, fmt.Errorf("%w: %T; want ECDSA on P-256 or P-384, or RSA", ErrPrivateKeyType, key)
	}
}

// check returns why the certificate cannot be used at the time now, as a
// *rtcerr.InvalidAccessError.
func (c Certificate) check(now time.Time) error {
	if _, err := c.tlsCertificate(); err != nil {
		return err
	}
	if expires := c.Expires(); !now.Before(expires) {
		return &rtcerr.InvalidAccessError{Err: fmt.Errorf("%w on %s", ErrCertificateExpired, expires.UTC().Format(time.RFC3339))}
	}
	return nil
}

// tlsCertificate returns the form that the DTLS engine takes. The error is a
// *rtcerr.InvalidAccessError for a key that is unsuitable or not this
// certificate's.
func (c Certificate) tlsCertificate() (tls.Certificate, error) {
	if c.x509Cert == nil || len(c.x509Cert.Raw) == 0 {
		return tls.Certificate{}, &rtcerr.InvalidAccessError{Err: errors.New("the certificate is empty; GenerateCertificate makes one")}
	}
	public, err := publicKey(c.privateKey)
	if err != nil {
		return tls.Certificate{}, &rtcerr.InvalidAccessError{Err: err}
	}
	if k, ok := public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !k.Equal(c.x509Cert.PublicKey) {
		return tls.Certificate{}, &rtcerr.InvalidAccessError{Err: errors.New("the private key is not the one of the certificate")}
	}
	return tls.Certificate{
		Certificate: [][]byte{c.x509Cert.Raw},
		PrivateKey:  c.privateKey,
		Leaf:        c.x509Cert,
	}, nil
}

// Equals reports whether both have the same key and the same certificate. It is
// false for the zero value.
func (c Certificate) Equals(cert Certificate) bool {
	if c.x509Cert == nil || cert.x509Cert == nil || !bytes.Equal(c.x509Cert.Raw, cert.x509Cert.Raw) {
		return false
	}
	// Keys in hardware cannot be compared but by their public halves.
	mine, err := publicKey(c.privateKey)
	if err != nil {
		return false
	}
	other, err := publicKey(cert.privateKey)
	if err != nil {
		return false
	}
	k, ok := mine.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(other)
}

// Expires returns the time from which the certificate is no longer valid, and
// the zero time for the zero value. NewPeerConnection refuses a certificate
// that has expired.
func (c Certificate) Expires() time.Time {
	if c.x509Cert == nil {
		return time.Time{}
	}
	return c.x509Cert.NotAfter
}

// GetFingerprints returns the certificate's fingerprints, in lower case: first
// the one under the hash function that the certificate was signed with, as RFC
// 8122 §5 asks, then sha-256 if that is another.
//
// The error matches ErrFailedToGenerateCertificateFingerprint and is that of
// the zero value.
func (c Certificate) GetFingerprints() ([]DTLSFingerprint, error) {
	if c.x509Cert == nil || len(c.x509Cert.Raw) == 0 {
		return nil, &rtcerr.InvalidAccessError{Err: ErrFailedToGenerateCertificateFingerprint}
	}
	algorithms := []string{"sha-256"}
	if signed := signatureHash(c.x509Cert.SignatureAlgorithm); signed != "sha-256" {
		algorithms = slices.Insert(algorithms, 0, signed)
	}
	out := make([]DTLSFingerprint, 0, len(algorithms))
	for _, algorithm := range algorithms {
		f, err := dtlstransport.ComputeFingerprint(c.x509Cert.Raw, algorithm)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFailedToGenerateCertificateFingerprint, err)
		}
		// webrtc-pc §5.5.2: "in lowercase hex string".
		out = append(out, DTLSFingerprint{Algorithm: f.Algorithm, Value: strings.ToLower(f.Value)})
	}
	return out, nil
}

// signatureHash names the hash function of a signature. Those that RFC 8122 §5
// forbids, and sha-1, are replaced by sha-256.
func signatureHash(a x509.SignatureAlgorithm) string {
	switch a {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return "sha-384"
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		return "sha-512"
	default:
		return "sha-256"
	}
}
