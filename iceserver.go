package webrtc

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// maxTURNUsername is the size in bytes of the longest user name. RFC 8489 §14.3
// wants fewer than 509, which W3C's tests read as 509 at most.
const maxTURNUsername = 509

// ICEServer names a STUN or TURN server (webrtc-pc §4.2.3, RTCIceServer).
//
// Its JSON form is the browsers', in which urls may be one string:
//
//	{"urls":["turn:turn.example.org"],"username":"u","credential":"secret"}
type ICEServer struct {
	// URLs are the server's addresses: stun:host[:port] or stuns:host[:port]
	// (RFC 7064), turn:host[:port][?transport=udp|tcp] or turns:… (RFC 7065).
	// At least one is needed.
	URLs []string `json:"urls"`
	// Username is the user name for a TURN server, 509 bytes at most.
	Username string `json:"username,omitempty"`
	// Credential is what CredentialType says: a string, or an OAuthCredential.
	// A TURN server needs one; nil means none.
	Credential any `json:"credential,omitempty"`
	// CredentialType says what Credential is.
	CredentialType ICECredentialType `json:"credentialType,omitempty"`
}

// iceServerJSON is the JSON form of an ICEServer, its members in the order of
// their names.
type iceServerJSON struct {
	Credential     any               `json:"credential,omitempty"`
	CredentialType ICECredentialType `json:"credentialType"`
	URLs           []string          `json:"urls"`
	Username       string            `json:"username,omitempty"`
}

// MarshalJSON writes the browsers' form. URLs is written as a list always.
func (s ICEServer) MarshalJSON() ([]byte, error) {
	return json.Marshal(iceServerJSON{
		Credential:     s.Credential,
		CredentialType: s.CredentialType,
		URLs:           s.URLs,
		Username:       s.Username,
	})
}

// UnmarshalJSON reads the browsers' form: urls may be a string or a list, and
// members may be missing or null, but for urls, which may not be null. A
// credential is read as its type says. The error is a *rtcerr.TypeError, or one
// of encoding/json; s is left as it was then.
func (s *ICEServer) UnmarshalJSON(b []byte) error {
	var form struct {
		Credential     json.RawMessage    `json:"credential"`
		CredentialType *ICECredentialType `json:"credentialType"`
		URLs           json.RawMessage    `json:"urls"`
		Username       *string            `json:"username"`
	}
	if err := json.Unmarshal(b, &form); err != nil {
		return err
	}
	if string(b) == "null" {
		return &rtcerr.TypeError{Err: errors.New("ICE server: null where an object is needed")}
	}
	var out ICEServer
	var err error
	if out.URLs, err = urlsFromJSON(form.URLs); err != nil {
		return err
	}
	if form.Username != nil {
		out.Username = *form.Username
	}
	if form.CredentialType != nil {
		out.CredentialType = *form.CredentialType
	}
	if out.Credential, err = credentialFromJSON(form.Credential, out.CredentialType); err != nil {
		return err
	}
	*s = out
	return nil
}

// urlsFromJSON reads (DOMString or sequence<DOMString>). Without the member the
// list is empty, which the check of the configuration finds.
func urlsFromJSON(b json.RawMessage) ([]string, error) {
	if b == nil {
		return []string{}, nil
	}
	var one *string
	if err := json.Unmarshal(b, &one); err == nil && one != nil {
		return []string{*one}, nil
	}
	// Pointers tell null, which is no string, from "".
	var list []*string
	if err := json.Unmarshal(b, &list); err != nil || list == nil {
		return nil, &rtcerr.TypeError{Err: fmt.Errorf("ICE server: urls is %.80s; a string or a list of strings is needed", b)}
	}
	out := make([]string, 0, len(list))
	for _, u := range list {
		if u == nil {
			return nil, &rtcerr.TypeError{Err: errors.New("ICE server: null among the urls")}
		}
		out = append(out, *u)
	}
	return out, nil
}

func credentialFromJSON(b json.RawMessage, typ ICECredentialType) (any, error) {
	if b == nil || string(b) == "null" {
		return nil, nil
	}
	if typ == ICECredentialTypeOauth {
		var token OAuthCredential
		if err := json.Unmarshal(b, &token); err != nil || token == (OAuthCredential{}) {
			return nil, &rtcerr.TypeError{Err: errors.New("ICE server: the credential is not an object with MACKey and AccessToken, as the type oauth needs")}
		}
		return token, nil
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// clone returns a copy that shares nothing that can change.
func (s ICEServer) clone() ICEServer {
	s.URLs = slices.Clone(s.URLs)
	return s
}

// parse checks the server as webrtc-pc §4.4.1.6 does and returns it in the ice
// package's form, one for each URL.
func (s ICEServer) parse() ([]ice.Server, error) {
	// "If urls is empty, throw a SyntaxError."
	if len(s.URLs) == 0 {
		return nil, &rtcerr.SyntaxError{Err: errors.New("ICE server without URLs; at least one, such as \"stun:host\", is needed")}
	}
	var out []ice.Server
	for _, url := range s.URLs {
		// "validate an ICE server URL": throws a SyntaxError.
		server, err := ice.ParseServerURL(url)
		if err != nil {
			return nil, err
		}
		if server.Scheme.IsTURN() {
			if err := s.checkCredentials(url); err != nil {
				return nil, err
			}
			server.Username = s.Username
			server.Credential, _ = s.Credential.(string)
			if token, ok := s.Credential.(OAuthCredential); ok {
				server.OAuth, server.Credential, server.AccessToken = true, token.MACKey, token.AccessToken
			}
		}
		out = append(out, server)
	}
	return out, nil
}

// checkCredentials is this step of webrtc-pc §4.4.1.6: "If scheme name is turn
// or turns, and either of server.username or server.credential are omitted,
// then throw an InvalidAccessError." A user name that is empty counts as given
// if the credential is an empty string, for a server that asks for neither.
func (s ICEServer) checkCredentials(url string) error {
	invalid := func(cause error, format string, args ...any) error {
		return &rtcerr.InvalidAccessError{Err: fmt.Errorf("ICE server %.100q: %w: %s", url, cause, fmt.Sprintf(format, args...))}
	}
	if s.Credential == nil {
		return invalid(ErrNoTurnCredentials, "the credential is missing")
	}
	if s.Username == "" && s.Credential != "" {
		return invalid(ErrNoTurnCredentials, "the username is missing")
	}
	if len(s.Username) > maxTURNUsername {
		return invalid(ErrTurnCredentials, "the username has %d bytes, %d at most are allowed", len(s.Username), maxTURNUsername)
	}
	switch s.CredentialType {
	case ICECredentialTypePassword:
		if _, ok := s.Credential.(string); !ok {
			return invalid(ErrTurnCredentials, "the credential is a %T; the type password needs a string", s.Credential)
		}
	case ICECredentialTypeOauth:
		if _, ok := s.Credential.(OAuthCredential); !ok {
			return invalid(ErrTurnCredentials, "the credential is a %T; the type oauth needs an OAuthCredential", s.Credential)
		}
	default:
		return invalid(ErrTurnCredentials, "the credential type %d is neither password nor oauth", s.CredentialType)
	}
	return nil
}
