package webrtc

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// The tags of DER (X.690) that a certificate has.
const (
	derInteger         = 0x02
	derBitString       = 0x03
	derOID             = 0x06
	derPrintableString = 0x13
	derUTCTime         = 0x17
	derGeneralizedTime = 0x18
	derSequence        = 0x30
	derSet             = 0x31
	derVersion         = 0xa0 // [0] EXPLICIT in TBSCertificate
)

var (
	oidCommonName      = der(derOID, []byte{0x55, 0x04, 0x03})                               // 2.5.4.3
	oidECPublicKey     = der(derOID, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01})       // RFC 5480 §2.1.1
	oidP256            = der(derOID, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}) // RFC 5480 §2.1.1.1
	oidECDSAWithSHA256 = der(derOID, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}) // RFC 5758 §3.2
	ecdsaWithSHA256    = der(derSequence, oidECDSAWithSHA256)
	certificateV3      = der(derVersion, der(derInteger, []byte{2}))
	p256Algorithm      = der(derSequence, oidECPublicKey, oidP256)
)

// der encodes a value with what its parts are.
func der(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	out := make([]byte, 0, n+4)
	switch {
	case n < 0x80:
		out = append(out, tag, byte(n))
	case n < 0x100:
		out = append(out, tag, 0x81, byte(n))
	default:
		out = append(out, tag, 0x82, byte(n>>8), byte(n))
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// derTime is RFC 5280 §4.1.2.5: "CAs conforming to this profile MUST always encode
// certificate validity dates through the year 2049 as UTCTime; certificate validity
// dates in 2050 or later MUST be encoded as GeneralizedTime."
func derTime(t time.Time) []byte {
	if t = t.UTC(); t.Year() < 2050 {
		return der(derUTCTime, t.AppendFormat(nil, "060102150405Z"))
	}
	return der(derGeneralizedTime, t.AppendFormat(nil, "20060102150405Z"))
}

// signP256 returns a certificate in DER like those of x509.CreateCertificate, for a
// key on P-256. A set-up makes one for each connection, and that function takes three
// times as long: it checks the signature that it has just made.
func signP256(key *ecdsa.PrivateKey, now time.Time, life time.Duration) ([]byte, error) {
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	var random [32]byte
	rand.Read(random[:]) // never fails
	serial, name := random[:16], hex.AppendEncode(nil, random[16:])
	serial[0] = serial[0]&0x7f | 0x40 // positive, and without a zero in front
	subject := der(derSequence, der(derSet, der(derSequence, oidCommonName, der(derPrintableString, name))))
	signed := der(derSequence,
		certificateV3,
		der(derInteger, serial),
		ecdsaWithSHA256,
		subject, // the issuer
		der(derSequence, derTime(now.Add(-clockSkew)), derTime(now.Add(life))),
		subject,
		der(derSequence, p256Algorithm, der(derBitString, []byte{0}, public)),
	)
	sum := sha256.Sum256(signed)
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return nil, err
	}
	return der(derSequence, signed, ecdsaWithSHA256, der(derBitString, []byte{0}, signature)), nil
}
