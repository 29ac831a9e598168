package transceiver

// HeaderExtension is an RTP header extension that both sides agreed on
// (RFC 8285 §5).
type HeaderExtension struct {
	// ID identifies the extension in packets: 1 to 14, or 1 to 255 except 15
	// where two-byte headers may be used.
	ID uint8
	// URI names the extension, as in a=extmap.
	URI string
}

// Source describes the synchronization sources that a peer has announced for
// one encoding of a track (RFC 5576).
type Source struct {
	// SSRC sends the media itself.
	SSRC uint32
	// RTX sends its retransmissions (RFC 4588), or is 0.
	RTX uint32
	// FEC sends its repair packets (RFC 8627), or is 0.
	FEC uint32
	// RID is the restriction identifier of the encoding (RFC 8851), or empty.
	RID string
	// CNAME is the canonical name of the endpoint that sends (RFC 3550 §6.5.1).
	CNAME string
}
