package srtptransport

import (
	"fmt"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/pion/srtp/v3"
)

// Profile is an SRTP protection profile by its number in the IANA registry of
// DTLS-SRTP protection profiles.
type Profile uint16

// The profiles that WebRTC uses.
const (
	AES128CMHMACSHA180 Profile = 0x0001 // RFC 5764 §4.1.2
	AES128CMHMACSHA132 Profile = 0x0002 // RFC 5764 §4.1.2: a tag of 4 bytes for RTP, 10 for RTCP
	AEADAES128GCM      Profile = 0x0007 // RFC 7714 §14.2
	AEADAES256GCM      Profile = 0x0008 // RFC 7714 §14.2
)

// String returns the profile's name in the registry.
func (p Profile) String() string {
	switch p {
	case AES128CMHMACSHA180:
		return "SRTP_AES128_CM_HMAC_SHA1_80"
	case AES128CMHMACSHA132:
		return "SRTP_AES128_CM_HMAC_SHA1_32"
	case AEADAES128GCM:
		return "SRTP_AEAD_AES_128_GCM"
	case AEADAES256GCM:
		return "SRTP_AEAD_AES_256_GCM"
	}
	return fmt.Sprintf("0x%04X", uint16(p))
}

// A suite is what a profile means: lengths in bytes.
type suite struct {
	key, salt int
	rtcpTag   int
	// aead: the tag is the cipher's, and stands before the SRTCP index instead
	// of after it (RFC 7714 §9.2, RFC 3711 §3.4).
	aead   bool
	engine srtp.ProtectionProfile
}

func (p Profile) suite() (suite, error) {
	switch p {
	case AES128CMHMACSHA180:
		return suite{16, 14, 10, false, srtp.ProtectionProfileAes128CmHmacSha1_80}, nil
	case AES128CMHMACSHA132:
		return suite{16, 14, 10, false, srtp.ProtectionProfileAes128CmHmacSha1_32}, nil
	case AEADAES128GCM:
		return suite{16, 12, 16, true, srtp.ProtectionProfileAeadAes128Gcm}, nil
	case AEADAES256GCM:
		return suite{32, 12, 16, true, srtp.ProtectionProfileAeadAes256Gcm}, nil
	}
	return suite{}, &rtcerr.NotSupportedError{Err: fmt.Errorf("SRTP protection profile %v is not one of 0x0001, 0x0002, 0x0007 and 0x0008", p)}
}

// KeyingMaterialLength returns how many bytes of keying material the profile
// takes: what to ask the exporter of RFC 5705 for under the label
// "EXTRACTOR-dtls_srtp" (RFC 5764 §4.2). A profile that is not known is a
// NotSupportedError.
func KeyingMaterialLength(p Profile) (int, error) {
	s, err := p.suite()
	return 2 * (s.key + s.salt), err
}

// masterKey is one direction's.
type masterKey struct{ key, salt []byte }

// split cuts keying material into the keys that the DTLS client and the server
// protect their packets with. RFC 5764 §4.2: the exporter's bytes are
// client_write_SRTP_master_key, server_write_SRTP_master_key,
// client_write_SRTP_master_salt and server_write_SRTP_master_salt.
func (s suite) split(material []byte) (client, server masterKey) {
	take := func(n int) []byte {
		part := append([]byte(nil), material[:n]...)
		material = material[n:]
		return part
	}
	client.key, server.key = take(s.key), take(s.key)
	client.salt, server.salt = take(s.salt), take(s.salt)
	return client, server
}
