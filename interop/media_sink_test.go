package interop

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/parleyrtc/webrtc"
	"github.com/parleyrtc/webrtc/pkg/media/samplebuilder"
)

// A sink reads a track of the peer's to its end and counts.
type sink struct {
	track rtpReader
	kind  string // "audio" or "video"
	mime  string
	rid   string

	onFrame func(data []byte, keyFrame bool)
	onRTP   func(*rtp.Packet)

	mu sync.Mutex // guards all below
	arrivals
}

// arrivals is what has come on a track.
type arrivals struct {
	packets   int64
	missing   int64 // of the sequence numbers between the first and the newest
	late      int64 // packets that came after a newer one
	frames    int64
	keyFrames int64
	ssrcs     []uint32
	ended     bool
}

func (a arrivals) String() string {
	return fmt.Sprintf("%d packets, %d missing, %d late, %d frames, %d key frames, SSRCs %v, ended %t",
		a.packets, a.missing, a.late, a.frames, a.keyFrames, a.ssrcs, a.ended)
}

// An rtpReader is a TrackRemote.
type rtpReader interface {
	ReadRTP() (*rtp.Packet, interceptor.Attributes, error)
}

func newSink(track rtpReader, mime, rid string) *sink {
	kind, _, _ := strings.Cut(mime, "/")
	return &sink{track: track, kind: kind, mime: mime, rid: rid}
}

// ssrc returns the SSRC of the newest packet, 0 before the first.
func (s *sink) ssrc() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ssrcs) == 0 {
		return 0
	}
	return s.ssrcs[len(s.ssrcs)-1]
}

func (s *sink) String() string {
	return fmt.Sprintf("%s rid %q: %v", s.mime, s.rid, s.counts())
}

func (s *sink) counts() arrivals {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrivals
}

// run reads until the track ends.
func (s *sink) run() {
	builder := s.builder()
	numbers := new(sequence)
	for {
		packet, _, err := s.track.ReadRTP()
		if err != nil {
			s.mu.Lock()
			s.ended = true
			s.mu.Unlock()
			return
		}
		if s.onRTP != nil {
			s.onRTP(packet)
		}
		s.mu.Lock()
		if n := len(s.ssrcs); n == 0 || s.ssrcs[n-1] != packet.SSRC {
			s.ssrcs = append(s.ssrcs, packet.SSRC)
			numbers = new(sequence)
		}
		s.packets++
		numbers.add(packet.SequenceNumber)
		s.missing, s.late = numbers.missing(), numbers.late
		s.mu.Unlock()
		if builder == nil {
			continue
		}
		builder.Push(packet)
		for sample := builder.Pop(); sample != nil; sample = builder.Pop() {
			s.frame(sample.Data)
		}
	}
}

func (s *sink) frame(data []byte) {
	key := isKeyFrame(s.mime, data)
	s.mu.Lock()
	s.frames++
	if key {
		s.keyFrames++
	}
	s.mu.Unlock()
	if s.onFrame != nil {
		s.onFrame(data, key)
	}
}

// builder returns what makes frames of a codec's packets.
func (s *sink) builder() *samplebuilder.SampleBuilder {
	const maxLate = 300 // packets
	switch {
	case strings.EqualFold(s.mime, webrtc.MimeTypeVP8):
		return samplebuilder.New(maxLate, &codecs.VP8Packet{}, 90000)
	case strings.EqualFold(s.mime, webrtc.MimeTypeVP9):
		return samplebuilder.New(maxLate, &codecs.VP9Packet{}, 90000)
	case strings.EqualFold(s.mime, webrtc.MimeTypeH264):
		return samplebuilder.New(maxLate, &codecs.H264Packet{}, 90000)
	case strings.EqualFold(s.mime, webrtc.MimeTypeAV1):
		return samplebuilder.New(maxLate, &codecs.AV1Depacketizer{}, 90000)
	case strings.EqualFold(s.mime, webrtc.MimeTypeOpus):
		return samplebuilder.New(maxLate, &codecs.OpusPacket{}, 48000)
	}
	return nil
}

// isKeyFrame looks into a frame of a video codec.
func isKeyFrame(mime string, data []byte) bool {
	if len(data) == 0 {
		return false
	}
	switch {
	case strings.EqualFold(mime, webrtc.MimeTypeVP8):
		return data[0]&1 == 0 // RFC 6386 §9.1
	case strings.EqualFold(mime, webrtc.MimeTypeVP9):
		// frame_marker 10, two profile bits, show_existing_frame, frame_type:
		// VP9 bitstream specification §6.2, for profiles below 3.
		return data[0]&0xc0 == 0x80 && data[0]&0x0c == 0
	case strings.EqualFold(mime, webrtc.MimeTypeAV1):
		return hasSequenceHeader(data)
	case strings.EqualFold(mime, webrtc.MimeTypeH264):
		for _, nal := range bytes.Split(data, []byte{0, 0, 1}) {
			if len(nal) > 0 && nal[0]&0x1f == 5 { // an IDR slice, H.264 §7.4.1
				return true
			}
		}
	}
	return false
}

// hasSequenceHeader tells whether one of the OBUs is a sequence header, which
// comes with every key frame (AV1 §7.5). All have a size field.
func hasSequenceHeader(data []byte) bool {
	for len(data) > 0 {
		kind, extended, sized := data[0]>>3&15, data[0]&4 != 0, data[0]&2 != 0
		if kind == 1 {
			return true
		}
		header := 1
		if extended {
			header = 2
		}
		if !sized {
			return false
		}
		size, n := uint64(0), 0
		for ; header+n < len(data) && n < 8; n++ { // leb128, AV1 §4.10.5
			b := data[header+n]
			size |= uint64(b&0x7f) << (7 * n)
			if b&0x80 == 0 {
				n++
				break
			}
		}
		if next := uint64(header+n) + size; next < uint64(len(data)) {
			data = data[next:]
		} else {
			return false
		}
	}
	return false
}

// A sequence follows the sequence numbers of a stream.
type sequence struct {
	started     bool
	first, last int64
	unique      int64
	late        int64
	seen        [1 << 16]int64 // the extended number that was last seen, plus one
}

func (s *sequence) add(number uint16) {
	if !s.started {
		s.started, s.first, s.last = true, int64(number), int64(number)-1
	}
	extended := s.last + int64(int16(number-uint16(s.last)))
	if extended > s.last {
		s.last = extended
	} else {
		s.late++
	}
	s.first = min(s.first, extended)
	if s.seen[number] != extended+1 {
		s.seen[number] = extended + 1
		s.unique++
	}
}

func (s *sequence) missing() int64 { return s.last - s.first + 1 - s.unique }
