package ice

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"strings"

	"github.com/pion/stun/v4"
)

// Password algorithms (RFC 8489 §18.5).
const (
	passwordMD5    = 1
	passwordSHA256 = 2
)

// nonceCookie begins the nonces of servers that speak RFC 8489; four more
// characters are their security features (RFC 8489 §9.2).
const nonceCookie = "obMatJos2"

// The security features, a set of 24 bits with the first at the left (RFC 8489
// §18.1).
const (
	featurePasswordAlgorithms = 1 << 23
	featureUsernameAnonymity  = 1 << 22
)

// maxRealm bounds REALM and NONCE in bytes: they have "fewer than 128
// characters" (RFC 8489 §14.9 and §14.10).
const maxRealm = 763

// turnAuth is the long-term credential mechanism (RFC 8489 §9.2). It holds what
// must never be logged.
type turnAuth struct {
	credentials turnCredentials

	realm, nonce []byte
	algorithms   []byte // PASSWORD-ALGORITHMS as the server sent it; nil for none
	algorithm    uint16
	anonymous    bool // USERHASH stands for USERNAME
	key          *longTermKey
}

// challenge takes the realm and the nonce of a 401 or 438 response (RFC 8489
// §9.2.5). Its error says why the request must not be retried.
func (a *turnAuth) challenge(r *turnResponse) error {
	realm := r.realm
	if len(realm) == 0 && r.code == codeStaleNonce {
		realm = a.realm
	}
	if len(realm) == 0 || len(r.nonce) == 0 || len(realm) > maxRealm || len(r.nonce) > maxRealm {
		return errors.New("the server's challenge has no usable realm and nonce")
	}
	if a.credentials.token != nil && !r.thirdParty {
		// The server knows first parties alone, and a token is no password
		// (RFC 7635 §6.1).
		return errors.New("the server takes no OAuth credentials")
	}
	features := securityFeatures(r.nonce)
	algorithm := uint16(passwordMD5)
	switch {
	case r.offersPasswords:
		if algorithm = chooseAlgorithm(r.passwords); algorithm == 0 {
			// No retry then (RFC 8489 §9.2.5).
			return errors.New("the server offers no password algorithm that is known")
		}
	case features&featurePasswordAlgorithms != 0:
		// Somebody has removed the list, to have a weaker algorithm used.
		return errors.New("the server's challenge announces password algorithms and lists none")
	}
	a.realm, a.nonce, a.algorithm = realm, r.nonce, algorithm
	a.algorithms = nil
	if r.offersPasswords {
		a.algorithms = r.passwords
	}
	c := &a.credentials
	if c.token != nil {
		// USERNAME is the identifier of the token's key (RFC 7635 §4), which is no
		// secret.
		a.anonymous = false
		a.key = newIntegrity(c.macKey, len(c.macKey) == macKeySHA256)
		return nil
	}
	a.anonymous = features&featureUsernameAnonymity != 0
	a.key = newLongTermKey(c.username, string(realm), c.password, algorithm, r.offersPasswords)
	return nil
}

// securityFeatures reads the set from a nonce.
func securityFeatures(nonce []byte) uint32 {
	rest, ok := strings.CutPrefix(string(nonce), nonceCookie)
	if !ok || len(rest) < 4 {
		return 0
	}
	b, err := base64.StdEncoding.DecodeString(rest[:4])
	if err != nil {
		return 0
	}
	return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
}

// chooseAlgorithm returns the first of the list that is known, or 0 (RFC 8489
// §14.11: number, length of parameters, parameters padded to four bytes).
func chooseAlgorithm(list []byte) uint16 {
	for len(list) >= 4 {
		number, n := binary.BigEndian.Uint16(list), int(binary.BigEndian.Uint16(list[2:]))
		if (number == passwordMD5 || number == passwordSHA256) && n == 0 {
			return number
		}
		list = list[min(len(list), 4+(n+3)&^3):]
	}
	return 0
}

// sign adds the credentials to m, if a challenge has asked for them, and returns
// the key that the response has to be checked with.
func (a *turnAuth) sign(m *stun.Message) *longTermKey {
	if a.key == nil {
		return nil
	}
	if a.anonymous {
		// RFC 8489 §14.4: SHA-256 over user name, colon and realm.
		h := sha256.Sum256([]byte(opaqueString(a.credentials.username) + ":" + opaqueString(string(a.realm))))
		m.Add(stun.AttrUserhash, h[:])
	} else {
		m.Add(stun.AttrUsername, []byte(opaqueString(a.credentials.username)))
	}
	m.Add(stun.AttrRealm, a.realm)
	m.Add(stun.AttrNonce, a.nonce)
	if a.algorithms != nil {
		m.Add(stun.AttrPasswordAlgorithms, a.algorithms)
		m.Add(stun.AttrPasswordAlgorithm, []byte{byte(a.algorithm >> 8), byte(a.algorithm), 0, 0})
	}
	if a.credentials.token != nil {
		m.Add(attrAccessToken, a.credentials.token)
	}
	a.key.sign(m)
	return a.key
}

// A longTermKey makes and checks MESSAGE-INTEGRITY, or MESSAGE-INTEGRITY-SHA256,
// with a long-term credential (RFC 8489 §9.2.2, §14.5 and §14.6).
type longTermKey struct {
	attribute stun.AttrType
	mac       hash.Hash
	head      [stunHeader]byte
	sum       [sha256.Size]byte
}

// newLongTermKey derives the key from user name, realm and password (RFC 8489
// §9.2.2).
func newLongTermKey(username, realm, password string, algorithm uint16, sha256Integrity bool) *longTermKey {
	secret := []byte(opaqueString(username) + ":" + opaqueString(realm) + ":" + opaqueString(password))
	var key []byte
	if algorithm == passwordSHA256 {
		sum := sha256.Sum256(secret)
		key = sum[:]
	} else {
		sum := md5.Sum(secret)
		key = sum[:]
	}
	return newIntegrity(key, sha256Integrity)
}

// newIntegrity makes integrity with a key as it is.
func newIntegrity(key []byte, sha256Integrity bool) *longTermKey {
	if sha256Integrity {
		return &longTermKey{attribute: stun.AttrMessageIntegritySHA256, mac: hmac.New(sha256.New, key)}
	}
	return &longTermKey{attribute: stun.AttrMessageIntegrity, mac: hmac.New(sha1.New, key)}
}

// compute returns the HMAC over the first n bytes of raw, whose length field
// counts the integrity attribute as the last.
func (k *longTermKey) compute(raw []byte, n int) []byte {
	copy(k.head[:], raw)
	binary.BigEndian.PutUint16(k.head[2:], uint16(n-stunHeader+attributeHeader+k.mac.Size()))
	k.mac.Reset()
	k.mac.Write(k.head[:])
	k.mac.Write(raw[stunHeader:n])
	return k.mac.Sum(k.sum[:0])
}

func (k *longTermKey) sign(m *stun.Message) {
	m.Add(k.attribute, k.compute(m.Raw, len(m.Raw)))
}

// verify says whether a well-formed message has the right integrity, and where
// the attribute stands.
func (k *longTermKey) verify(raw []byte) (at int, ok bool) {
	at, value := findAttribute(raw, k.attribute)
	// A SHA-256 that is cut short is for usages of STUN that allow it (RFC 8489
	// §14.6); TURN does not.
	if at < 0 || len(value) != k.mac.Size() {
		return at, false
	}
	return at, subtle.ConstantTimeCompare(k.compute(raw, at), value) == 1
}
