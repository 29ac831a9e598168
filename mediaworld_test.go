package webrtc

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A source writes RTP packets that carry their number to a track.
type source struct {
	w       *world
	track   *TrackLocalStaticRTP
	next    uint32
	written []time.Time // by number
	// sequence and timestamp are those of the next packet.
	sequence  uint16
	timestamp uint32
}

// source makes a track of a codec and has p send it.
func (p *peer) source(mimeType, id string) (*source, *RTPSender) {
	p.w.Helper()
	c := RTPCodecCapability{MimeType: mimeType, ClockRate: 90000}
	if mimeType == MimeTypeOpus {
		c.ClockRate, c.Channels = 48000, 2
	}
	track, err := NewTrackLocalStaticRTP(c, id, "stream-"+p.name)
	p.must(err, "NewTrackLocalStaticRTP")
	sender, err := p.AddTrack(track)
	p.must(err, "AddTrack")
	return &source{w: p.w, track: track}, sender
}

// write sends n packets, one every interval.
func (s *source) write(n int, interval time.Duration) {
	s.w.Helper()
	for range n {
		s.packet()
		time.Sleep(interval)
	}
}

func (s *source) packet() {
	payload := make([]byte, 100)
	// A VP8 payload descriptor that starts a frame, then the number.
	payload[0] = 0x10
	binary.BigEndian.PutUint32(payload[4:], s.next)
	err := s.track.WriteRTP(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: s.sequence, Timestamp: s.timestamp, Marker: true},
		Payload: payload,
	})
	if err != nil {
		s.w.Errorf("packet %d: %v", s.next, err)
	}
	s.written = append(s.written, time.Now())
	s.next++
	s.sequence++
	s.timestamp += 3000
}

// A sink records what a track brings.
type sink struct {
	w     *world
	track *TrackRemote
	done  chan struct{}

	mu      sync.Mutex // guards all below
	numbers []uint32
	times   []time.Time
	err     error // that ended reading
}

// sinks reads each track that comes to p, in order and waiting at most limit for
// what is missing; 0 takes packets as they come.
func (p *peer) sinks(limit time.Duration) func() []*sink {
	var mu sync.Mutex
	var all []*sink
	p.OnTrack(func(t *TrackRemote, _ *RTPReceiver) {
		t.SetOrdered(limit)
		s := &sink{w: p.w, track: t, done: make(chan struct{})}
		mu.Lock()
		all = append(all, s)
		mu.Unlock()
		s.read()
	})
	return func() []*sink {
		mu.Lock()
		defer mu.Unlock()
		return append([]*sink(nil), all...)
	}
}

func (s *sink) read() {
	defer close(s.done)
	for {
		p, _, err := s.track.ReadRTP()
		s.mu.Lock()
		if err != nil {
			s.err = err
			s.mu.Unlock()
			if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, net.ErrClosed) {
				s.w.Errorf("reading a track: %v", err)
			}
			return
		}
		s.numbers = append(s.numbers, binary.BigEndian.Uint32(p.Payload[4:]))
		s.times = append(s.times, time.Now())
		s.mu.Unlock()
	}
}

func (s *sink) got() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]uint32(nil), s.numbers...)
}

// inOrderWithin counts the packets of a source that the sink has got behind all of
// lower numbers, each once and at most limit after it was written.
func (s *sink) inOrderWithin(from *source, limit time.Duration) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := -1
	for i, number := range s.numbers {
		if int(number) <= last {
			s.w.Errorf("packet %d comes behind packet %d", number, last)
			continue
		}
		last = int(number)
		if s.times[i].Sub(from.written[number]) <= limit {
			n++
		}
	}
	return n
}

// mediaPair makes two connected peers of which a sends one video track.
func (w *world) mediaPair(path simnet.Path) (a, b *peer, from *source, sinks func() []*sink) {
	w.Helper()
	w.net.SetDefaultPath(simnet.Path{Delay: path.Delay})
	a, b = w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
	w.signal(a, b, fixed(50*time.Millisecond))
	from, _ = a.source(MimeTypeVP8, "camera")
	sinks = b.sinks(500 * time.Millisecond)
	a.negotiates(b, 50*time.Millisecond)
	w.within(10*time.Second, "both are connected", connected(a, b))
	w.net.SetDefaultPath(path)
	return a, b, from, sinks
}

func virtualMedia(t *testing.T, path simnet.Path, scenario func(w *world, a, b *peer, from *source, sinks func() []*sink)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		a, b, from, sinks := w.mediaPair(path)
		scenario(w, a, b, from, sinks)
	})
}
