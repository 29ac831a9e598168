package signaling

import (
	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// TransceiverCreated says that a section of a remote offer has made a transceiver
// (RFC 9429 §5.10). Its direction is recvonly, until the program changes it.
type TransceiverCreated struct {
	Transceiver TransceiverID
	Kind        codec.Kind
	// RIDs are the streams that the peer asks for by name, which become the
	// sender's encodings (webrtc-pc §4.4.1.5, proposedSendEncodings).
	RIDs []string
}

// TransceiverRemoved says that the offer which made a transceiver was rolled back,
// and that addTrack has not used it since (RFC 9429 §4.1.10.2).
type TransceiverRemoved struct{ Transceiver TransceiverID }

// MediaDescribed says what a description that was set has for a transceiver. There
// is one for each section that belongs to one, in the order of the sections.
type MediaDescribed struct {
	Transceiver TransceiverID
	Mid         string
	Index       int
	// Transport is that of the section as far as the description tells; an answer
	// may have given it another one, see MediaInForce.
	Transport TransportID
	// Remote says that the description is the peer's; Type is its type.
	Remote bool
	Type   Type
	// Rejected says that the section has port 0.
	Rejected bool
	// Direction is seen from our side: a remote description's is reversed. It is
	// inactive where the section is rejected.
	Direction sdp.Direction
	// Msids are the streams and the track of what the peer sends, with "-" for no
	// stream; nil if it sends nothing, and in a local description.
	Msids []sdp.Msid
	// RIDs are the streams that a remote offer asks for by name.
	RIDs []string
	// TrackID is the track that a local description names, "" for none.
	TrackID string
}

// MediaRestored says what a rollback has made of a transceiver: what the
// descriptions of the last stable state say of it.
type MediaRestored struct {
	Transceiver TransceiverID
	// Mid is "" and Index -1 if no section belongs to the transceiver any more.
	Mid   string
	Index int
	// Direction is the current direction that is in force, unspecified if there
	// is none.
	Direction sdp.Direction
	// RemoteDirection is that of the remote description in force, seen from our
	// side: sendrecv and recvonly mean that the peer sends.
	RemoteDirection sdp.Direction
	// Msids are those of the remote description in force.
	Msids []sdp.Msid
}

// MediaInForce says that a transceiver's media has changed: by an answer, a
// provisional one included, or by a rollback. A nil Media means that nothing
// flows any more.
type MediaInForce struct {
	Transceiver TransceiverID
	Media       *Media
}

// TransceiverStopped says that an answer has rejected a transceiver's section, or
// that its stop is negotiated: [[Stopped]] is true (webrtc-pc §5.4). Its m-line
// is free for another one.
type TransceiverStopped struct{ Transceiver TransceiverID }

func (TransceiverCreated) effect() {}
func (TransceiverRemoved) effect() {}
func (MediaDescribed) effect()     {}
func (MediaRestored) effect()      {}
func (MediaInForce) effect()       {}
func (TransceiverStopped) effect() {}
