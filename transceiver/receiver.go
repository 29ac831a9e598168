package transceiver

import (
	"slices"
	"sync"
	"sync/atomic"
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
	// was told to receive anew, and after the track's source has ended (see OnBye).
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
	kind    codec.Kind
	cfg     ReceiverConfig
	main    *Track
	session atomic.Pointer[Session] // that it is attached to, or nil

	mu     sync.Mutex // guards what follows
	tracks []*Track   // the main one and those with RIDs; replaced, not changed
	closed bool
}

// NewReceiver returns a receiver that belongs to no session yet. Its main track
// is there.
func NewReceiver(kind codec.Kind, c ReceiverConfig) *Receiver {
	r := &Receiver{kind: kind, cfg: c}
	r.main = newTrack(r, "")
	r.tracks = []*Track{r.main}
	return r
}

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

// Kind returns the kind of media that the receiver is for.
func (r *Receiver) Kind() codec.Kind { return r.kind }

// Main returns the track without RID, which is there from the start.
func (r *Receiver) Main() *Track { return r.main }

// AnnounceAnew has OnTrack called with the next packet of each track again, whether it
// was called before or not.
func (r *Receiver) AnnounceAnew() {
	for _, t := range r.Tracks() {
		t.announced.Store(false)
	}
}

// Tracks returns the main track and those of the RIDs that have been announced, in
// that order. The slice is not to be changed.
func (r *Receiver) Tracks() []*Track {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tracks
}

// track returns the track with the RID, which it makes if there is none.
func (r *Receiver) track(rid string) *Track {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tracks {
		if t.rid == rid {
			return t
		}
	}
	t := newTrack(r, rid)
	if r.closed {
		t.Close(nil)
	}
	r.tracks = append(slices.Clip(r.tracks), t)
	return t
}

// pause has reads of the tracks return io.EOF while nothing may come.
func (r *Receiver) pause(on bool) {
	for _, t := range r.Tracks() {
		t.pause(on)
	}
}

// Close ends the receiver: it is detached from its session, and reads of its
// tracks return io.EOF.
func (r *Receiver) Close() {
	r.mu.Lock()
	r.closed = true
	tracks := r.tracks
	r.mu.Unlock()
	if s := r.session.Load(); s != nil {
		s.detach(r)
	}
	for _, t := range tracks {
		t.Close(nil)
	}
}

// RequestKeyFrame asks the peer for a key frame of each of the receiver's video
// tracks: by PLI (RFC 4585 §6.3.1), or by FIR (RFC 5104 §4.3.1) where only that
// was negotiated. Requests that follow each other closely are sent as one.
func (r *Receiver) RequestKeyFrame(now time.Time) {
	if s := r.session.Load(); s != nil {
		s.requestKeyFrames(now, r, nil)
	}
}

// RequestKeyFrame is [Receiver.RequestKeyFrame] for one of the tracks.
func (t *Track) RequestKeyFrame(now time.Time) {
	if s := t.receiver.session.Load(); s != nil {
		s.requestKeyFrames(now, t.receiver, t)
	}
}
