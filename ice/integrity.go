package ice

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"hash"

	"github.com/pion/stun/v4"
)

const (
	stunHeader      = 20
	attributeHeader = 4
	integritySize   = 20
	fingerprintSize = 4
)

// An integrityKey makes and checks MESSAGE-INTEGRITY with one short-term
// password (RFC 8489 §14.5). It keeps the keyed hash, so that neither
// allocates. (The engine's own check writes past the message into its buffer.)
type integrityKey struct {
	mac  hash.Hash
	head [stunHeader]byte
	sum  [sha1.Size]byte
}

// newIntegrityKey returns the key of a short-term password: the password
// itself (RFC 8489 §9.1.1; the grammar of RFC 8839 §5.4 leaves nothing for
// OpaqueString to change).
func newIntegrityKey(pwd string) *integrityKey {
	return &integrityKey{mac: hmac.New(sha1.New, []byte(pwd))}
}

// compute returns the HMAC over the first n bytes of raw, with the length
// field that RFC 8489 §14.5 prescribes: as if MESSAGE-INTEGRITY were last.
func (k *integrityKey) compute(raw []byte, n int) []byte {
	copy(k.head[:], raw)
	binary.BigEndian.PutUint16(k.head[2:], uint16(n-stunHeader+attributeHeader+integritySize))
	k.mac.Reset()
	k.mac.Write(k.head[:])
	k.mac.Write(raw[stunHeader:n])
	return k.mac.Sum(k.sum[:0])
}

// sign adds MESSAGE-INTEGRITY to m.
func (k *integrityKey) sign(m *stun.Message) {
	m.Add(stun.AttrMessageIntegrity, k.compute(m.Raw, len(m.Raw)))
}

// verify says whether the MESSAGE-INTEGRITY of a well-formed message is right.
func (k *integrityKey) verify(raw []byte) bool {
	at, value := findAttribute(raw, stun.AttrMessageIntegrity)
	if at < 0 || len(value) != integritySize {
		return false
	}
	return subtle.ConstantTimeCompare(k.compute(raw, at), value) == 1
}

// addFingerprint ends m with FINGERPRINT (RFC 8489 §14.7), which every check
// carries (RFC 8445 §7.2.4).
func addFingerprint(m *stun.Message) {
	m.Length += attributeHeader + fingerprintSize
	m.WriteLength()
	value := stun.FingerprintValue(m.Raw)
	m.Length -= attributeHeader + fingerprintSize
	var b [fingerprintSize]byte
	binary.BigEndian.PutUint32(b[:], value)
	m.Add(stun.AttrFingerprint, b[:])
}

// fingerprint says whether a well-formed message ends in a FINGERPRINT, and
// whether it is right. It must be the last attribute (RFC 8489 §14.7).
func fingerprint(raw []byte) (present, right bool) {
	at := len(raw) - attributeHeader - fingerprintSize
	if at < stunHeader {
		return false, false
	}
	if binary.BigEndian.Uint16(raw[at:]) != uint16(stun.AttrFingerprint) ||
		binary.BigEndian.Uint16(raw[at+2:]) != fingerprintSize {
		return false, false
	}
	return true, binary.BigEndian.Uint32(raw[at+attributeHeader:]) == stun.FingerprintValue(raw[:at])
}

// findAttribute returns the offset and the value of the first attribute of
// type t in a well-formed message, or −1.
func findAttribute(raw []byte, t stun.AttrType) (int, []byte) {
	for at := stunHeader; at+attributeHeader <= len(raw); {
		n := int(binary.BigEndian.Uint16(raw[at+2:]))
		end := at + attributeHeader + n
		if end > len(raw) {
			break
		}
		if binary.BigEndian.Uint16(raw[at:]) == uint16(t) {
			return at, raw[at+attributeHeader : end]
		}
		at = (end + 3) &^ 3
	}
	return -1, nil
}
