package webrtc

// DataChannelInit says what CreateDataChannel is to create (webrtc-pc §6.2,
// RTCDataChannelInit). A nil field takes its default.
type DataChannelInit struct {
	// Ordered says whether messages arrive in the order in which they were
	// sent; nil means true.
	Ordered *bool

	// MaxPacketLifeTime is how many milliseconds a message may take until it is
	// given up, in the send queue or while being retransmitted; nil means for
	// ever. It excludes MaxRetransmits.
	MaxPacketLifeTime *uint16

	// MaxRetransmits is how often a message is sent again before it is given
	// up; nil means for ever. It excludes MaxPacketLifeTime.
	MaxRetransmits *uint16

	// Protocol names the subprotocol, in at most 65535 bytes of UTF-8; nil
	// means "".
	Protocol *string

	// Negotiated says that both programs create the channel, with the same ID,
	// instead of the library announcing it to the peer (RFC 8832); nil means
	// false.
	Negotiated *bool

	// ID is the channel's stream, 0 to 65534. A channel that is Negotiated needs
	// one; for any other it is ignored and the library picks.
	ID *uint16
}

// DataChannelParameters describe a data channel in the terms of ORTC.
type DataChannelParameters struct {
	// Label names the channel, in at most 65535 bytes of UTF-8. It need not be
	// unique.
	Label string `json:"label"`
	// Protocol names the subprotocol.
	Protocol string `json:"protocol"`
	// ID is the channel's stream, 0 to 65534; nil lets the library pick.
	ID *uint16 `json:"id"`
	// Ordered says whether messages arrive in the order they were sent.
	Ordered bool `json:"ordered"`
	// MaxPacketLifeTime is a message's life in milliseconds; nil means for ever.
	MaxPacketLifeTime *uint16 `json:"maxPacketLifeTime"`
	// MaxRetransmits is how often a message is sent again; nil means for ever.
	MaxRetransmits *uint16 `json:"maxRetransmits"`
	// Negotiated says that the peer creates the channel by itself.
	Negotiated bool `json:"negotiated"`
}

// DataChannelMessage is a message that arrived on a data channel.
type DataChannelMessage struct {
	// IsString says that the peer sent text; Data is UTF-8 then.
	IsString bool
	// Data is the message, which may be empty. It belongs to the receiver.
	Data []byte
}
