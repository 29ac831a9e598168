package dtlstransport

import (
	"fmt"

	"github.com/pion/dtls/v3"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// SelectedProfile returns the SRTP protection profile that was negotiated
// (RFC 5764 §4.1.2). ok is false before the transport is connected, and if the
// peer wants no media on it.
func (t *Transport) SelectedProfile() (profile dtls.SRTPProtectionProfile, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.profile, t.profile != 0
}

// ExportKeyingMaterial returns length bytes that both sides derive alike from
// the session and the label (RFC 5705), such as the keys of SRTP with the label
// "EXTRACTOR-dtls_srtp" (RFC 5764 §4.2). The error is an
// *rtcerr.InvalidStateError if the handshake is not done.
func (t *Transport) ExportKeyingMaterial(label string, length int) ([]byte, error) {
	t.mu.Lock()
	session, state := t.session, t.state
	t.mu.Unlock()
	if session == nil {
		return nil, &rtcerr.InvalidStateError{Err: fmt.Errorf("dtlstransport: export %q: the state is %v, want connected", label, state)}
	}
	out, err := session.export(label, length)
	if err != nil {
		return nil, &rtcerr.OperationError{Err: fmt.Errorf("dtlstransport: export %q: %w", label, err)}
	}
	return out, nil
}

// Stats is what RTCTransportStats of webrtc-stats wants to know, and what was
// dropped. Counters count from New on.
type Stats struct {
	State State
	Role  Role // zero before Start
	// Version is the protocol version as webrtc-stats writes it, "FEFD" for
	// DTLS 1.2; CipherSuite the IANA name; both empty until connected.
	Version, CipherSuite string
	// Group is the IANA name of the group of the key agreement, such as
	// "x25519"; empty until connected.
	Group string
	// SRTPCipher is the IANA name of the protection profile, empty if none.
	SRTPCipher string
	// LocalCertificate is the chain that was presented, in DER form, the leaf first;
	// nil until the handshake has chosen. It must not be changed.
	LocalCertificate [][]byte

	// Datagrams and bytes that HandleDatagram was given and Send took.
	DatagramsReceived, DatagramsSent uint64
	BytesReceived, BytesSent         uint64
	// SendErrors counts the calls of Send that failed.
	SendErrors uint64
	// Dropped counts what was not handed on, by reason.
	Dropped Dropped
}

// Dropped counts drops by their reason: records on receipt, if nothing else
// is said. Where the engine keeps the records (see the package's documentation),
// it does not tell which were replayed or forged.
type Dropped struct {
	// Malformed: cut short, of a wrong version, or not what its type demands.
	Malformed uint64
	// Oversized: datagrams above 8192 bytes, handshake messages above 64 KiB or
	// numbered above 63.
	Oversized uint64
	// UnknownType: of no content type that DTLS 1.2 has.
	UnknownType uint64
	// Plaintext: unprotected application data.
	Plaintext uint64
	// Stale: unprotected after the handshake, or of an epoch that cannot be.
	Stale uint64
	// Closed: datagrams that came when the session was over.
	Closed uint64
	// QueueFull: datagrams, and records that came before the handshake was done,
	// for which the queues to the engine had no room.
	QueueFull uint64
	// DataFull: messages for which the queue to Read had no room.
	DataFull uint64
	// RateLimited: repetitions of the last flight that were not sent.
	RateLimited uint64
	// Replayed: of a number that was seen before, or is too old to tell.
	Replayed uint64
	// Forged: not authentic.
	Forged uint64
	// Renegotiation: wishes of the peer to begin another handshake.
	Renegotiation uint64
}

// Stats returns a snapshot.
func (t *Transport) Stats() Stats {
	t.mu.Lock()
	s := Stats{State: t.state, Role: t.role, LocalCertificate: t.local}
	if t.session != nil {
		s.Version = fmt.Sprintf("%04X", dtls.VersionDTLS12)
		s.Group = t.group
		s.CipherSuite = dtls.CipherSuiteName(t.session.suite)
	}
	if t.profile != 0 {
		s.SRTPCipher = profileName(t.profile)
	}
	t.mu.Unlock()

	c := t.count
	s.DatagramsReceived, s.DatagramsSent = c.datagramsReceived.Load(), c.datagramsSent.Load()
	s.BytesReceived, s.BytesSent = c.bytesReceived.Load(), c.bytesSent.Load()
	s.SendErrors = c.sendErrors.Load()
	s.Dropped = Dropped{
		Malformed:   c.drops[dropMalformed].Load(),
		Oversized:   c.drops[dropOversized].Load(),
		UnknownType: c.drops[dropUnknownType].Load(),
		Plaintext:   c.drops[dropPlaintext].Load(),
		Stale:       c.drops[dropStale].Load(),
		Closed:      c.drops[dropClosed].Load(),
		QueueFull:   c.queueFull.Load(),
		DataFull:    c.dataFull.Load(),
		RateLimited: c.rateLimited.Load(),
		Replayed:    c.drops[dropReplayed].Load(),
		Forged:      c.drops[dropForged].Load(),

		Renegotiation: c.drops[dropRenegotiation].Load(),
	}
	return s
}

// profileName returns the name that the IANA registry "DTLS-SRTP Protection
// Profiles" gives the profile.
func profileName(p dtls.SRTPProtectionProfile) string {
	switch p {
	case dtls.SRTP_AEAD_AES_128_GCM:
		return "SRTP_AEAD_AES_128_GCM"
	case dtls.SRTP_AEAD_AES_256_GCM:
		return "SRTP_AEAD_AES_256_GCM"
	case dtls.SRTP_AES128_CM_HMAC_SHA1_80:
		return "SRTP_AES128_CM_HMAC_SHA1_80"
	case dtls.SRTP_AES128_CM_HMAC_SHA1_32:
		return "SRTP_AES128_CM_HMAC_SHA1_32"
	case dtls.SRTP_NULL_HMAC_SHA1_80:
		return "SRTP_NULL_HMAC_SHA1_80"
	case dtls.SRTP_NULL_HMAC_SHA1_32:
		return "SRTP_NULL_HMAC_SHA1_32"
	}
	return fmt.Sprintf("0x%04X", uint16(p))
}
