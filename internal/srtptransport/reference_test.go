package srtptransport

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
)

// What follows is SRTP written from the specifications for a single purpose: to
// be checked against their test vectors, which begin with session keys that
// neither engine nor package can be given, and to check both with then.

// derive is the key derivation of RFC 3711 §4.3.1 with a derivation rate of 0,
// for AES with keys of any length (RFC 6188 §3, RFC 7714 §11).
func derive(k masterKey, label byte, n int) []byte {
	block, err := aes.NewCipher(k.key)
	if err != nil {
		panic(err)
	}
	var iv [16]byte
	copy(iv[:], k.salt)
	iv[7] ^= label
	out := make([]byte, n)
	cipher.NewCTR(block, iv[:]).XORKeyStream(out, out)
	return out
}

// A sessionKey is one packet format's.
type sessionKey struct{ key, salt, auth []byte }

func deriveSession(k masterKey, rtcp bool) sessionKey {
	label := byte(0)
	if rtcp {
		label = 3
	}
	return sessionKey{key: derive(k, label, len(k.key)), auth: derive(k, label+1, 20), salt: derive(k, label+2, len(k.salt))}
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return a
}

// gcmNonce is the IV of RFC 7714 §8.1 and §9.1: for RTP high is the rollover
// counter and low the sequence number, for RTCP they are the index's halves.
func gcmNonce(salt []byte, ssrc, high uint32, low uint16) []byte {
	iv := binary.BigEndian.AppendUint32([]byte{0, 0}, ssrc)
	iv = binary.BigEndian.AppendUint32(iv, high)
	iv = binary.BigEndian.AppendUint16(iv, low)
	for i := range iv {
		iv[i] ^= salt[i]
	}
	return iv
}

// gcmRTP protects a packet with a header of n bytes (RFC 7714 §8.2).
func (k sessionKey) gcmRTP(packet []byte, n int, roc uint32) []byte {
	ssrc, sequence := binary.BigEndian.Uint32(packet[8:]), binary.BigEndian.Uint16(packet[2:])
	return gcm(k.key).Seal(append([]byte(nil), packet[:n]...), gcmNonce(k.salt, ssrc, roc, sequence), packet[n:], packet[:n])
}

// gcmRTCP protects a compound (RFC 7714 §9.2).
func (k sessionKey) gcmRTCP(packet []byte, index uint32) []byte {
	word := binary.BigEndian.AppendUint32(nil, index|1<<31)
	ssrc := binary.BigEndian.Uint32(packet[4:])
	aad := append(append([]byte(nil), packet[:8]...), word...)
	out := gcm(k.key).Seal(append([]byte(nil), packet[:8]...), gcmNonce(k.salt, ssrc, index>>16, uint16(index)), packet[8:], aad)
	return append(out, word...)
}

// keystream is AES-CM of RFC 3711 §4.1.1.
func (k sessionKey) keystream(ssrc uint32, index uint64, n int) []byte {
	block, err := aes.NewCipher(k.key)
	if err != nil {
		panic(err)
	}
	var iv [16]byte
	copy(iv[:14], k.salt)
	binary.BigEndian.PutUint32(iv[4:], binary.BigEndian.Uint32(iv[4:])^ssrc)
	binary.BigEndian.PutUint64(iv[8:], binary.BigEndian.Uint64(iv[8:])^index<<16)
	out := make([]byte, n)
	cipher.NewCTR(block, iv[:]).XORKeyStream(out, out)
	return out
}

func (k sessionKey) tag(n int, parts ...[]byte) []byte {
	h := hmac.New(sha1.New, k.auth)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)[:n]
}

// cmRTP protects a packet with a header of n bytes (RFC 3711 §4.2).
func (k sessionKey) cmRTP(packet []byte, n int, roc uint32, tag int) []byte {
	ssrc, sequence := binary.BigEndian.Uint32(packet[8:]), binary.BigEndian.Uint16(packet[2:])
	out := append([]byte(nil), packet...)
	for i, b := range k.keystream(ssrc, uint64(roc)<<16|uint64(sequence), len(packet)-n) {
		out[n+i] ^= b
	}
	return append(out, k.tag(tag, out, binary.BigEndian.AppendUint32(nil, roc))...)
}

// cmRTCP protects a compound (RFC 3711 §3.4).
func (k sessionKey) cmRTCP(packet []byte, index uint32) []byte {
	out := append([]byte(nil), packet...)
	for i, b := range k.keystream(binary.BigEndian.Uint32(packet[4:]), uint64(index), len(packet)-8) {
		out[8+i] ^= b
	}
	out = binary.BigEndian.AppendUint32(out, index|1<<31)
	return append(out, k.tag(10, out)...)
}
