package ice

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// turnCredentials are what a TURN server is given. They are never logged.
type turnCredentials struct {
	username, password string
	// token and macKey are OAuth's, nil for a password; username is the identifier
	// of the token's key then (RFC 7635 §4).
	token, macKey []byte
}

// The sizes in bytes of MAC keys: "The key length of 160 bits" is HMAC-SHA-1's
// (RFC 7635 §6.2), 256 bits are HMAC-SHA-256's (RFC 8489 §14.6).
const (
	macKeySHA1   = 20
	macKeySHA256 = 32
)

// maxAccessToken bounds ACCESS-TOKEN, so that a request stays within a datagram.
const maxAccessToken = 1024

// credentials returns those of the server. Without a usable token and key of OAuth
// both are nil.
func (s Server) credentials() turnCredentials {
	if !s.OAuth {
		return turnCredentials{username: s.Username, password: s.Credential}
	}
	token, err1 := base64.StdEncoding.DecodeString(s.AccessToken)
	key, err2 := base64.StdEncoding.DecodeString(s.Credential)
	if err1 != nil || err2 != nil || len(token) == 0 || len(token) > maxAccessToken || len(key) != macKeySHA1 && len(key) != macKeySHA256 {
		return turnCredentials{username: s.Username}
	}
	return turnCredentials{username: s.Username, token: token, macKey: key}
}

// opaqueString prepares a realm, a user name or a password as RFC 8489 §9.2.2
// wants it for the key, with the OpaqueString profile of RFC 8265 §4.2.2: "Any
// instances of non-ASCII space MUST be mapped to SPACE", case is kept, and NFC is
// applied. What the profile forbids, such as control characters, is left to the
// server to refuse.
func opaqueString(s string) string {
	if all(s, func(b byte) bool { return b < utf8.RuneSelf }) || !utf8.ValidString(s) {
		return s
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, s))
}
