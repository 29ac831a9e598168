package main

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc"
)

// A stage is a source with its layers, and a viewer of it, in a time of its own.
type stage struct {
	*testing.T
	source *source
	viewer *subscription
	got    []rtp.Packet
	now    time.Time
	asked  map[string]int // key frames by RID
}

// WriteRTP is what the viewer gets.
func (s *stage) WriteRTP(p *rtp.Packet) error {
	one := *p
	one.Payload = append([]byte(nil), p.Payload...)
	s.got = append(s.got, one)
	return nil
}

// newStage has a source with layers of the given names and a viewer that can be
// sent something.
func newStage(t *testing.T, rids ...string) (*stage, map[string]*feed) {
	s := &stage{T: t, now: time.Unix(1000, 0), asked: map[string]int{}}
	s.source = newSource("s", "p", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, true)
	s.viewer = s.source.subscribe(s)
	s.viewer.start()
	feeds := map[string]*feed{}
	for i, rid := range rids {
		f := &feed{stage: s, width: 320 << i, sequence: uint16(65530 - 3000*i), timestamp: uint32(1<<32 - 1 - 90000*i), picture: uint16(0x7ffe - i*100), tl0: uint8(255 - i)}
		f.layer = s.source.addLayer(rid, func() { s.asked[rid]++ })
		feeds[rid] = f
	}
	return s, feeds
}

// A feed makes the packets of one layer: two for each frame.
type feed struct {
	stage     *stage
	layer     *layer
	width     int
	sequence  uint16
	timestamp uint32
	picture   uint16
	tl0       uint8
}

// frame makes the packets of the next frame.
func (f *feed) frame(key bool) []*rtp.Packet {
	f.timestamp += 3000
	f.picture, f.tl0 = (f.picture+1)&0x7fff, f.tl0+1
	data := delta
	if key {
		data = append([]byte(nil), keyFrame...)
		binary.LittleEndian.PutUint16(data[6:], uint16(f.width))
	}
	var packets []*rtp.Packet
	for i := range 2 {
		f.sequence++
		descriptor := []byte{0x80, 0xe0, 0, 0, f.tl0, 0}
		if i == 0 {
			descriptor[0] |= vp8Start
		}
		binary.BigEndian.PutUint16(descriptor[2:], f.picture|0x8000)
		packets = append(packets, &rtp.Packet{
			Header: rtp.Header{
				Version: 2, Marker: i == 1, SequenceNumber: f.sequence, Timestamp: f.timestamp, SSRC: 7,
				Extension: true, ExtensionProfile: 0xbede,
			},
			Payload: payload(descriptor, data),
		})
	}
	return packets
}

// send has the packets arrive.
func (f *feed) send(packets ...*rtp.Packet) {
	for _, p := range packets {
		f.stage.source.packet(f.layer, p, f.stage.now)
	}
}

// passes lets a time pass.
func (s *stage) passes(d time.Duration) { s.now = s.now.Add(d) }

const frameTime = time.Second / 30

// want fails unless the viewer has got n frames of two packets, of which those
// at the given places are key frames of the given widths, all in one sequence.
func (s *stage) want(n int, keys map[int]int) {
	s.Helper()
	if len(s.got) != 2*n {
		s.Fatalf("%d packets, want %d", len(s.got), 2*n)
	}
	for i, p := range s.got {
		v, ok := parseVP8(p.Payload)
		if width := keys[i/2]; !ok || v.keyFrame != (width > 0 && i%2 == 0) || v.keyFrame && v.width != width {
			s.Errorf("packet %d is %+v, want a key frame of width %d", i, v, width)
		}
		if p.Extension || p.PayloadType != 0 || len(p.Extensions) > 0 {
			s.Errorf("packet %d has the publisher's header %v", i, p.Header)
		}
		if i == 0 {
			continue
		}
		before, _ := parseVP8(s.got[i-1].Payload)
		frame := uint16(1 - i%2) // 1 if another begins
		if p.SequenceNumber-s.got[i-1].SequenceNumber != 1 || (v.picture-before.picture)&0x7fff != frame || v.tl0-before.tl0 != uint8(frame) {
			s.Errorf("packet %d: %d, picture %d, TL0 %d, after %d, %d, %d", i,
				p.SequenceNumber, v.picture, v.tl0, s.got[i-1].SequenceNumber, before.picture, before.tl0)
		}
		if step := p.Timestamp - s.got[i-1].Timestamp; frame == 0 && step != 0 || frame == 1 && (step < 2990 || step > 3010) {
			s.Errorf("packet %d: %d after the packet before it", i, step)
		}
	}
}

// A viewer is sent the largest layer until it chooses another, and changes with
// key frames only, in one sequence.
func TestSwitch(t *testing.T) {
	s, feeds := newStage(t, "q", "f")
	small, large := feeds["q"], feeds["f"]
	tick := func(key bool) {
		s.passes(frameTime)
		large.send(large.frame(key)...)
		small.send(small.frame(key)...)
	}
	tick(false) // nobody can begin here
	s.want(0, nil)
	if s.asked["f"] != 1 || s.asked["q"] != 1 {
		t.Errorf("asked for key frames: %v", s.asked)
	}
	large.send(large.frame(true)...)
	s.passes(frameTime)
	large.send(large.frame(false)...)
	s.want(2, map[int]int{0: 640})

	s.passes(keyFrameInterval)
	s.viewer.prefer("q", s.now)
	s.viewer.prefer("q", s.now)
	if s.asked["q"] != 2 {
		t.Errorf("the layer that was chosen was asked for key frames %d times, want 2", s.asked["q"])
	}
	s.passes(frameTime - keyFrameInterval)
	small.send(small.frame(false)...) // still the large one
	large.send(large.frame(false)...)
	s.passes(frameTime)
	small.send(small.frame(true)...)
	large.send(large.frame(true)...) // not wanted any more
	s.passes(frameTime)
	small.send(small.frame(false)...)
	s.want(5, map[int]int{0: 640, 3: 320})
	s.viewer.prefer("", s.now)
	tick(true)
	tick(false)
	s.want(7, map[int]int{0: 640, 3: 320, 5: 640})
	if st := s.viewer.state(); st.Switches != 2 || st.Current != "f" || st.Packets != 14 {
		t.Errorf("the state is %+v", st)
	}
}

// Within a layer a lost packet leaves its gap and a late one fills it; what comes
// late from before a change is not sent.
func TestLateAndLost(t *testing.T) {
	s, feeds := newStage(t, "q", "f")
	small, large := feeds["q"], feeds["f"]
	s.viewer.prefer("q", s.now)
	small.send(small.frame(true)...)
	lost, late := small.frame(false), small.frame(false)
	next := small.frame(false)
	small.send(lost[0], next[0], next[1], late[0], late[1])
	first := s.got[0].SequenceNumber
	var got []uint16
	for _, p := range s.got {
		got = append(got, p.SequenceNumber-first)
	}
	want := []uint16{0, 1, 2, 6, 7, 4, 5}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("sequence numbers %v, want %v", got, want)
		}
	}
	s.viewer.prefer("f", s.now)
	large.send(large.frame(true)...)
	n := len(s.got)
	if s.got[n-2].SequenceNumber-first != 8 {
		t.Errorf("the other layer begins at %d, want 8", s.got[n-2].SequenceNumber-first)
	}
	small.send(lost[1])
	old := large.frame(false)
	for _, p := range old {
		p.SequenceNumber -= 10 // from before the key frame
	}
	large.send(old...)
	if len(s.got) != n {
		t.Errorf("%d packets of the past were sent", len(s.got)-n)
	}
}

// A layer that is sent no more is replaced by another, and returned to.
func TestLayerStops(t *testing.T) {
	s, feeds := newStage(t, "q", "f")
	small, large := feeds["q"], feeds["f"]
	small.send(small.frame(true)...)
	large.send(large.frame(true)...)
	if st := s.viewer.state(); st.Current != "f" {
		t.Fatalf("the layer is %q", st.Current)
	}
	for range 4 {
		s.passes(time.Second)
		small.send(small.frame(false)...)
	}
	if st := s.viewer.state(); st.Current != "f" || s.asked["q"] == 0 {
		t.Fatalf("the layer is %q, key frames were asked for: %v", st.Current, s.asked)
	}
	small.send(small.frame(true)...)
	if st := s.viewer.state(); st.Current != "q" {
		t.Fatalf("the layer is %q", st.Current)
	}
	large.send(large.frame(true)...)
	if st := s.viewer.state(); st.Current != "f" {
		t.Fatalf("the layer is %q", st.Current)
	}
	if left := s.source.removeLayer(large.layer); left != 1 {
		t.Errorf("%d layers are left", left)
	}
	small.send(small.frame(true)...)
	if st := s.viewer.state(); st.Current != "q" {
		t.Errorf("the layer is %q", st.Current)
	}
}

// However many viewers ask, the publisher is asked once in a while.
func TestKeyFrameRequests(t *testing.T) {
	s, feeds := newStage(t, "")
	only := feeds[""]
	only.send(only.frame(true)...)
	before := s.asked[""]
	start := s.now
	for range 100 {
		s.now = s.now.Add(20 * time.Millisecond)
		s.source.mu.Lock()
		only.layer.requestKeyFrame(s.now)
		s.source.mu.Unlock()
	}
	most := int(s.now.Sub(start)/keyFrameInterval) + 1
	if n := s.asked[""] - before; n < most-1 || n > most {
		t.Errorf("the publisher was asked %d times, want %d", n, most)
	}
	s.viewer.keyFrameWanted(s.now)
	if st := s.viewer.state(); st.KeyFrameRequests != 1 {
		t.Errorf("the state is %+v", st)
	}
}

// A viewer that is not connected yet loses no key frame.
func TestStart(t *testing.T) {
	s, feeds := newStage(t, "")
	only := feeds[""]
	late := s.source.subscribe(s)
	s.viewer.end()
	only.send(only.frame(true)...)
	s.want(0, nil)
	late.start()
	only.send(only.frame(false)...)
	s.want(0, nil)
	only.send(only.frame(true)...)
	s.want(1, map[int]int{0: 640 / 2})
}

// The sequence goes on for longer than its numbers last.
func TestLongStream(t *testing.T) {
	s, feeds := newStage(t, "q", "f")
	for i := range 3 {
		s.viewer.prefer([]string{"q", "f"}[i%2], s.now)
		f := feeds[[]string{"q", "f"}[i%2]]
		for j := range 40000 {
			s.passes(frameTime)
			f.send(f.frame(j == 0)...)
		}
	}
	s.want(3*40000, map[int]int{0: 320, 40000: 640, 80000: 320})
}

// Sound begins anywhere and is sent as it comes.
func TestSound(t *testing.T) {
	s := &stage{T: t, now: time.Unix(1000, 0)}
	s.source = newSource("s", "p", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000}, false)
	s.viewer = s.source.subscribe(s)
	s.viewer.start()
	l := s.source.addLayer("", func() { t.Error("a key frame of sound was asked for") })
	for i := range uint16(5) {
		s.source.packet(l, &rtp.Packet{Header: rtp.Header{SequenceNumber: i, Timestamp: 960 * uint32(i)}, Payload: []byte{1}}, s.now)
	}
	if len(s.got) != 5 || s.got[4].SequenceNumber-s.got[0].SequenceNumber != 4 || s.got[4].Timestamp-s.got[0].Timestamp != 4*960 {
		t.Errorf("%d packets: %v", len(s.got), s.got)
	}
}

func BenchmarkForward(b *testing.B) {
	s := newSource("s", "p", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, true)
	for range 100 {
		s.subscribe(nowhere{}).start()
	}
	l := s.addLayer("", func() {})
	p := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: payload([]byte{0x90, 0x80, 0x80, 0}, append(keyFrame, make([]byte, 1100)...))}
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		p.SequenceNumber++
		s.packet(l, p, now)
	}
}

type nowhere struct{}

func (nowhere) WriteRTP(*rtp.Packet) error { return nil }
