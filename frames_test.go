package webrtc

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/pkg/media"
)

// A frameTally counts the packets of frames as they arrive, each once.
type frameTally struct {
	mu      sync.Mutex
	packets map[uint16]bool
	whole   int // packets with a marker
}

func (f *frameTally) handle(p *InboundPacket) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.packets == nil {
		f.packets = map[uint16]bool{}
	}
	if !f.packets[p.SequenceNumber] {
		f.packets[p.SequenceNumber] = true
		if p.Marker {
			f.whole++
		}
	}
}

func (f *frameTally) count() (packets, markers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.packets), f.whole
}

// framePackets is how many packets a frame of frameSize bytes is cut into.
const frameSize, framePackets = 40000, 35

// Frames whose packets leave together arrive whole, over sockets of the system.
func TestFramesArriveOverSockets(t *testing.T) {
	p, err := newLoopbackPair(loopbackAPI(), sharedCertificate(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.closes(t)
	track := staticSample(t, RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000})
	if _, err := p.offerer.AddTrack(track); err != nil {
		t.Fatal(err)
	}
	var tally frameTally
	p.answerer.OnTrack(func(t *TrackRemote, _ *RTPReceiver) { t.OnPacketPush(tally.handle) })
	if err := p.negotiates(); err != nil {
		t.Fatal(err)
	}
	sample := media.Sample{Data: make([]byte, frameSize), Duration: time.Second / 30}
	writes := func() {
		t.Helper()
		if err := track.WriteSample(sample); err != nil {
			t.Fatal(err)
		}
	}
	limit := time.Now().Add(20 * time.Second)
	wait := func(what string, done func() bool) {
		t.Helper()
		for !done() {
			if time.Now().After(limit) {
				packets, markers := tally.count()
				t.Fatalf("%s: after %d packets of %d frames", what, packets, markers)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	wait("no frame arrives", func() bool {
		writes()
		_, markers := tally.count()
		return markers > 0
	})
	// What is lost on the way, of a full buffer for instance, is asked for again.
	const frames = 50
	before, _ := tally.count()
	for i := range frames {
		writes()
		wait("frames do not arrive", func() bool {
			packets, _ := tally.count()
			return packets >= before+(i-2)*framePackets
		})
	}
	wait("frames do not arrive", func() bool {
		packets, _ := tally.count()
		return packets >= before+frames*framePackets
	})
}

// A path that is lost in the midst of frames costs what was on it; the program is
// told nothing, and frames go on when there is a path again. Once the connection is
// closed nothing is sent, and nothing fails.
func TestVirtualFramesOutliveACutPath(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(10*time.Millisecond))
		track := staticSample(t, RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000})
		_, err := a.AddTrack(track)
		a.must(err, "AddTrack")
		var tally frameTally
		b.OnTrack(func(t *TrackRemote, _ *RTPReceiver) { t.OnPacketPush(tally.handle) })
		a.negotiates(b, 10*time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		writes := func(frames int) {
			for range frames {
				if err := track.WriteSample(media.Sample{Data: make([]byte, frameSize), Duration: 33 * time.Millisecond}); err != nil {
					w.Errorf("a frame is not sent: %v", err)
				}
				time.Sleep(33 * time.Millisecond)
			}
		}
		writes(30)
		w.within(time.Second, "30 frames arrive", func() bool {
			packets, markers := tally.count()
			return packets == 30*framePackets && markers == 30
		})
		w.net.Cut(a.host, b.host)
		writes(60)
		w.net.Heal(a.host, b.host)
		w.within(20*time.Second, "frames arrive again", func() bool {
			writes(1)
			_, markers := tally.count()
			return markers > 40
		})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 100 {
				err := track.WriteSample(media.Sample{Data: make([]byte, frameSize), Duration: time.Millisecond})
				if err != nil && !errors.Is(err, io.ErrClosedPipe) {
					w.Errorf("a frame beside Close: %v", err)
				}
				time.Sleep(time.Millisecond)
			}
		}()
		time.Sleep(50 * time.Millisecond)
		a.check(a.Close(), "Close")
		<-done
		a.check(track.WriteSample(media.Sample{Data: make([]byte, frameSize)}), "WriteSample after Close")
	})
}
