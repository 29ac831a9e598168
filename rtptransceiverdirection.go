package webrtc

// RTPTransceiverDirection says which way a transceiver's media may flow
// (webrtc-pc §5.4.1, RTCRtpTransceiverDirection).
type RTPTransceiverDirection int

const (
	// RTPTransceiverDirectionUnknown is the zero value. As a current direction
	// it stands for W3C's null: nothing was negotiated yet.
	RTPTransceiverDirectionUnknown RTPTransceiverDirection = iota

	// RTPTransceiverDirectionSendrecv offers to send and to receive.
	RTPTransceiverDirectionSendrecv

	// RTPTransceiverDirectionSendonly offers to send.
	RTPTransceiverDirectionSendonly

	// RTPTransceiverDirectionRecvonly offers to receive.
	RTPTransceiverDirectionRecvonly

	// RTPTransceiverDirectionInactive offers neither.
	RTPTransceiverDirectionInactive

	// RTPTransceiverDirectionStopped is the direction of a transceiver that was
	// stopped; no other may follow it.
	RTPTransceiverDirectionStopped
)

var rtpTransceiverDirectionNames = []string{
	unknownName, "sendrecv", "sendonly", "recvonly", "inactive", "stopped",
}

// NewRTPTransceiverDirection returns the direction with the given name, and
// RTPTransceiverDirectionUnknown for any other text.
func NewRTPTransceiverDirection(raw string) RTPTransceiverDirection {
	t, _ := valueOf[RTPTransceiverDirection](rtpTransceiverDirectionNames, raw)
	return t
}

// String returns W3C's name, such as "sendrecv", or "unknown".
func (t RTPTransceiverDirection) String() string { return nameOf(rtpTransceiverDirectionNames, t) }

// Revers returns the direction as the peer sees it (RFC 3264 §6.1): sendonly
// and recvonly change places. Any but the four directions of a description
// gives RTPTransceiverDirectionUnknown.
func (t RTPTransceiverDirection) Revers() RTPTransceiverDirection {
	switch t {
	case RTPTransceiverDirectionSendonly:
		return RTPTransceiverDirectionRecvonly
	case RTPTransceiverDirectionRecvonly:
		return RTPTransceiverDirectionSendonly
	case RTPTransceiverDirectionSendrecv, RTPTransceiverDirectionInactive:
		return t
	default:
		return RTPTransceiverDirectionUnknown
	}
}
