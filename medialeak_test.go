package webrtc

import (
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

// A remembrance counts objects, and those of them that were collected.
type remembrance struct{ watched, collected atomic.Int64 }

func remembers[T any](r *remembrance, object *T) {
	r.watched.Add(1)
	runtime.AddCleanup(object, func(n *atomic.Int64) { n.Add(1) }, &r.collected)
}

func (r *remembrance) left() int { return int(r.watched.Load() - r.collected.Load()) }

// watch remembers all that a connection has for media.
func (r *remembrance) watch(pc *PeerConnection) {
	remembers(r, pc)
	for _, t := range pc.GetTransceivers() {
		remembers(r, t)
		remembers(r, t.Sender())
		remembers(r, t.Receiver())
		remembers(r, t.Receiver().Track())
		remembers(r, t.Receiver().core)
	}
	for _, t := range *pc.mediaTransports.Load() {
		remembers(r, t)
		remembers(r, t.media.Load())
	}
}

// TestNothingIsLeftOfMedia connects pairs over real sockets, has them send audio
// and video both ways, and closes them: while nobody reads, while somebody does,
// and while packets are under way. Afterwards there is no goroutine, and nothing
// holds a transceiver, a track or an RTP session.
func TestNothingIsLeftOfMedia(t *testing.T) {
	pairs := 60
	if testing.Short() {
		pairs = 8
	}
	api, config := loopbackAPI(), sharedCertificate(t)
	leaktest.Check(t)
	goroutines := runtime.NumGoroutine()
	var memory remembrance
	var lasting *TrackLocalStaticRTP // one track for all, which outlives them
	lasting, err := NewTrackLocalStaticRTP(asVP8, "lasting", "me")
	if err != nil {
		t.Fatal(err)
	}
	for i := range pairs {
		if err := meetAndPart(api, config, i, lasting, &memory); err != nil {
			t.Fatalf("pair %d: %v", i, err)
		}
	}
	settles(t, "goroutines", goroutines, runtime.NumGoroutine)
	settles(t, "objects that something holds", 0, func() int {
		runtime.GC()
		return memory.left()
	})
	if n := len(*lasting.bindings.Load()); n != 0 {
		t.Errorf("the track that lasts is bound to %d senders", n)
	}
	t.Logf("%d objects were collected", memory.collected.Load())
}

// meetAndPart is the life of one pair.
func meetAndPart(api *API, config Configuration, i int, lasting *TrackLocalStaticRTP, memory *remembrance) error {
	p, err := newLoopbackPair(api, config)
	if err != nil {
		return err
	}
	tracks := []*TrackLocalStaticRTP{lasting}
	voice, _ := NewTrackLocalStaticRTP(RTPCodecCapability{MimeType: MimeTypeOpus, ClockRate: 48000, Channels: 2}, "voice", "me")
	back, _ := NewTrackLocalStaticRTP(asVP8, "back", "you")
	tracks = append(tracks, voice, back)
	for j, pc := range []*PeerConnection{p.offerer, p.offerer, p.answerer} {
		if _, err := pc.AddTrack(tracks[j]); err != nil {
			return err
		}
	}
	var ends sync.WaitGroup
	var came atomic.Int64
	for _, pc := range []*PeerConnection{p.offerer, p.answerer} {
		pc.OnTrack(func(track *TrackRemote, r *RTPReceiver) {
			ends.Add(1)
			defer ends.Done()
			came.Add(1)
			switch i % 3 {
			case 0: // nobody reads
			case 1:
				track.OnPacketPush(func(*InboundPacket) {})
			case 2:
				track.SetOrdered(50 * time.Millisecond)
				for {
					if _, _, err := track.ReadRTP(); err == io.EOF {
						return
					}
				}
			}
		})
	}
	if err := p.negotiates(); err != nil {
		return err
	}
	packet := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true}, Payload: make([]byte, 500)}
	send := func() {
		for _, track := range tracks {
			_ = track.WriteRTP(&packet)
		}
		packet.SequenceNumber++
		packet.Timestamp += 3000
	}
	for end := time.Now().Add(closeLimit); came.Load() < 3; time.Sleep(time.Millisecond) {
		if send(); time.Now().After(end) {
			return fmt.Errorf("%d of 3 tracks have come", came.Load())
		}
	}
	memory.watch(p.offerer)
	memory.watch(p.answerer)
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { // packets are under way while it closes
		for {
			select {
			case <-stop:
				return
			default:
				send()
				time.Sleep(100 * time.Microsecond)
			}
		}
	})
	time.Sleep(5 * time.Millisecond)
	var closing sync.WaitGroup
	for _, pc := range []*PeerConnection{p.offerer, p.answerer} {
		closing.Go(func() { _ = pc.Close() })
	}
	closing.Wait()
	ends.Wait() // reads have ended
	close(stop)
	writer.Wait()
	return nil
}

// TestNothingIsLeftOfStoppedTransceivers adds and stops transceivers in a call that
// goes on.
func TestNothingIsLeftOfStoppedTransceivers(t *testing.T) {
	p, err := newLoopbackPair(loopbackAPI(), sharedCertificate(t))
	if err != nil {
		t.Fatal(err)
	}
	leaktest.Check(t)
	defer p.closes(t)
	if err := p.negotiates(); err != nil {
		t.Fatal(err)
	}
	if err := p.talks(closeLimit); err != nil {
		t.Fatal(err)
	}
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	goroutines := 0 // engines' reads take one more now and then
	for range 20 {
		goroutines = max(goroutines, runtime.NumGoroutine())
		time.Sleep(5 * time.Millisecond)
	}
	var memory remembrance
	for i := range rounds {
		if err := comeAndGo(p, i, &memory); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
	}
	settles(t, "goroutines", goroutines, runtime.NumGoroutine)
	settles(t, "objects that something holds", 0, func() int {
		runtime.GC()
		return memory.left()
	})
}

func comeAndGo(p *loopbackPair, i int, memory *remembrance) error {
	track, _ := NewTrackLocalStaticRTP(asVP8, fmt.Sprintf("track-%d", i), "me")
	if _, err := p.offerer.AddTrack(track); err != nil {
		return err
	}
	came := make(chan struct{})
	p.answerer.OnTrack(func(track *TrackRemote, _ *RTPReceiver) {
		close(came)
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
		}
	})
	if err := p.negotiates(); err != nil {
		return err
	}
	packet := rtp.Packet{Header: rtp.Header{Version: 2}, Payload: make([]byte, 500)}
	for limit := time.After(closeLimit); ; {
		_ = track.WriteRTP(&packet)
		packet.SequenceNumber++
		select {
		case <-came:
		case <-time.After(time.Millisecond):
			continue
		case <-limit:
			return fmt.Errorf("the track has not come")
		}
		break
	}
	p.answerer.OnTrack(nil)
	for _, pc := range []*PeerConnection{p.offerer, p.answerer} {
		for _, t := range pc.GetTransceivers() {
			remembers(memory, t)
			remembers(memory, t.Sender())
			remembers(memory, t.Receiver())
			remembers(memory, t.Receiver().Track())
		}
	}
	if err := p.offerer.GetTransceivers()[0].Stop(); err != nil {
		return err
	}
	return p.negotiates()
}
