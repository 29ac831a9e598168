package dtlstransport

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"slices"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/clientcertificate"
)

// keyType returns the kind of signatures that the certificate's key makes.
func keyType(cert tls.Certificate) (clientcertificate.Type, bool) {
	signer, ok := cert.PrivateKey.(crypto.Signer)
	if !ok {
		return 0, false
	}
	switch signer.Public().(type) {
	case *rsa.PublicKey:
		return clientcertificate.RSASign, true
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return clientcertificate.ECDSASign, true
	}
	return 0, false
}

// suiteKeyTypes says which kind of key each suite wants of the server
// (RFC 8422 §2).
var suiteKeyTypes = map[dtls.CipherSuiteID]clientcertificate.Type{
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM:              clientcertificate.ECDSASign,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8:            clientcertificate.ECDSASign,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:       clientcertificate.ECDSASign,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:       clientcertificate.ECDSASign,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA:          clientcertificate.ECDSASign,
	dtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: clientcertificate.ECDSASign,
	dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:         clientcertificate.RSASign,
	dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:         clientcertificate.RSASign,
	dtls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA:            clientcertificate.RSASign,
	dtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:   clientcertificate.RSASign,
}

// serverCertificate returns the first of certs that goes with a suite which
// the client offers and we support, or the first of all if none does: the
// engine then refuses the handshake.
func serverCertificate(certs []tls.Certificate, offered, ours []dtls.CipherSuiteID) *tls.Certificate {
	for i := range certs {
		kind, _ := keyType(certs[i])
		for _, id := range offered {
			if k, ok := suiteKeyTypes[id]; ok && k == kind && slices.Contains(ours, id) {
				return &certs[i]
			}
		}
	}
	return &certs[0]
}

// clientCertificate returns the first of certs whose kind the server accepts,
// or the first of all. The authorities that the server names play no part: the
// certificate vouches for its fingerprint alone (RFC 8827 §6.5).
func clientCertificate(certs []tls.Certificate, accepted []clientcertificate.Type) *tls.Certificate {
	if len(certs) == 0 {
		return &tls.Certificate{} // RFC 5246 §7.4.6: a list without certificates
	}
	for i := range certs {
		if kind, ok := keyType(certs[i]); ok && slices.Contains(accepted, kind) {
			return &certs[i]
		}
	}
	return &certs[0]
}
