package webrtc

import (
	"math/rand/v2"
	"sync"

	"github.com/parleyrtc/webrtc/pkg/media"
)

// A TrackLocalStaticSample is a track whose frames a program has encoded; the
// library cuts them into packets. Its methods may be called from any goroutine.
type TrackLocalStaticSample struct {
	rtp *TrackLocalStaticRTP

	mu      sync.Mutex
	packets *packetizer // nil until the track is first bound; with mu
}

// NewTrackLocalStaticSample returns a track of the codec c. What c leaves out
// besides the MIME type is taken as the peer has it. id and streamID are what ID
// and StreamID return. The error is always nil.
func NewTrackLocalStaticSample(
	c RTPCodecCapability, id, streamID string, options ...func(*TrackLocalStaticRTP),
) (*TrackLocalStaticSample, error) {
	t, err := NewTrackLocalStaticRTP(c, id, streamID, options...)
	if err != nil {
		return nil, err
	}
	return &TrackLocalStaticSample{rtp: t}, nil
}

// ID returns the track's identifier.
func (s *TrackLocalStaticSample) ID() string { return s.rtp.ID() }

// RID returns the name of the encoding that the track is, or "".
func (s *TrackLocalStaticSample) RID() string { return s.rtp.RID() }

// StreamID returns the identifier of the stream that the track belongs to.
func (s *TrackLocalStaticSample) StreamID() string { return s.rtp.StreamID() }

// Kind returns the kind that the codec's MIME type names.
func (s *TrackLocalStaticSample) Kind() RTPCodecType { return s.rtp.Kind() }

// Codec returns the codec that the track was made with.
func (s *TrackLocalStaticSample) Codec() RTPCodecCapability { return s.rtp.Codec() }

// Bind makes the track one that a sender sends. The errors are a
// *rtcerr.NotSupportedError that matches ErrUnsupportedCodec if the peer does not
// take the codec, one that matches ErrNoPayloaderForCodec if the library does not
// know its payload format, and what the function of WithPayloader returns.
func (s *TrackLocalStaticSample) Bind(t TrackLocalContext) (RTPCodecParameters, error) {
	negotiated, err := s.rtp.Bind(t)
	if err != nil {
		return RTPCodecParameters{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packets != nil {
		return negotiated, nil
	}
	newPayloader := s.rtp.payloader
	if newPayloader == nil {
		newPayloader = defaultPayloader
	}
	payloader, err := newPayloader(negotiated.RTPCodecCapability)
	if err != nil {
		_ = s.rtp.Unbind(t) // it was bound just now
		return RTPCodecParameters{}, err
	}
	p := &packetizer{
		payloader: payloader,
		clockRate: negotiated.ClockRate,
		audio:     s.Kind() == RTPCodecTypeAudio,
		timestamp: rand.Uint32(),
		// The receiver's idea of the rollover counter may be wrong for good if the
		// first packets are lost just before sequence numbers wrap (RFC 3711 §3.3.1).
		sequence: uint16(rand.Uint32() >> 17),
		fraction: half,
	}
	if s.rtp.hasTimestamp {
		p.timestamp = s.rtp.timestamp
	}
	if s.rtp.hasSeq {
		p.sequence = s.rtp.sequence
	}
	p.sent = p.timestamp
	s.packets = p
	return negotiated, nil
}

// Unbind ends the sending by a sender. The error is a *rtcerr.InvalidAccessError
// that matches ErrUnbindFailed if the track was not bound to it.
func (s *TrackLocalStaticSample) Unbind(t TrackLocalContext) error { return s.rtp.Unbind(t) }

// WriteSample sends a sample to all peers that the track is sent to. The sample
// stays the caller's. Where nobody takes it nothing happens.
//
// Timestamps begin at random, or with WithRTPTimestamp, and grow by each sample's
// Duration. PrevDroppedPackets leaves out sequence numbers, so that peers learn
// of the loss; timestamps then grow by as many Durations more, unless
// PacketTimestamp says that the sample was built of packets: the durations of
// such samples have the gaps in them.
//
// If it fails with some senders it is sent to the others all the same. The error
// names the IDs of those where it failed; it matches io.ErrClosedPipe if one of
// them is closed.
func (s *TrackLocalStaticSample) WriteSample(sample media.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packets == nil {
		return nil
	}
	b := newTrackBurst()
	defer b.release()
	s.packets.packetize(b, &sample)
	return b.send(*s.rtp.bindings.Load())
}

// GeneratePadding sends as many packets as samples says that have 255 bytes of
// padding and nothing else (RFC 3550 §5.1), which a path is probed with. The
// error is as for WriteSample.
func (s *TrackLocalStaticSample) GeneratePadding(samples uint32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packets == nil {
		return nil
	}
	b := newTrackBurst()
	defer b.release()
	s.packets.pad(b, samples)
	return b.send(*s.rtp.bindings.Load())
}
