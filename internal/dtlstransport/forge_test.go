package dtlstransport

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/pion/dtls/v3/pkg/crypto/prf"
)

// forger writes records as a peer would that holds the session's keys, with
// AES-128-GCM (RFC 5288 §3). Its record numbers are above those that the
// engine has used, by less than the replay window if there are few.
type forger struct {
	aead cipher.AEAD
	iv   []byte
	seq  uint64
}

func newForger(t *testing.T, p *peer) *forger {
	t.Helper()
	s := p.session
	keys, err := prf.GenerateEncryptionKeys(s.master, s.clientRandom[:], s.serverRandom[:], 0, 16, 4, sha256.New)
	if err != nil {
		t.Fatal(err)
	}
	key, iv := keys.ClientWriteKey, keys.ClientWriteIV
	if !s.client {
		key, iv = keys.ServerWriteKey, keys.ServerWriteIV
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return &forger{aead: aead, iv: iv, seq: 40}
}

// seal returns a protected record.
func (f *forger) seal(typ uint8, content []byte) []byte {
	f.seq++
	number := binary.BigEndian.AppendUint64(nil, 1<<48|f.seq)
	aad := append(append([]byte{}, number...), typ, 0xfe, 0xfd)
	aad = binary.BigEndian.AppendUint16(aad, uint16(len(content)))
	body := f.aead.Seal(append([]byte{}, number...), append(append([]byte{}, f.iv...), number...), content, aad)
	r := append([]byte{typ, 0xfe, 0xfd}, number...)
	return append(binary.BigEndian.AppendUint16(r, uint16(len(body))), body...)
}

// plain returns an unprotected record.
func plain(typ uint8, epoch uint16, seq uint64, body []byte) []byte {
	r := []byte{typ, 0xfe, 0xfd}
	r = binary.BigEndian.AppendUint16(r, epoch)
	r = append(r, byte(seq>>40), byte(seq>>32), byte(seq>>24), byte(seq>>16), byte(seq>>8), byte(seq))
	return append(binary.BigEndian.AppendUint16(r, uint16(len(body))), body...)
}
