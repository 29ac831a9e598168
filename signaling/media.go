package signaling

import (
	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// TransceiverID is the identity of a transceiver of the connection. It is never
// given to another one, and a rollback does not take it back. Zero is none.
type TransceiverID int

// Transceiver is what the program wants of a transceiver at the time of a call
// (webrtc-pc §5.4). The machine keeps nothing of it but which m-line it is
// associated with.
type Transceiver struct {
	ID   TransceiverID
	Kind codec.Kind
	// Direction is [[Direction]]; unspecified counts as sendrecv.
	Direction sdp.Direction
	// Stopping is [[Stopping]]: stop was called.
	Stopping bool
	// ByAddTrack says that addTrack made the transceiver, or has used it: a
	// section that the peer offers may be paired with it (RFC 9429 §5.10), and
	// it outlives the rollback of the offer that created it.
	ByAddTrack bool
	// Codecs are the formats that may be negotiated, RTX and the like among them,
	// preferred ones first.
	Codecs []codec.Codec
	// PreferOwnOrder says that the order of Codecs was chosen by the program
	// (setCodecPreferences), so that answers have it instead of the offer's.
	PreferOwnOrder bool
	// Extensions are the header extensions that may be negotiated.
	Extensions []Extension
	// StreamIDs are the sender's [[AssociatedMediaStreamIds]], and TrackID the
	// second identifier of its a=msid lines.
	StreamIDs []string
	TrackID   string
	// Encodings are the sender's: one without a RID, or several with one each.
	Encodings []Encoding
}

// Encoding is one stream of a sender (webrtc-pc §5.2.5, RTCRtpEncodingParameters).
type Encoding struct {
	// RID names the stream; it is "" where the sender has but one. The name of a
	// single stream is only written if the stream is the last one left of several
	// that were negotiated.
	RID string
	// Active says that the stream is sent; otherwise it is paused.
	Active bool
	// SSRC identifies the stream, and RTX what is sent again of it; zero is none.
	SSRC, RTX uint32
}

// Extension is an RTP header extension that can be negotiated (RFC 8285).
type Extension struct {
	URI string
	// Direction says in which direction of media it can be used, from our side;
	// unspecified is both.
	Direction sdp.Direction
	// Asked says that the program wants it although the last answer may not have it
	// (webrtc-extensions §5, setHeaderExtensionsToNegotiate).
	Asked bool
}

// HeaderExtension is a negotiated RTP header extension. Packets have it under the
// id (RFC 8285 §4.2, §4.3).
type HeaderExtension struct {
	ID  uint8
	URI string
}

// Media is what flows through a transceiver. Its slices belong to the receiver
// of the effect, who does not change them.
type Media struct {
	Mid       string
	Index     int
	Transport TransportID
	// Direction is [[CurrentDirection]]: ours.
	Direction sdp.Direction
	// SendCodecs are the formats that the peer takes, with its payload types,
	// the preferred one first. ReceiveCodecs are those that may arrive, with ours.
	SendCodecs, ReceiveCodecs []codec.Codec
	// SendExtensions are the header extensions that packets sent may have, and
	// ReceiveExtensions those that packets received may.
	SendExtensions, ReceiveExtensions []HeaderExtension
	// AllowMixed says that both forms of header extensions may stand in one
	// stream (RFC 8285 §6).
	AllowMixed bool
	// SendEncodings are the sender's with the answer applied: streams that the
	// peer refused are gone, and those that it paused are not active. If the peer
	// takes no simulcast it is the first one, with RID "". Its SSRC is that of our
	// description, which a program may have changed.
	SendEncodings []Encoding
	// EncodingsSettled says that the encodings that SendEncodings lacks are gone for
	// good. They are not where several were neither described nor could be sent.
	EncodingsSettled bool
	// Sources are the SSRCs that the peer has signalled, in its order. A peer that
	// sends several streams by name may signal theirs too, without saying which is
	// which: the RID of packets does.
	Sources []Source
	// ReceiveRIDs are the streams that the peer sends by name (RFC 8853).
	ReceiveRIDs []string
	// RTCPRsize says that reduced-size RTCP may be used (RFC 5506).
	RTCPRsize bool
	// Cryptex says that header extensions and CSRCs are encrypted (RFC 9335).
	Cryptex bool
	// MaxBitrate is what the peer wants to receive at most, in bits per second;
	// 0 is without a limit.
	MaxBitrate uint64
	// PTime and MaxPTime are the peer's a=ptime and a=maxptime in milliseconds;
	// 0 without one.
	PTime, MaxPTime int
}

// Source is a stream of the peer's that its description names by SSRC (RFC 5576).
// RTX and FEC are those of what repairs it, 0 without.
type Source struct {
	SSRC, RTX, FEC uint32
	// RID is the stream's a=rid, or "": descriptions do not say which SSRC has it.
	RID   string
	CNAME string
	// Msids are the streams and the track of the source, which may differ from the
	// section's with peers that have several tracks in one.
	Msids []sdp.Msid
}

// NewTransceiverID returns an identity for a transceiver that the program makes.
// Those that a remote offer makes come with TransceiverCreated.
func (m *Machine) NewTransceiverID() TransceiverID {
	n := m.n.clone()
	id := n.newTransceiver()
	m.n = n
	return id
}

func (n *negotiation) newTransceiver() TransceiverID {
	n.lastTransceiver++
	return n.lastTransceiver
}
