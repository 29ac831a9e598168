package webrtc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
	// sequence and timestamp are those of the next packet. With a clock, in hertz,
	// timestamps count time from the first packet on; else 3000 for each packet.
	sequence  uint16
	timestamp uint32
	clock     uint32
	base      uint32 // timestamp of the first packet, with a clock
	// decorate, if set, puts into a header what else it is to have.
	decorate func(h *rtp.Header)
}

// source makes a track of a codec and has p send it.
func (p *peer) source(mimeType, id string) (*source, *RTPSender) {
	p.w.Helper()
	c := RTPCodecCapability{MimeType: mimeType, ClockRate: 90000}
	if mimeType == MimeTypeOpus {
		c.ClockRate, c.Channels = 48000, 2
	}
	s := p.unsent(c, id)
	sender, err := p.AddTrack(s.track)
	p.must(err, "AddTrack")
	return s, sender
}

// unsent makes a track of a codec that nothing sends yet.
func (p *peer) unsent(c RTPCodecCapability, id string, options ...func(*TrackLocalStaticRTP)) *source {
	p.w.Helper()
	track, err := NewTrackLocalStaticRTP(c, id, "stream-"+p.name, options...)
	p.must(err, "NewTrackLocalStaticRTP")
	return &source{w: p.w, track: track}
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
	if s.clock != 0 {
		if len(s.written) == 0 {
			s.base = s.timestamp
		} else {
			s.timestamp = s.base + uint32(time.Since(s.written[0]).Seconds()*float64(s.clock))
		}
	}
	header := rtp.Header{Version: 2, SequenceNumber: s.sequence, Timestamp: s.timestamp, Marker: true}
	if s.decorate != nil {
		s.decorate(&header)
	}
	err := s.track.WriteRTP(&rtp.Packet{Header: header, Payload: payload})
	if err != nil {
		s.w.Errorf("packet %d: %v", s.next, err)
	}
	s.written = append(s.written, time.Now())
	s.next++
	s.sequence++
	s.timestamp += 3000
}

// simulcast has p send a camera in several streams, a source for each RID.
func (p *peer) simulcast(rids ...string) ([]*source, *RTPSender) {
	p.w.Helper()
	var all []*source
	var sender *RTPSender
	for _, rid := range rids {
		s := p.unsent(asVP8, "camera-"+p.name, WithRTPStreamID(rid))
		s.clock = 90000
		var err error
		if sender == nil {
			sender, err = p.AddTrack(s.track)
			p.must(err, "AddTrack")
		} else {
			p.must(sender.AddEncoding(s.track), "AddEncoding")
		}
		all = append(all, s)
	}
	return all, sender
}

// together has sources write n packets each, side by side, and lets the last arrive.
func together(n int, interval time.Duration, sources ...*source) {
	for range n {
		for _, s := range sources {
			s.packet()
		}
		time.Sleep(interval)
	}
	time.Sleep(200 * time.Millisecond)
}

// A sink records what a track brings.
type sink struct {
	w     *world
	track *TrackRemote
	done  chan struct{}
	deaf  atomic.Bool // it reads and remembers nothing

	mu      sync.Mutex // guards all below
	numbers []uint32
	headers []rtp.Header
	times   []time.Time
	short   []shortPacket // those that have no number, such as telephone events
	err     error         // that ended reading
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
		if s.deaf.Load() {
			s.mu.Unlock()
			continue
		}
		if len(p.Payload) < 8 {
			s.short = append(s.short, shortPacket{*p, time.Now()})
			s.mu.Unlock()
			continue
		}
		s.numbers = append(s.numbers, binary.BigEndian.Uint32(p.Payload[4:]))
		s.headers = append(s.headers, p.Header)
		s.times = append(s.times, time.Now())
		s.mu.Unlock()
	}
}

// seen returns the headers of the packets that have come, and when they did.
func (s *sink) seen() ([]rtp.Header, []time.Time) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.headers), slices.Clone(s.times)
}

type shortPacket struct {
	rtp.Packet
	at time.Time
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

// An audience is what a peer hears of remote tracks: a diary of the events in
// their order, and what each track that comes has brought.
type audience struct {
	p     *peer
	limit time.Duration // of SetOrdered

	mu    sync.Mutex // guards all below
	diary []string
	all   []*sink
}

func (p *peer) audience(limit time.Duration) *audience {
	h := &audience{p: p, limit: limit}
	p.OnTrackEvent(func(e TrackEvent) {
		t := e.Track
		h.note("track %s in %s", t.ID(), strings.Join(e.StreamIDs, " "))
		t.OnMute(func() { h.note("mute %s", t.ID()) })
		t.OnUnmute(func() { h.note("unmute %s", t.ID()) })
		t.OnEnded(func() { h.note("ended %s", t.ID()) })
	})
	p.OnTrack(func(t *TrackRemote, _ *RTPReceiver) {
		t.SetOrdered(limit)
		s := &sink{w: p.w, track: t, done: make(chan struct{})}
		h.mu.Lock()
		h.all = append(h.all, s)
		h.mu.Unlock()
		h.note("media of %s", strings.TrimSuffix(t.ID()+" "+t.RID(), " "))
		s.read()
	})
	return h
}

func (h *audience) note(format string, arguments ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.diary = append(h.diary, fmt.Sprintf(format, arguments...))
}

// of returns what has come by the name of a RID.
func (h *audience) of(rid string) *sink {
	h.p.w.Helper()
	for _, s := range h.sinks() {
		if s.track.RID() == rid {
			return s
		}
	}
	h.p.w.Fatalf("%s: no track with RID %q has come", h.p.name, rid)
	return nil
}

// heard checks what was written into the diary since the last look.
func (h *audience) heard(when string, want ...string) {
	h.p.w.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.diary, want) {
		h.p.w.Errorf("%s: %s hears %q, want %q", when, h.p.name, h.diary, want)
	}
	h.diary = nil
}

// sinks returns what has come, in order; last is the newest.
func (h *audience) sinks() []*sink {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

func (h *audience) last() *sink {
	h.p.w.Helper()
	all := h.sinks()
	if len(all) == 0 {
		h.p.w.Fatalf("%s: no track has come", h.p.name)
	}
	return all[len(all)-1]
}

// has tells whether the sink has got the packets from first to last and no others.
func (s *sink) has(first, last uint32) bool {
	got := s.got()
	if len(got) != int(last-first+1) {
		return false
	}
	for i, n := range got {
		if n != first+uint32(i) {
			return false
		}
	}
	return true
}

// ended tells whether reading has ended, by io.EOF.
func (s *sink) ended() bool {
	select {
	case <-s.done:
		s.mu.Lock()
		defer s.mu.Unlock()
		return errors.Is(s.err, io.EOF)
	default:
		return false
	}
}

// A flight is an RTP packet as it left its host.
type flight struct {
	at     time.Time
	header rtp.Header
	raw    []byte
}

// watches records the RTP packets that p sends from now on; the result returns
// those of an SSRC.
func (w *world) watches(p *peer) func(ssrc SSRC) []flight {
	var mu sync.Mutex
	var all []flight
	w.net.Tap(func(packet simnet.Packet) {
		if packet.Event != simnet.Sent || packet.Host != p.name || !isRTP(packet) {
			return
		}
		f := flight{at: packet.Time, raw: bytes.Clone(packet.Data)}
		if _, err := f.header.Unmarshal(f.raw); err != nil {
			w.Errorf("%s sends what is no RTP packet: %v", p.name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, f)
	})
	return func(ssrc SSRC) []flight {
		mu.Lock()
		defer mu.Unlock()
		var out []flight
		for _, f := range all {
			if f.header.SSRC == uint32(ssrc) {
				out = append(out, f)
			}
		}
		return out
	}
}

// isRTP tells media packets by their first two bytes (RFC 7983 §7, RFC 5761 §4).
func isRTP(p simnet.Packet) bool {
	return len(p.Data) > 12 && p.Data[0]>>6 == 2 && (p.Data[1] < 192 || p.Data[1] > 223)
}

// goesOn checks that sequence numbers are consecutive and that timestamps, of
// clock hertz, have grown with the time, give or take tolerance.
func (w *world) goesOn(flights []flight, clock float64, tolerance time.Duration) {
	w.Helper()
	for i := 1; i < len(flights); i++ {
		before, f := flights[i-1], flights[i]
		if f.header.SequenceNumber != before.header.SequenceNumber+1 {
			w.Errorf("packet %d has sequence number %d behind %d", i, f.header.SequenceNumber, before.header.SequenceNumber)
		}
		passed := time.Duration(float64(int32(f.header.Timestamp-before.header.Timestamp)) / clock * float64(time.Second))
		if off := passed - f.at.Sub(before.at); off > tolerance || off < -tolerance {
			w.Errorf("packet %d was sent %v after the one before, its timestamp says %v", i, f.at.Sub(before.at), passed)
		}
	}
}

// A call is two connected peers that each send a camera to the other.
type call struct {
	w            *world
	a, b         *peer
	fromA, fromB *source
	atA, atB     *audience
}

// inCall runs a scenario in a call over a path with 20 ms of delay.
func inCall(t *testing.T, scenario func(w *world, c *call)) {
	t.Helper()
	inCallWith(t, SettingEngine{}, scenario)
}

func inCallWith(t *testing.T, settings SettingEngine, scenario func(w *world, c *call)) {
	t.Helper()
	inCallOf(t, func(*world, string) *API { return NewAPI(WithSettingEngine(settings)) }, scenario)
}

// inCallOf is inCall where each peer's connection is made with an API of its own,
// whose network is set here.
func inCallOf(t *testing.T, api func(w *world, name string) *API, scenario func(w *world, c *call)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		c := &call{w: w, a: w.peerOf("a", api(w, "a"), simnet.Addrs("192.0.2.1")), b: w.peerOf("b", api(w, "b"), simnet.Addrs("192.0.2.2"))}
		w.signal(c.a, c.b, fixed(10*time.Millisecond))
		c.fromA, _ = c.a.source(MimeTypeVP8, "camera-a")
		c.fromB, _ = c.b.source(MimeTypeVP8, "camera-b")
		c.fromA.clock, c.fromB.clock = 90000, 90000
		c.atA, c.atB = c.a.audience(100*time.Millisecond), c.b.audience(100*time.Millisecond)
		c.a.negotiates(c.b, 10*time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(c.a, c.b))
		scenario(w, c)
	})
}

// talk has both cameras write n packets, one every 10 ms, and lets the last arrive.
func (c *call) talk(n int) {
	c.w.Helper()
	for range n {
		c.fromA.packet()
		c.fromB.packet()
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
}
