package webrtc

// SCTPTransportPartialReliabilityMode is how an association gives messages up
// (RFC 3758, RFC 8260).
type SCTPTransportPartialReliabilityMode string

const (
	// SCTPTransportPartialReliabilityModeNone is an association that gives none up.
	SCTPTransportPartialReliabilityModeNone SCTPTransportPartialReliabilityMode = "none"
	// SCTPTransportPartialReliabilityModeForwardTSN is that of RFC 3758.
	SCTPTransportPartialReliabilityModeForwardTSN SCTPTransportPartialReliabilityMode = "forward-tsn"
	// SCTPTransportPartialReliabilityModeIForwardTSN is that of RFC 8260 §2.3.
	SCTPTransportPartialReliabilityModeIForwardTSN SCTPTransportPartialReliabilityMode = "i-forward-tsn"
)

// SCTPTransportMetadata is what an association's peers have agreed on.
type SCTPTransportMetadata struct {
	// MessageInterleavingEnabled says that messages are interleaved (RFC 8260).
	MessageInterleavingEnabled bool `json:"messageInterleavingEnabled"`
	// PartialReliabilityMode is how messages are given up.
	PartialReliabilityMode SCTPTransportPartialReliabilityMode `json:"partialReliabilityMode"`
	// ZeroChecksumSendingEnabled and ZeroChecksumReceivingEnabled say that packets
	// go and come without a checksum (RFC 9653).
	ZeroChecksumSendingEnabled   bool `json:"zeroChecksumSendingEnabled"`
	ZeroChecksumReceivingEnabled bool `json:"zeroChecksumReceivingEnabled"`
}

// PeerConnectionStats are the figures of a connection (webrtc-stats,
// RTCPeerConnectionStats).
type PeerConnectionStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "peer-connection".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// DataChannelsOpened is how many channels have become open, DataChannelsClosed
	// how many of those are open no more.
	DataChannelsOpened uint32 `json:"dataChannelsOpened"`
	DataChannelsClosed uint32 `json:"dataChannelsClosed"`

	// These belong to earlier versions of the specification and are not filled.
	DataChannelsRequested uint32 `json:"dataChannelsRequested"`
	DataChannelsAccepted  uint32 `json:"dataChannelsAccepted"`
}

// DataChannelStats are the figures of a data channel (webrtc-stats,
// RTCDataChannelStats). One that is closed is in no report.
type DataChannelStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "data-channel".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// Label and Protocol are the channel's.
	Label    string `json:"label"`
	Protocol string `json:"protocol"`
	// DataChannelIdentifier is the channel's id, -1 before it has one.
	DataChannelIdentifier int32 `json:"dataChannelIdentifier"`
	// TransportID is of an earlier version of the specification: the id of the
	// TransportStats that the channel takes.
	TransportID string `json:"transportId"`
	// State is that of the channel.
	State DataChannelState `json:"state"`
	// Messages and their bytes, without any header.
	MessagesSent     uint32 `json:"messagesSent"`
	BytesSent        uint64 `json:"bytesSent"`
	MessagesReceived uint32 `json:"messagesReceived"`
	BytesReceived    uint64 `json:"bytesReceived"`
}

// SCTPTransportStats are the figures of the association (an earlier version of
// webrtc-stats, RTCSctpTransportStats). SCTPTransport.Stats returns them;
// reports, which are of the present version, have none.
type SCTPTransportStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "sctp-transport".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// TransportID is the id of the TransportStats below.
	TransportID string `json:"transportId"`
	// SmoothedRoundTripTime is in seconds, 0 before the first measurement.
	SmoothedRoundTripTime float64 `json:"smoothedRoundTripTime"`
	// CongestionWindow, ReceiverWindow (what is left of the peer's) and MTU are in
	// bytes.
	CongestionWindow uint32 `json:"congestionWindow"`
	ReceiverWindow   uint32 `json:"receiverWindow"`
	MTU              uint32 `json:"mtu"`
	// UNACKData is how many bytes are not acknowledged.
	UNACKData uint32 `json:"unackData"`
	// Metadata is what was agreed on, nil before.
	Metadata *SCTPTransportMetadata `json:"metadata,omitempty"`
	// Bytes of packets with their headers.
	BytesSent     uint64 `json:"bytesSent"`
	BytesReceived uint64 `json:"bytesReceived"`
}
