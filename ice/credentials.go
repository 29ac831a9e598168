package ice

import (
	"fmt"
	"io"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// iceChars is the alphabet of ice-ufrag and ice-pwd (RFC 8839 §5.4): 64
// characters, so that 6 random bits make one.
const iceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

const (
	// ufragLen gives 48 random bits; RFC 8445 §5.3 asks for at least 24.
	ufragLen = 8
	// pwdLen gives 144 random bits; RFC 8445 §5.3 asks for at least 128.
	pwdLen = 24
	// Bounds of RFC 8839 §5.4.
	minUfrag, minPwd, maxCredential = 4, 22, 256
)

// NewCredentials draws a username fragment and a password from random
// (RFC 8445 §5.3). Its error is the reader's.
func NewCredentials(random io.Reader) (ufrag, pwd string, err error) {
	var b [ufragLen + pwdLen]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", "", fmt.Errorf("draw ICE credentials: %w", err)
	}
	for i := range b {
		b[i] = iceChars[b[i]&63]
	}
	return string(b[:ufragLen]), string(b[ufragLen:]), nil
}

// CheckCredentials says whether ufrag and pwd have the form that RFC 8839 §5.4
// demands: 4 to 256 and 22 to 256 letters, digits, '+' and '/'. Its error is a
// *rtcerr.SyntaxError.
func CheckCredentials(ufrag, pwd string) error {
	if err := checkCredential("username fragment", ufrag, minUfrag); err != nil {
		return err
	}
	return checkCredential("password", pwd, minPwd)
}

func checkCredential(name, s string, least int) error {
	if len(s) < least || len(s) > maxCredential {
		return &rtcerr.SyntaxError{Err: fmt.Errorf("ICE %s of %d characters, want %d to %d", name, len(s), least, maxCredential)}
	}
	for i := range len(s) {
		if !isICEChar(s[i]) {
			return &rtcerr.SyntaxError{Err: fmt.Errorf("ICE %s holds %q, which is none of the letters, digits, '+' and '/'", name, s[i])}
		}
	}
	return nil
}
