package dtlstransport

import (
	"crypto/sha256"
	"fmt"
	"hash"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
)

// session is what the handshake has settled and both sides alone know.
type session struct {
	suite                      dtls.CipherSuiteID
	hash                       func() hash.Hash // of the PRF
	client                     bool             // which side we are
	master                     []byte
	clientRandom, serverRandom [32]byte
	next                       uint64 // our next sequence number of epoch 1
}

// newSession takes the secrets out of the engine's state. The engine tells them
// in serialized form only, and not for suites of the program's own: with the
// error, a session without secrets is returned.
func newSession(state dtls.State) (*session, error) {
	s := &session{suite: state.CipherSuiteID, hash: sha256.New}
	if known, ok := suiteFor(s.suite); ok {
		s.hash = known.hash
	}
	raw, err := state.MarshalBinary()
	if err != nil {
		return s, err
	}
	fields, err := states.decode(raw)
	if err != nil {
		return s, err
	}
	s.client, s.master, s.next = fields.IsClient, fields.MasterSecret, fields.SequenceNumber
	s.clientRandom, s.serverRandom = fields.LocalRandom, fields.RemoteRandom
	if !s.client {
		s.clientRandom, s.serverRandom = s.serverRandom, s.clientRandom
	}
	return s, nil
}

// protections returns the two directions' keys in use (RFC 5246 §6.3).
func (s *session) protections(of suite) (ours, theirs protection, err error) {
	keys, err := prf.GenerateEncryptionKeys(s.master, s.clientRandom[:], s.serverRandom[:], 0, of.keyLen, of.ivLen, s.hash)
	if err != nil {
		return ours, theirs, err
	}
	client, err := newProtection(of, keys.ClientWriteKey, keys.ClientWriteIV)
	if err != nil {
		return ours, theirs, err
	}
	server, err := newProtection(of, keys.ServerWriteKey, keys.ServerWriteIV)
	if s.client {
		return client, server, err
	}
	return server, client, err
}

// export returns keying material (RFC 5705 §4, without a context).
func (s *session) export(label string, length int) ([]byte, error) {
	switch label {
	case "client finished", "server finished", "master secret", "extended master secret", "key expansion":
		// RFC 5705 §4: labels of TLS's own must not be used.
		return nil, fmt.Errorf("the label %q is reserved", label)
	}
	switch {
	case length < 0:
		return nil, fmt.Errorf("length %d", length)
	case s.master == nil:
		return nil, fmt.Errorf("the engine does not tell the secrets of %s", dtls.CipherSuiteName(s.suite))
	}
	seed := append([]byte(label), s.clientRandom[:]...)
	return prf.PHash(s.master, append(seed, s.serverRandom[:]...), length, s.hash)
}
