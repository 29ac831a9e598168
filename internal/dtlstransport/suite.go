package dtlstransport

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"github.com/pion/dtls/v3"
	"golang.org/x/crypto/chacha20poly1305"
)

// suite is what the record layer must know of a cipher suite.
type suite struct {
	hash     func() hash.Hash // of the PRF (RFC 5246 §5)
	keyLen   int
	ivLen    int // the part of the nonce that comes from the key block
	explicit int // the part of the nonce that every record carries
	aead     func(key []byte) (cipher.AEAD, error)
}

// suiteFor returns what is known of a suite. ok is false for one whose records
// stay the engine's: AES in CBC or CCM mode, and suites of the program's own.
func suiteFor(id dtls.CipherSuiteID) (s suite, ok bool) {
	switch id {
	case dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:
		// RFC 5288 §3: 4 bytes of salt, 8 bytes in the record.
		return suite{hash: sha256.New, keyLen: 16, ivLen: 4, explicit: 8, aead: newGCM}, true
	case dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
		return suite{hash: sha512.New384, keyLen: 32, ivLen: 4, explicit: 8, aead: newGCM}, true
	case dtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, dtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:
		// RFC 7905 §2: 12 bytes from the key block, none in the record.
		return suite{hash: sha256.New, keyLen: chacha20poly1305.KeySize, ivLen: 12, aead: chacha20poly1305.New}, true
	}
	return suite{}, false
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
