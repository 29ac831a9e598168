package webrtc

// OAuthCredential is a token for a TURN server that takes RFC 7635's third-party
// authorization. It is ICEServer.Credential with ICECredentialTypeOauth.
type OAuthCredential struct {
	// MACKey is the key in base64 that message integrity is computed with
	// (RFC 7635 §4.1).
	MACKey string

	// AccessToken is the token in base64 (RFC 7635 §4.2).
	AccessToken string
}
