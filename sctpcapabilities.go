package webrtc

// SCTPCapabilities says what a side can take over SCTP.
type SCTPCapabilities struct {
	// MaxMessageSize is the size in bytes of the largest message that the side
	// accepts; 0 means any size (RFC 8841 §6).
	MaxMessageSize uint32 `json:"maxMessageSize"`
}
