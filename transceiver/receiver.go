package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
)

// ReceiverConfig is what a [Receiver] reports to. Its functions may be nil. They
// are called without any lock held, one at a time for one packet, and must not
// block.
type ReceiverConfig struct {
	// OnTrack announces a track of which the first packet has come, so that its
	// codec and SSRC are known: on the goroutine that called HandleRTP, SetKeys
	// or SetReceivers. It is called again for the first packet after the receiver
	// was told to receive anew.
	OnTrack func(*Track)
	// OnRTCP is given each RTCP packet, compound or not, that says something of
	// one of the receiver's SSRCs. raw is lent until it returns.
	OnRTCP func(raw []byte)
	// OnBye says that the peer ends a source (RFC 3550 §6.6).
	OnBye func(ssrc uint32)
	// QueueLimit is how many packets of a track wait to be read, 0 for 512. The
	// oldest are dropped for newer ones.
	QueueLimit int
}

// A Receiver is the core of an RTCRtpReceiver: the tracks that come in for one
// transceiver. Its methods may be called from any goroutine.
type Receiver struct {
	kind codec.Kind
	cfg  ReceiverConfig
}

// NewReceiver returns a receiver that belongs to no session yet. Its main track
// is there.
func NewReceiver(kind codec.Kind, c ReceiverConfig) *Receiver { return &Receiver{kind: kind, cfg: c} }

// ReceiveParameters say what a receiver may get: the negotiated parameters of
// its m-line, as far as they concern what comes from the peer.
type ReceiveParameters struct {
	// Mid is the m-line's identification (RFC 5888).
	Mid string
	// Codecs are what may arrive, with our payload types.
	Codecs []codec.Codec
	// Extensions are the header extensions that may arrive.
	Extensions []HeaderExtension
	// Sources are the SSRCs that the peer has announced.
	Sources []Source
	// RIDs are the encodings that the peer has announced (RFC 8853).
	RIDs []string
	// Receiving is false while the direction forbids the peer to send: packets
	// are then dropped.
	Receiving bool
}

// Reception pairs a receiver with its parameters; see [Session.SetReceivers].
type Reception struct {
	Receiver   *Receiver
	Parameters ReceiveParameters
}

// SourceInfo tells of a source that was heard lately: of an
// RTCRtpContributingSource or RTCRtpSynchronizationSource.
type SourceInfo struct {
	// Source is the SSRC or CSRC.
	Source uint32
	// Contributing says which of the two it is.
	Contributing bool
	// Time is when its newest packet arrived.
	Time time.Time
	// RTPTimestamp is that packet's.
	RTPTimestamp uint32
	// HasLevel says that the packet carried the source's audio level, Level, in
	// -dBov: 0 is the loudest, 127 silence (RFC 6464 §3, RFC 6465 §3).
	HasLevel bool
	Level    uint8
	// HasVoice says that the packet carried a voice activity flag, Voice
	// (RFC 6464 §4). Contributing sources have none.
	HasVoice, Voice bool
}

// Close ends the receiver: it is detached from its session, and reads of its
// tracks return io.EOF.
func (r *Receiver) Close() {}

// Kind returns the kind of media that the receiver is for.
func (r *Receiver) Kind() codec.Kind { return r.kind }

// Main returns the track without RID, which is there from the start.
func (r *Receiver) Main() *Track { return nil }

// Tracks returns the main track and those with RIDs that have been announced or
// heard, in that order.
func (r *Receiver) Tracks() []*Track { return nil }

// Sources returns the sources that were heard in the last 10 seconds before now,
// the newest first.
func (r *Receiver) Sources(now time.Time) []SourceInfo { return nil }

// RequestKeyFrame asks the peer for a key frame of each of the receiver's video
// tracks: by PLI (RFC 4585 §6.3.1), or by FIR (RFC 5104 §4.3.1) where only that
// was negotiated. Requests that follow each other closely are sent as one.
func (r *Receiver) RequestKeyFrame(now time.Time) {}
