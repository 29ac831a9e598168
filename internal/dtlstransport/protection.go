package dtlstransport

import (
	"crypto/cipher"
	"encoding/binary"
)

const (
	nonceLen = 12
	tagLen   = 16
	// versionDTLS12 is in the header of every protected record.
	versionDTLS12 = 0xfefd
	// epochShift puts an epoch before a sequence number (RFC 6347 §4.1).
	epochShift = 48
	// maxSequence is the highest sequence number of an epoch. RFC 6347 §4.1.2.7
	// and §4.1 let none be used twice.
	maxSequence = 1<<epochShift - 1
)

// protection seals or opens the records of one direction. It is not safe for
// concurrent use: nonce and aad are scratch, so that no record costs an
// allocation.
type protection struct {
	aead     cipher.AEAD
	iv       [nonceLen]byte
	explicit int // bytes of nonce in each record: 8 or 0
	nonce    [nonceLen]byte
	aad      [recordHeaderLen]byte
}

func newProtection(s suite, key, iv []byte) (protection, error) {
	aead, err := s.aead(key)
	if err != nil {
		return protection{}, err
	}
	p := protection{aead: aead, explicit: s.explicit}
	copy(p.iv[:], iv)
	return p, nil
}

// overhead returns what protection adds to the content of a record.
func (p *protection) overhead() int { return p.explicit + tagLen }

// prepare sets the nonce for the 8 bytes of epoch and sequence number, or of
// the explicit nonce, and the additional data (RFC 5246 §6.2.3.3).
func (p *protection) prepare(number, nonce []byte, typ uint8, length int) {
	p.nonce = p.iv
	if p.explicit > 0 {
		// RFC 5288 §3: the salt, then what the record carries.
		copy(p.nonce[nonceLen-8:], nonce)
	} else {
		// RFC 7905 §2: the number, padded on the left, XORed with the IV.
		for i, b := range number {
			p.nonce[nonceLen-8+i] ^= b
		}
	}
	copy(p.aad[:8], number)
	p.aad[8] = typ
	binary.BigEndian.PutUint16(p.aad[9:], versionDTLS12)
	binary.BigEndian.PutUint16(p.aad[11:], uint16(length))
}

// seal appends the record of epoch 1 with the sequence number to dst. content
// must not overlap dst's room.
func (p *protection) seal(dst []byte, typ uint8, sequence uint64, content []byte) []byte {
	start := len(dst)
	dst = append(dst, typ, versionDTLS12>>8, versionDTLS12&0xff)
	dst = binary.BigEndian.AppendUint64(dst, 1<<epochShift|sequence)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(content)+p.overhead()))
	number := dst[start+3 : start+11]
	// RFC 9325 §7.2.1 asks for the sequence number as the explicit nonce, which
	// cannot repeat, rather than a random one.
	dst = append(dst, number[:p.explicit]...)
	p.prepare(number, number, typ, len(content))
	return p.aead.Seal(dst, p.nonce[:], content, p.aad[:])
}

// open appends the content of r to dst. ok is false if it is not authentic.
func (p *protection) open(dst []byte, r record) (content []byte, ok bool) {
	body := r.body
	n := len(body) - p.overhead()
	if n < 0 {
		return nil, false
	}
	p.prepare(r.raw[3:11], body[:p.explicit], r.typ, n)
	content, err := p.aead.Open(dst, p.nonce[:], body[p.explicit:], p.aad[:])
	return content, err == nil
}
