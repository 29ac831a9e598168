package turnserver

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/pion/turn/v5"
)

// Credential returns a user name and a password that are good until a time. Who
// gives them out shares the secret with the server, which need not know the user:
// the name is "seconds since 1970:user", the password a MAC of it (the "REST API
// for access to TURN services" that other servers understand as well).
func Credential(secret, user string, until time.Time) (username, password string) {
	username = strconv.FormatInt(until.Unix(), 10) + ":" + user
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(username))
	return username, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// expiry reads a user name of Credential.
func expiry(username string) (until time.Time, user string, ok bool) {
	seconds, user, ok := strings.Cut(username, ":")
	n, err := strconv.ParseInt(seconds, 10, 64)
	return time.Unix(n, 0), user, ok && err == nil
}

// userID returns whose relays a user name's are: two credentials for a time are of
// one user.
func userID(secret, username string) string {
	if _, user, ok := expiry(username); ok && secret != "" {
		return user
	}
	return username
}

// authenticator looks up the key of who asks (RFC 8489 §9.2.2).
type authenticator struct {
	realm  string
	users  map[string]string
	secret string
}

func (a authenticator) authenticate(r *turn.RequestAttributes) (user string, key []byte, ok bool) {
	if password, known := a.users[r.Username]; known {
		return r.Username, turn.GenerateAuthKey(r.Username, a.realm, password), true
	}
	if a.secret == "" {
		return "", nil, false
	}
	until, user, ok := expiry(r.Username)
	if !ok || time.Now().After(until) {
		return "", nil, false
	}
	_, password := Credential(a.secret, user, until)
	return user, turn.GenerateAuthKey(r.Username, a.realm, password), true
}
