package webrtc

// OAuthCredential is a token for a TURN server that takes RFC 7635's third-party
// authorization. It is ICEServer.Credential with ICECredentialTypeOauth, and
// ICEServer.Username is the identifier of the key that the authorization server
// shares with the TURN server (kid). A token that cannot be used gives an
// icecandidateerror when candidates are gathered.
type OAuthCredential struct {
	// MACKey is the key in base64 that message integrity is computed with
	// (RFC 7635 §4): 20 bytes for HMAC-SHA-1, 32 for HMAC-SHA-256, which few
	// servers take.
	MACKey string

	// AccessToken is the token in base64 (RFC 7635 §4), 1024 bytes at most.
	AccessToken string
}
