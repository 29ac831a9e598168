package sdp

import "strings"

// maxFingerprints bounds the fingerprints at one level. Readers compare lists of
// them, each with each: endpoints write one per certificate and hash.
const maxFingerprints = 64

// attribute takes the attributes that may stand at session and at media level.
// One that does not parse makes its section unusable (RFC 9429 §5.8.1 and
// §5.8.2: their syntax MUST be checked), and at session level all of them.
func (t *Transport) attribute(a Attribute) outcome {
	if !a.HasValue {
		return leftOver
	}
	switch a.Key {
	case "ice-ufrag":
		// RFC 8839 §5.4: 4 to 256 ice-chars. Some peers use other visible
		// characters, which do no harm.
		if !isVisible(a.Value, 4, 256) || t.ICEUfrag != "" && t.ICEUfrag != a.Value {
			return brokenBy("one ice-ufrag, of 4 to 256 characters")
		}
		t.ICEUfrag = a.Value
	case "ice-pwd":
		if !isVisible(a.Value, 22, 256) || t.ICEPwd != "" && t.ICEPwd != a.Value {
			return brokenBy("one ice-pwd, of 22 to 256 characters")
		}
		t.ICEPwd = a.Value
	case "ice-options":
		// RFC 8839 §5.6: tokens of ice-chars separated by spaces; libdatachannel
		// separates them by commas, which no token can hold.
		options := strings.FieldsFunc(a.Value, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
		if len(options) == 0 {
			return leftOver
		}
		t.ICEOptions = append(t.ICEOptions, options...)
	case "fingerprint":
		f, ok := ParseFingerprint(a.Value)
		if !ok {
			return brokenBy("want a fingerprint of a hash's name and bytes in hexadecimal with colons")
		}
		if len(t.Fingerprints) == maxFingerprints {
			return brokenBy("more than 64 fingerprints")
		}
		t.Fingerprints = append(t.Fingerprints, f)
	case "setup":
		role, ok := ParseSetup(a.Value)
		if !ok || t.Setup != SetupUnspecified && t.Setup != role {
			return brokenBy("one setup: active, passive, actpass or holdconn") // RFC 4145 §4
		}
		t.Setup = role
	case "tls-id":
		// RFC 8842 §4: 20 to 255 characters; which ones is the peer's affair.
		if !isVisible(a.Value, 1, 255) {
			return leftOver
		}
		return takeText(&t.TLSID, a.Value)
	default:
		return leftOver
	}
	return taken
}

// HasICEOption tells whether option, such as "trickle", is among the
// a=ice-options.
func (t *Transport) HasICEOption(option string) bool {
	for _, o := range t.ICEOptions {
		if o == option {
			return true
		}
	}
	return false
}

// ParseFingerprint reads the value of a=fingerprint: "<hash> <hex bytes joined by
// colons>" (RFC 8122 §5), in any case of letters. It does not know which hashes
// there are, nor how long their values have to be.
func ParseFingerprint(value string) (Fingerprint, bool) {
	algorithm, bytes := nextField(value)
	if !isToken(algorithm) || len(bytes)%3 != 2 || len(bytes) > 3*128 {
		return Fingerprint{}, false
	}
	for i := range len(bytes) {
		c := bytes[i]
		isHex := c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
		if i%3 == 2 && c != ':' || i%3 != 2 && !isHex {
			return Fingerprint{}, false
		}
	}
	return Fingerprint{Algorithm: strings.ToLower(algorithm), Value: strings.ToUpper(bytes)}, true
}

// String returns the value as a=fingerprint carries it.
func (f Fingerprint) String() string { return f.Algorithm + " " + f.Value }
