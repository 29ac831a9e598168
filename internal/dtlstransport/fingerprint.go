package dtlstransport

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // accepted only where the program says so
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Fingerprint is the content of an "a=fingerprint" attribute (RFC 8122 §5).
type Fingerprint struct {
	// Algorithm is the name of a hash function, such as "sha-256". Case does
	// not matter.
	Algorithm string
	// Value is the hash of the DER form of the certificate: pairs of
	// hexadecimal digits, of either case, with colons between them.
	Value string
}

// String returns the attribute's value, "sha-256 AB:CD:…".
func (f Fingerprint) String() string { return f.Algorithm + " " + f.Value }

// hashFunc is a hash function of the registry that RFC 8122 §5 refers to.
type hashFunc struct {
	name string
	// strength orders the functions: of those that the peer offers, the
	// strongest counts.
	strength int
	sum      func([]byte) []byte
	// weak functions need Config.AllowSHA1.
	weak bool
}

// hashFuncs holds the hash functions that are understood, the strongest
// first. RFC 8122 §5 names them and two more, md2 and md5, which must neither be
// used for fingerprints nor be believed. sha-256 is the one that every
// implementation has. sha-1 is still in the grammar, but collisions of
// certificates have been shown for it (RFC 9155 §1 takes it out of TLS), so that
// the program must allow it.
var hashFuncs = []hashFunc{
	{name: "sha-512", strength: 5, sum: func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
	{name: "sha-384", strength: 4, sum: func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }},
	{name: "sha-256", strength: 3, sum: func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
	{name: "sha-224", strength: 2, sum: func(b []byte) []byte { s := sha256.Sum224(b); return s[:] }},
	{name: "sha-1", strength: 1, weak: true, sum: func(b []byte) []byte { s := sha1.Sum(b); return s[:] }}, //nolint:gosec
}

// Errors of fingerprints. They are causes: what functions return wraps them.
var (
	// ErrUnknownHash means that the algorithm of a fingerprint is not one that
	// may be used: sha-1 (only where it was allowed), sha-224, sha-256, sha-384
	// or sha-512.
	ErrUnknownHash = errors.New("unknown or forbidden hash function")
	// ErrFingerprintSyntax means that the value of a fingerprint is not pairs of
	// hexadecimal digits with colons between them, or not of its hash's length.
	ErrFingerprintSyntax = errors.New("malformed fingerprint")
	// ErrFingerprintMismatch means that the peer's certificate has none of the
	// fingerprints that its description promised (RFC 8122 §6.2).
	ErrFingerprintMismatch = errors.New("no fingerprint of the remote description matches the certificate")
	// ErrNoFingerprint means that there was no fingerprint that could be
	// checked, so that no certificate can be accepted (RFC 8827 §6.5).
	ErrNoFingerprint = errors.New("no usable fingerprint in the remote description")
	// ErrNoCertificate means that the peer sent no certificate.
	ErrNoCertificate = errors.New("the peer sent no certificate")
)

// HashAlgorithms returns the names of the hash functions that ComputeFingerprint
// knows, the strongest first.
func HashAlgorithms() []string {
	names := make([]string, len(hashFuncs))
	for i, h := range hashFuncs {
		names[i] = h.name
	}
	return names
}

// ComputeFingerprint returns the fingerprint of a certificate in DER form under
// the named hash function, its value in the upper-case form that RFC 8122 §5
// requires ("AB:CD:…"). The error wraps ErrUnknownHash.
func ComputeFingerprint(der []byte, algorithm string) (Fingerprint, error) {
	h, ok := hashByName(algorithm)
	if !ok {
		return Fingerprint{}, fmt.Errorf("%w %q, want one of %s", ErrUnknownHash, algorithm, strings.Join(HashAlgorithms(), ", "))
	}
	return Fingerprint{Algorithm: h.name, Value: colonHex(h.sum(der))}, nil
}

func hashByName(name string) (hashFunc, bool) {
	// Strings of a grammar match in either case (RFC 5234 §2.3).
	name = strings.ToLower(strings.TrimSpace(name))
	for _, h := range hashFuncs {
		if h.name == name {
			return h, true
		}
	}
	return hashFunc{}, false
}

// colonHex writes sum as pairs of upper-case hexadecimal digits with colons
// between them.
func colonHex(sum []byte) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, 3*len(sum))
	for i, b := range sum {
		if i > 0 {
			out = append(out, ':')
		}
		out = append(out, digits[b>>4], digits[b&15])
	}
	return string(out)
}

// decode returns the hash function and the digest that f names.
func (f Fingerprint) decode() (hashFunc, []byte, error) {
	h, ok := hashByName(f.Algorithm)
	if !ok {
		return hashFunc{}, nil, fmt.Errorf("%w %q", ErrUnknownHash, f.Algorithm)
	}
	// RFC 8122 §5 writes upper case; lower case occurs and is taken.
	pairs := strings.Split(strings.TrimSpace(f.Value), ":")
	digest := make([]byte, 0, len(pairs))
	for _, p := range pairs {
		if len(p) != 2 {
			return hashFunc{}, nil, fmt.Errorf("%w %q", ErrFingerprintSyntax, f.Value)
		}
		b, err := hex.DecodeString(p)
		if err != nil {
			return hashFunc{}, nil, fmt.Errorf("%w %q: %w", ErrFingerprintSyntax, f.Value, err)
		}
		digest = append(digest, b...)
	}
	if want := len(h.sum(nil)); len(digest) != want {
		return hashFunc{}, nil, fmt.Errorf("%w: %s has %d bytes, got %d", ErrFingerprintSyntax, h.name, want, len(digest))
	}
	return h, digest, nil
}

// VerifyPeer checks the leaf certificate that a peer presented, in DER form,
// against the fingerprints of its description.
//
// A description may carry several fingerprints, for several hash functions and
// for several certificates of which the peer uses one. As RFC 8122 §5.1 wants
// it, the strongest function that is understood is chosen, and the certificate
// must match one of that function's values; the others do not count, so that a
// weak function cannot be used to get around a strong one.
//
// sha-1 counts only if allowSHA1 is set, md5 and md2 never do. Fingerprints
// that are not understood are passed over. The error wraps
// ErrFingerprintMismatch or ErrNoFingerprint.
func VerifyPeer(der []byte, fingerprints []Fingerprint, allowSHA1 bool) error {
	best := hashFunc{strength: -1}
	var digests [][]byte
	var why error
	for _, f := range fingerprints {
		h, digest, err := f.decode()
		if err == nil && h.weak && !allowSHA1 {
			err = fmt.Errorf("%w %q: not allowed", ErrUnknownHash, f.Algorithm)
		}
		if err != nil {
			why = errors.Join(why, err)
			continue
		}
		switch {
		case h.strength > best.strength:
			best, digests = h, [][]byte{digest}
		case h.strength == best.strength:
			digests = append(digests, digest)
		}
	}
	if len(digests) == 0 {
		if why != nil {
			return fmt.Errorf("%w: %w", ErrNoFingerprint, why)
		}
		return ErrNoFingerprint
	}
	sum := best.sum(der)
	for _, d := range digests {
		if bytes.Equal(d, sum) {
			return nil
		}
	}
	return fmt.Errorf("%w: it has %s %s", ErrFingerprintMismatch, best.name, colonHex(sum))
}
