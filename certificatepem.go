package webrtc

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// The labels of RFC 7468 §5 and §10, and those that OpenSSL gives keys in the
// forms of RFC 5915 and RFC 8017.
const (
	pemCertificate = "CERTIFICATE"
	pemPrivateKey  = "PRIVATE KEY"
	pemECKey       = "EC PRIVATE KEY"
	pemRSAKey      = "RSA PRIVATE KEY"
)

// PEM returns the certificate as text that CertificateFromPEM reads: a block
// "CERTIFICATE", then one "PRIVATE KEY" (PKCS #8, not encrypted: keep it
// secret). The error, for a key that cannot leave its hardware and for the zero
// value, is a *rtcerr.InvalidAccessError.
func (c Certificate) PEM() (string, error) {
	if c.x509Cert == nil || len(c.x509Cert.Raw) == 0 {
		return "", &rtcerr.InvalidAccessError{Err: errors.New("the certificate is empty")}
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.privateKey)
	if err != nil {
		return "", &rtcerr.InvalidAccessError{Err: fmt.Errorf("%w: %T cannot be written: %w", ErrPrivateKeyType, c.privateKey, err)}
	}
	out := pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: c.x509Cert.Raw})
	out = append(out, pem.EncodeToMemory(&pem.Block{Type: pemPrivateKey, Bytes: key})...)
	return string(out), nil
}

// CertificateFromPEM reads a certificate and its private key from text with a
// block for each, in either order, as PEM writes it and OpenSSL does. Other
// blocks, such as EC parameters, and text between blocks are skipped.
//
// The error is a *rtcerr.SyntaxError if a block is missing, double or does not
// parse, and a *rtcerr.InvalidAccessError if the key is not the certificate's
// or not of a kind that GenerateCertificate takes. An expired certificate is
// read; NewPeerConnection refuses it.
func CertificateFromPEM(pems string) (*Certificate, error) {
	var out Certificate
	for block, rest := pem.Decode([]byte(pems)); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case pemCertificate:
			if out.x509Cert != nil {
				return nil, pemError("there is more than one %s block", pemCertificate)
			}
			parsed, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, pemError("the %s block: %w", pemCertificate, err)
			}
			out.x509Cert = parsed
		case pemPrivateKey, pemECKey, pemRSAKey:
			if out.privateKey != nil {
				return nil, pemError("there is more than one private key")
			}
			key, err := parsePrivateKey(block)
			if err != nil {
				return nil, pemError("the %s block: %w", block.Type, err)
			}
			out.privateKey = key
		}
	}
	switch {
	case out.x509Cert == nil:
		return nil, pemError("there is no %s block", pemCertificate)
	case out.privateKey == nil:
		return nil, pemError("there is no %s block", pemPrivateKey)
	}
	if _, err := out.tlsCertificate(); err != nil {
		return nil, err
	}
	return &out, nil
}

func parsePrivateKey(block *pem.Block) (crypto.PrivateKey, error) {
	switch block.Type {
	case pemECKey:
		return x509.ParseECPrivateKey(block.Bytes)
	case pemRSAKey:
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	}
}

func pemError(format string, args ...any) error {
	return &rtcerr.SyntaxError{Err: fmt.Errorf("certificate in PEM: "+format, args...)}
}
