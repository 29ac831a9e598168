package dtlstransport

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
)

// typeServerKeyExchange is the handshake message that carries the server's half
// of the key agreement (RFC 5246 §7.4.3).
const typeServerKeyExchange = 12

// groupWatch finds out which group the key agreement uses, which the engine does
// not tell: it reads the ServerKeyExchange that comes or goes in the clear. It
// is for statistics alone, as an attacker could make it see another.
type groupWatch struct{ group atomic.Uint32 }

// look reads the record if it holds the beginning of a ServerKeyExchange.
func (w *groupWatch) look(r record) {
	if r.typ != typeHandshake || r.epoch != 0 {
		return
	}
	for b := r.body; len(b) >= handshakeHeaderLen; {
		n := handshakeHeaderLen + uint24(b[9:])
		if n > len(b) {
			return
		}
		// RFC 8422 §5.4: the curve's type, 3 for a named one, and its number.
		if m := b[handshakeHeaderLen:n]; b[0] == typeServerKeyExchange && uint24(b[6:]) == 0 && len(m) >= 3 && m[0] == 3 {
			w.group.Store(uint32(binary.BigEndian.Uint16(m[1:])))
		}
		b = b[n:]
	}
}

// name returns the group's name in the IANA registry "TLS Supported Groups".
func (w *groupWatch) name() string {
	switch elliptic.Curve(w.group.Load()) {
	case elliptic.X25519:
		return "x25519"
	case elliptic.P256:
		return "secp256r1"
	case elliptic.P384:
		return "secp384r1"
	}
	return ""
}
