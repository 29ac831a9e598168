package webrtc

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// A TrackLocalStaticRTP is a track whose packets a program makes, or passes on
// from somewhere else. Its methods may be called from any goroutine; packets are
// sent in the order of the calls.
type TrackLocalStaticRTP struct {
	// These do not change.
	codec                RTPCodecCapability
	id, rid, streamID    string
	payloader            func(RTPCodecCapability) (rtp.Payloader, error)
	extensions           []RTPHeaderExtensionParameter
	mapped               bool // WithRTPHeaderExtensions was given
	timestamp            uint32
	sequence             uint16
	hasTimestamp, hasSeq bool

	// bindings are the senders. The slice is replaced, never changed, with mu.
	bindings atomic.Pointer[[]localBinding]
	mu       sync.Mutex
}

// NewTrackLocalStaticRTP returns a track of the codec c. What c leaves out besides
// the MIME type is taken as the peer has it. id and streamID are what ID and
// StreamID return. The error is always nil.
func NewTrackLocalStaticRTP(
	c RTPCodecCapability, id, streamID string, options ...func(*TrackLocalStaticRTP),
) (*TrackLocalStaticRTP, error) {
	t := &TrackLocalStaticRTP{codec: c, id: id, streamID: streamID}
	t.bindings.Store(&[]localBinding{})
	for _, option := range options {
		option(t)
	}
	return t, nil
}

// WithRTPStreamID names the encoding that a track is, of several of one picture
// (simulcast).
func WithRTPStreamID(rid string) func(*TrackLocalStaticRTP) {
	return func(t *TrackLocalStaticRTP) { t.rid = rid }
}

// WithPayloader says how the samples of a TrackLocalStaticSample are cut into
// packets; h is called with the codec that was negotiated when the track is first
// bound. Without it the library's own are used for the codecs that it knows.
func WithPayloader(h func(RTPCodecCapability) (rtp.Payloader, error)) func(*TrackLocalStaticRTP) {
	return func(t *TrackLocalStaticRTP) { t.payloader = h }
}

// WithRTPTimestamp sets the timestamp of the first sample of a
// TrackLocalStaticSample; by default it is random.
func WithRTPTimestamp(timestamp uint32) func(*TrackLocalStaticRTP) {
	return func(t *TrackLocalStaticRTP) { t.timestamp, t.hasTimestamp = timestamp, true }
}

// WithRTPSequenceNumber sets the sequence number of the first packet of a
// TrackLocalStaticSample; by default it is random.
func WithRTPSequenceNumber(sequenceNumber uint16) func(*TrackLocalStaticRTP) {
	return func(t *TrackLocalStaticRTP) { t.sequence, t.hasSeq = sequenceNumber, true }
}

// WithRTPHeaderExtensions says what the identifiers mean that header extensions
// have in the packets of a TrackLocalStaticRTP, such as those that
// RTPReceiver.GetParameters returns for a track that is passed on. Each peer then
// gets the header extensions under the identifiers that were negotiated with it,
// and none that were not. Without this option identifiers stay as they are and
// the program sees to it that each peer knows them.
func WithRTPHeaderExtensions(extensions ...RTPHeaderExtensionParameter) func(*TrackLocalStaticRTP) {
	return func(t *TrackLocalStaticRTP) { t.extensions, t.mapped = slices.Clone(extensions), true }
}

// Bind makes the track one that a sender sends. The error is a
// *rtcerr.NotSupportedError that matches ErrUnsupportedCodec if the peer takes no
// codec of the track's name and clock rate.
func (s *TrackLocalStaticRTP) Bind(trackContext TrackLocalContext) (RTPCodecParameters, error) {
	negotiated, ok := negotiatedCodec(trackContext.CodecParameters(), s.codec)
	if !ok {
		return RTPCodecParameters{}, &rtcerr.NotSupportedError{Err: fmt.Errorf(
			"%w: %s is not among %s", ErrUnsupportedCodec, s.codec.MimeType, mimeTypes(trackContext.CodecParameters()))}
	}
	b := localBinding{
		id:          trackContext.ID(),
		ssrc:        trackContext.SSRC(),
		payloadType: negotiated.PayloadType,
		writer:      trackContext.WriteStream(),
		moved:       s.mapped,
	}
	b.burst, _ = b.writer.(burstWriter)
	if s.mapped {
		b.moves = extensionMoves(s.extensions, trackContext.HeaderExtensions())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(*s.bindings.Load()), func(other localBinding) bool { return other.id == b.id })
	list = append(list, b)
	s.bindings.Store(&list)
	return negotiated, nil
}

// negotiatedCodec returns the codec among negotiated ones with which something
// made for want may be sent: the same format, or else the same name with other
// parameters, which the peer may be able to decode.
func negotiatedCodec(negotiated []RTPCodecParameters, want RTPCodecCapability) (RTPCodecParameters, bool) {
	codecs := make([]codec.Codec, len(negotiated))
	for i, p := range negotiated {
		codecs[i] = codecFrom(p)
	}
	found, ok := codec.Find(codecs, codecFrom(RTPCodecParameters{RTPCodecCapability: want}))
	if !ok {
		return RTPCodecParameters{}, false
	}
	return codecTo(found), true
}

func mimeTypes(codecs []RTPCodecParameters) string {
	if len(codecs) == 0 {
		return "none"
	}
	var types []string
	for _, c := range codecs {
		if !slices.Contains(types, c.MimeType) {
			types = append(types, c.MimeType)
		}
	}
	return strings.Join(types, ", ")
}

// Unbind ends the sending by a sender. The error is a *rtcerr.InvalidAccessError
// that matches ErrUnbindFailed if the track was not bound to it.
func (s *TrackLocalStaticRTP) Unbind(t TrackLocalContext) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := *s.bindings.Load()
	if len(before) > 0 {
		id := t.ID()
		list := slices.DeleteFunc(slices.Clone(before), func(b localBinding) bool { return b.id == id })
		if len(list) < len(before) {
			s.bindings.Store(&list)
			return nil
		}
	}
	return &rtcerr.InvalidAccessError{Err: fmt.Errorf("%w: track %q", ErrUnbindFailed, s.id)}
}

// ID returns the track's identifier.
func (s *TrackLocalStaticRTP) ID() string { return s.id }

// StreamID returns the identifier of the stream that the track belongs to.
func (s *TrackLocalStaticRTP) StreamID() string { return s.streamID }

// RID returns the name of the encoding that the track is, or "".
func (s *TrackLocalStaticRTP) RID() string { return s.rid }

// Kind returns the kind that the codec's MIME type names.
func (s *TrackLocalStaticRTP) Kind() RTPCodecType {
	kind, _, _ := strings.Cut(s.codec.MimeType, "/")
	return NewRTPCodecType(kind)
}

// Codec returns the codec that the track was made with.
func (s *TrackLocalStaticRTP) Codec() RTPCodecCapability { return s.codec }

// WriteRTP sends a packet to all peers that the track is sent to, with its own
// sequence number, timestamp and marker, with the source and the payload type of
// each sender. The packet stays the caller's and is not changed. Where nobody
// takes it nothing happens.
//
// If it fails with some senders it is sent to the others all the same. The error
// names the IDs of those where it failed; it matches io.ErrClosedPipe if one of
// them is closed.
func (s *TrackLocalStaticRTP) WriteRTP(p *rtp.Packet) error {
	bindings := *s.bindings.Load()
	if len(bindings) == 0 {
		return nil
	}
	b := newTrackBurst()
	defer b.release()
	h := p.Header
	h.PaddingSize = max(h.PaddingSize, p.PaddingSize)
	b.add(h, p.Payload)
	return b.send(bindings)
}

// Write sends a packet as WriteRTP does. It returns the length of b, or 0 and an
// error if b is no RTP packet.
func (s *TrackLocalStaticRTP) Write(b []byte) (n int, err error) {
	burst := newTrackBurst()
	defer burst.release()
	if err := burst.parsed.Unmarshal(b); err != nil {
		return 0, err
	}
	if v := burst.parsed.Version; v != 2 {
		return 0, &rtcerr.TypeError{Err: fmt.Errorf("RTP version %d; 2 is known", v)}
	}
	burst.add(burst.parsed.Header, burst.parsed.Payload)
	return len(b), burst.send(*s.bindings.Load())
}
