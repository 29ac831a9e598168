package webrtc

// StatsICECandidatePairState is how far the checks of a candidate pair have come
// (RFC 8445 §6.1.2.6, webrtc-stats, RTCStatsIceCandidatePairState).
type StatsICECandidatePairState string

const (
	// StatsICECandidatePairStateFrozen is a pair whose check waits for another's.
	StatsICECandidatePairStateFrozen StatsICECandidatePairState = "frozen"
	// StatsICECandidatePairStateWaiting is a pair whose turn has not come.
	StatsICECandidatePairStateWaiting StatsICECandidatePairState = "waiting"
	// StatsICECandidatePairStateInProgress is a pair whose check is on its way.
	StatsICECandidatePairStateInProgress StatsICECandidatePairState = "in-progress"
	// StatsICECandidatePairStateFailed is a pair whose check has failed.
	StatsICECandidatePairStateFailed StatsICECandidatePairState = "failed"
	// StatsICECandidatePairStateSucceeded is a pair that works.
	StatsICECandidatePairStateSucceeded StatsICECandidatePairState = "succeeded"
)

// TransportStats are the figures of an ICE and DTLS transport (webrtc-stats
// §8.15, RTCTransportStats).
type TransportStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "transport".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// Packets and bytes of all pairs, without connectivity checks and the headers of
	// IP and UDP.
	PacketsSent     uint32 `json:"packetsSent"`
	PacketsReceived uint32 `json:"packetsReceived"`
	BytesSent       uint64 `json:"bytesSent"`
	BytesReceived   uint64 `json:"bytesReceived"`
	// ICERole is "unknown" before a description has decided it.
	ICERole ICERole `json:"iceRole"`
	// ICELocalUsernameFragment is that of the newest local description.
	ICELocalUsernameFragment string `json:"iceLocalUsernameFragment"`
	// ICEState and DTLSState are the states of the transport.
	ICEState  ICETransportState  `json:"iceState"`
	DTLSState DTLSTransportState `json:"dtlsState"`
	// DTLSRole is "client" or "server", "unknown" before the handshake.
	DTLSRole string `json:"dtlsRole"`
	// SelectedCandidatePairID is the id of the pair in use, empty while there is
	// none, SelectedCandidatePairChanges how often one was chosen.
	SelectedCandidatePairID      string `json:"selectedCandidatePairId"`
	SelectedCandidatePairChanges uint32 `json:"selectedCandidatePairChanges"`
	// LocalCertificateID and RemoteCertificateID are the ids of the CertificateStats;
	// the peer's is known when DTLS is connected.
	LocalCertificateID  string `json:"localCertificateId"`
	RemoteCertificateID string `json:"remoteCertificateId"`
	// TLSVersion is the version on the wire in hexadecimal, "FEFD" for DTLS 1.2,
	// DTLSCipher the suite and SRTPCipher the profile by their IANA names; empty
	// before.
	TLSVersion string `json:"tlsVersion"`
	DTLSCipher string `json:"dtlsCipher"`
	SRTPCipher string `json:"srtpCipher"`

	// CCFBMessagesSent and CCFBMessagesReceived count the packets of feedback by RFC
	// 8888.
	CCFBMessagesSent     uint32 `json:"ccfbMessagesSent"`
	CCFBMessagesReceived uint32 `json:"ccfbMessagesReceived"`

	// It belongs to an earlier version of the specification and is not filled.
	RTCPTransportStatsID string `json:"rtcpTransportStatsId"`
}

// ICECandidatePairStats are the figures of a candidate pair (webrtc-stats,
// RTCIceCandidatePairStats). Its candidates tell of the pair as the peer sees it.
type ICECandidatePairStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "candidate-pair".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// TransportID, LocalCandidateID and RemoteCandidateID are ids of this report.
	TransportID       string `json:"transportId"`
	LocalCandidateID  string `json:"localCandidateId"`
	RemoteCandidateID string `json:"remoteCandidateId"`
	// State is how far its checks have come; Nominated says that the controlling
	// agent has chosen it.
	State     StatsICECandidatePairState `json:"state"`
	Nominated bool                       `json:"nominated"`
	// FailureReason says in words why a pair whose state is failed is so, such as
	// "no answer". It is no member of the specification.
	FailureReason string `json:"failureReason,omitempty"`
	// Packets and bytes, without connectivity checks and the headers of IP and UDP.
	PacketsSent     uint32 `json:"packetsSent"`
	PacketsReceived uint32 `json:"packetsReceived"`
	BytesSent       uint64 `json:"bytesSent"`
	BytesReceived   uint64 `json:"bytesReceived"`
	// When the last of these were sent and received.
	LastPacketSentTimestamp     StatsTimestamp `json:"lastPacketSentTimestamp"`
	LastPacketReceivedTimestamp StatsTimestamp `json:"lastPacketReceivedTimestamp"`
	// TotalRoundTripTime is the sum over ResponsesReceived in seconds,
	// CurrentRoundTripTime the newest measurement.
	TotalRoundTripTime   float64 `json:"totalRoundTripTime"`
	CurrentRoundTripTime float64 `json:"currentRoundTripTime"`
	// AvailableOutgoingBitrate is the peer's newest estimate in bits per second
	// (REMB), 0 if there is none.
	AvailableOutgoingBitrate float64 `json:"availableOutgoingBitrate"`
	// AvailableIncomingBitrate is not estimated.
	AvailableIncomingBitrate float64 `json:"availableIncomingBitrate"`
	// Connectivity checks: requests without retransmissions and consent checks where
	// they are sent, all where they are received.
	RequestsReceived        uint64 `json:"requestsReceived"`
	RequestsSent            uint64 `json:"requestsSent"`
	ResponsesReceived       uint64 `json:"responsesReceived"`
	ResponsesSent           uint64 `json:"responsesSent"`
	RetransmissionsReceived uint64 `json:"retransmissionsReceived"`
	RetransmissionsSent     uint64 `json:"retransmissionsSent"`
	// ConsentRequestsSent counts checks of consent (RFC 7675).
	ConsentRequestsSent uint64 `json:"consentRequestsSent"`
	// What the socket has refused.
	PacketsDiscardedOnSend uint32 `json:"packetsDiscardedOnSend"`
	BytesDiscardedOnSend   uint32 `json:"bytesDiscardedOnSend"`
	// When the first and the last of these were sent and received, and when consent
	// was lost.
	FirstRequestTimestamp         StatsTimestamp `json:"firstRequestTimestamp"`
	LastRequestTimestamp          StatsTimestamp `json:"lastRequestTimestamp"`
	FirstResponseTimestamp        StatsTimestamp `json:"firstResponseTimestamp"`
	LastResponseTimestamp         StatsTimestamp `json:"lastResponseTimestamp"`
	FirstRequestReceivedTimestamp StatsTimestamp `json:"firstRequestReceivedTimestamp"`
	LastRequestReceivedTimestamp  StatsTimestamp `json:"lastRequestReceivedTimestamp"`
	ConsentExpiredTimestamp       StatsTimestamp `json:"consentExpiredTimestamp"`

	// It belongs to an earlier version of the specification and is not filled.
	CircuitBreakerTriggerCount uint32 `json:"circuitBreakerTriggerCount"`
}

// ICECandidateStats tells of a candidate of either side (webrtc-stats,
// RTCIceCandidateStats).
type ICECandidateStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "local-candidate" or "remote-candidate".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// TransportID is the id of the TransportStats of the transport.
	TransportID string `json:"transportId"`
	// Address is an IP address, or a name under .local that was not resolved; IP is
	// the same under its former name.
	Address string `json:"address"`
	IP      string `json:"ip"`
	// Port is that of the address, RelatedAddress and RelatedPort what the candidate
	// was derived from.
	Port           int32  `json:"port"`
	RelatedAddress string `json:"relatedAddress"`
	RelatedPort    int32  `json:"relatedPort"`
	// Protocol is "udp" or "tcp", TCPType "active", "passive" or "so" for tcp.
	Protocol string `json:"protocol"`
	TCPType  string `json:"tcpType"`
	// CandidateType, Priority and Foundation are those of RFC 8445 §5.1.
	CandidateType ICECandidateType `json:"candidateType"`
	Priority      int32            `json:"priority"`
	Foundation    string           `json:"foundation"`
	// URL is the server that gave a local candidate, RelayProtocol how a TURN server
	// is reached: "udp", "tcp" or "tls".
	URL           string `json:"url"`
	RelayProtocol string `json:"relayProtocol"`
	// UsernameFragment names the generation that the candidate is of.
	UsernameFragment string `json:"usernameFragment"`

	// These belong to earlier versions of the specification and are not filled.
	NetworkType string `json:"networkType,omitempty"`
	Deleted     bool   `json:"deleted"`
}

// CertificateStats tells of a certificate of either side (webrtc-stats,
// RTCCertificateStats).
type CertificateStats struct {
	// Timestamp is when the figures were taken, the same for a whole report.
	Timestamp StatsTimestamp `json:"timestamp"`
	// Type is "certificate".
	Type StatsType `json:"type"`
	// ID names the object in every report.
	ID string `json:"id"`
	// Fingerprint is in upper case with colons (RFC 8122 §5), FingerprintAlgorithm
	// its hash function.
	Fingerprint          string `json:"fingerprint"`
	FingerprintAlgorithm string `json:"fingerprintAlgorithm"`
	// Base64Certificate is the certificate in DER.
	Base64Certificate string `json:"base64Certificate"`
	// IssuerCertificateID is the id of the next certificate of the chain, empty at
	// its end.
	IssuerCertificateID string `json:"issuerCertificateId"`
}
