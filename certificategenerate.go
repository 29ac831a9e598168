package webrtc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// maxCertificateLife is the longest validity of a generated certificate:
// webrtc-pc §4.9.1 caps it at 365 days.
const maxCertificateLife = 365 * 24 * time.Hour

// maxRSABits bounds the time that it takes to make a key.
const maxRSABits = 8192

// CertificateParameters say which key a certificate gets, in the terms of the
// Web Cryptography API (webrtc-pc §4.9.1, AlgorithmIdentifier and
// RTCCertificateExpiration).
type CertificateParameters struct {
	// Name is "ECDSA" or "RSASSA-PKCS1-v1_5", in either case.
	Name string
	// NamedCurve is the curve of ECDSA: "P-256", which "" stands for, or
	// "P-384".
	NamedCurve string
	// ModulusLength is the size of an RSA key in bits, 2048 to 8192; 0 means
	// 2048.
	ModulusLength int
	// PublicExponent is RSA's: 65537, which 0 stands for.
	PublicExponent int
	// Hash is the hash function of an RSA signature: "SHA-256", which "" stands
	// for.
	Hash string
	// Expires is how long the certificate is valid from now on, 365 days at
	// most; nil means 30 days. A longer time is cut.
	Expires *time.Duration
}

// GenerateCertificateWithParameters makes a key and a certificate for it, as
// W3C's RTCPeerConnection.generateCertificate does (webrtc-pc §4.9.1); else it
// is GenerateCertificate.
//
// The error is a *rtcerr.NotSupportedError for a key that cannot be made, which
// every combination is that the fields do not name, and a *rtcerr.TypeError for
// a negative time.
func GenerateCertificateWithParameters(parameters CertificateParameters) (*Certificate, error) {
	life := certificateLife
	if parameters.Expires != nil {
		if *parameters.Expires < 0 {
			return nil, &rtcerr.TypeError{Err: fmt.Errorf("the certificate is to expire in %s; the time must not be negative", *parameters.Expires)}
		}
		life = min(*parameters.Expires, maxCertificateLife)
	}
	key, err := parameters.generateKey()
	if err != nil {
		return nil, err
	}
	return generateCertificate(key, time.Now(), life)
}

func (p CertificateParameters) generateKey() (crypto.PrivateKey, error) {
	var key crypto.PrivateKey
	var err error
	switch strings.ToUpper(p.Name) {
	case "ECDSA":
		curve := elliptic.P256()
		switch p.NamedCurve {
		case "", "P-256":
		case "P-384":
			curve = elliptic.P384()
		default:
			return nil, unsupportedKey("the curve %q; P-256 and P-384 are supported", p.NamedCurve)
		}
		key, err = ecdsa.GenerateKey(curve, rand.Reader)
	case "RSASSA-PKCS1-V1_5":
		bits := p.ModulusLength
		if bits == 0 {
			bits = minRSABits
		}
		switch {
		case bits < minRSABits || bits > maxRSABits:
			return nil, unsupportedKey("a modulus of %d bits; %d to %d are supported", bits, minRSABits, maxRSABits)
		case p.PublicExponent != 0 && p.PublicExponent != 65537:
			return nil, unsupportedKey("the public exponent %d; 65537 is supported", p.PublicExponent)
		case p.Hash != "" && !strings.EqualFold(p.Hash, "SHA-256"):
			// The one that every peer knows for fingerprints (RFC 8122 §5).
			return nil, unsupportedKey("the hash function %q; SHA-256 is supported", p.Hash)
		}
		key, err = rsa.GenerateKey(rand.Reader, bits)
	default:
		return nil, unsupportedKey("the algorithm %q; ECDSA and RSASSA-PKCS1-v1_5 are supported", p.Name)
	}
	if err != nil {
		return nil, &rtcerr.OperationError{Err: fmt.Errorf("generate a key: %w", err)}
	}
	return key, nil
}

func unsupportedKey(format string, args ...any) error {
	return &rtcerr.NotSupportedError{Err: fmt.Errorf("%w: "+format, append([]any{ErrPrivateKeyType}, args...)...)}
}
