package srtptransport

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

// aeadNonceLen is the length of the initialization vector of RFC 7714 §8.1, and of
// the salt that goes into it.
const aeadNonceLen = 12

// An aeadSealer protects RTP packets with AES-GCM (RFC 7714 §8.2) by the standard
// library. It knows nothing of indices: those it is given must be new.
type aeadSealer struct {
	aead  cipher.AEAD
	salt  [aeadNonceLen]byte
	nonce [aeadNonceLen]byte // of the packet at hand
}

// Labels of what is derived for RTP from a master key: RFC 3711 §4.3.1.
const (
	labelRTPEncryption = 0
	labelRTPSalt       = 2
)

func newAEADSealer(k masterKey) (*aeadSealer, error) {
	key := make([]byte, len(k.key))
	if err := k.derive(key, labelRTPEncryption); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	a := &aeadSealer{}
	if a.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	return a, k.derive(a.salt[:], labelRTPSalt)
}

// derive fills dst with a session key or salt. RFC 3711 §4.3.1 and §4.3.3, with a
// key derivation rate of 0: the AES counter mode keystream of the master key at the
// master salt, which is padded at its end (RFC 7714 §11), with the label XORed in.
func (k masterKey) derive(dst []byte, label byte) error {
	block, err := aes.NewCipher(k.key)
	if err != nil {
		return err
	}
	var iv [aes.BlockSize]byte
	copy(iv[:], k.salt)
	iv[7] ^= label
	clear(dst)
	cipher.NewCTR(block, iv[:]).XORKeyStream(dst, dst)
	return nil
}

// begin makes the nonce of a packet. RFC 7714 §8.1: 16 bits of zero, SSRC, rollover
// counter and sequence number, XORed with the salt.
func (a *aeadSealer) begin(ssrc uint32, index uint64) {
	binary.BigEndian.PutUint16(a.nonce[0:], 0)
	binary.BigEndian.PutUint32(a.nonce[2:], ssrc)
	binary.BigEndian.PutUint32(a.nonce[6:], uint32(index>>16))
	binary.BigEndian.PutUint16(a.nonce[10:], uint16(index))
	for i := range a.nonce {
		a.nonce[i] ^= a.salt[i]
	}
}

// seal protects the packet b with the header h in place. b has room for
// Overhead bytes more.
func (a *aeadSealer) seal(b []byte, h rtpHead, index uint64, cryptex bool) ([]byte, error) {
	a.begin(h.ssrc, index)
	if !cryptex || !h.extra() {
		// RFC 7714 §8.2: the associated data is the header.
		return a.aead.Seal(b[:h.size], a.nonce[:], b[h.size:], b[:h.size]), nil
	}
	b, profile, ok := hide(b, h)
	if !ok {
		return nil, fmt.Errorf("%w: header extensions of profile 0x%04x cannot be encrypted", ErrMalformed, h.profile)
	}
	// RFC 9335 §5.2: what is encrypted are the contributing sources, the header
	// extension but for its first four bytes, and the payload, in this order. For a
	// moment those four bytes stand before the sources, so that all of it is in
	// one piece, and so is the associated data.
	const clearLen = rtpHeaderLen + extensionHeaderLen
	sources, defined := b[rtpHeaderLen:clearLen+4*h.sources], [extensionHeaderLen]byte{}
	copy(defined[:], sources[4*h.sources:])
	binary.BigEndian.PutUint16(defined[:], profile)
	copy(sources[extensionHeaderLen:], sources)
	copy(sources, defined[:])
	b = a.aead.Seal(b[:clearLen], a.nonce[:], b[clearLen:], b[:clearLen])
	copy(sources, sources[extensionHeaderLen:])
	copy(sources[4*h.sources:], defined[:])
	return b, nil
}

// hide makes the packet b, which has contributing sources or a header extension,
// one that can be encrypted by RFC 9335, and returns the profile that its
// extension has then. RFC 9335 §5.1: that says which of the two forms of RFC 8285
// it has, the only ones that there may be; contributing sources without an
// extension get an empty one.
func hide(b []byte, h rtpHead) ([]byte, uint16, bool) {
	if !h.extension {
		n := len(b)
		b = b[:n+extensionHeaderLen]
		copy(b[h.size+extensionHeaderLen:], b[h.size:n])
		clear(b[h.size : h.size+extensionHeaderLen])
		b[0] |= extensionBit
		return b, cryptexOneByte, true
	}
	switch h.profile {
	case oneByteProfile:
		return b, cryptexOneByte, true
	case twoByteProfile:
		return b, cryptexTwoByte, true
	}
	return nil, 0, false
}
