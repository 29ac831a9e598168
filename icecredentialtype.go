package webrtc

import (
	"encoding/json"
	"fmt"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// ICECredentialType is the kind of credential that ICEServer.Credential holds.
type ICECredentialType int

const (
	// ICECredentialTypePassword is the long-term password of RFC 8489 §9.2, a
	// string. It is the zero value.
	ICECredentialTypePassword ICECredentialType = iota

	// ICECredentialTypeOauth is the token of RFC 7635, an OAuthCredential.
	ICECredentialTypeOauth
)

var iceCredentialTypeNames = []string{"password", "oauth"}

// String returns "password", "oauth" or "unknown".
func (t ICECredentialType) String() string { return nameOf(iceCredentialTypeNames, t) }

// MarshalJSON writes the type's name.
func (t ICECredentialType) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads a type's name. Any other text is a *rtcerr.TypeError and
// leaves t as it was.
func (t *ICECredentialType) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err != nil {
		return err
	}
	v, ok := valueOf[ICECredentialType](iceCredentialTypeNames, name)
	if !ok {
		return &rtcerr.TypeError{Err: fmt.Errorf("%q is not an ICECredentialType; %w", name, oneOf(iceCredentialTypeNames))}
	}
	*t = v
	return nil
}
