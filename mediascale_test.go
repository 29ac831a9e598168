//go:build unix

package webrtc

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// cpuTime is what the process has used so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory is what the heap and the stacks hold after garbage collection.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// per describes an amount by its share.
func per(total uint64, n int) string { return fmt.Sprintf("%.1f KiB", float64(total)/float64(n)/1024) }

// A tally counts the packets of tracks.
type tally struct {
	tracks  atomic.Int64
	packets atomic.Int64
}

func (c *tally) count(pc *PeerConnection) {
	pc.OnTrack(func(t *TrackRemote, _ *RTPReceiver) {
		c.tracks.Add(1)
		t.OnPacketPush(func(*InboundPacket) { c.packets.Add(1) })
	})
}

// awaits sends rounds of packets until every track has been announced.
func (c *tally) awaits(t *testing.T, tracks int, send func()) {
	t.Helper()
	for end := time.Now().Add(time.Minute); c.tracks.Load() < int64(tracks); {
		if time.Now().After(end) {
			t.Fatalf("%d of %d tracks have come", c.tracks.Load(), tracks)
		}
		send()
		time.Sleep(20 * time.Millisecond)
	}
}

// sends sends rounds at a pace that the receivers keep up with, and reports the
// processor's time for each packet, both ends.
func (c *tally) sends(t *testing.T, rounds, fanOut int, send func()) time.Duration {
	t.Helper()
	begin, want, start := cpuTime(), int64(rounds*fanOut), c.packets.Load()
	for range rounds {
		before := c.packets.Load()
		send()
		for end := time.Now().Add(time.Second); c.packets.Load()-before < int64(fanOut) && time.Now().Before(end); {
			time.Sleep(100 * time.Microsecond)
		}
	}
	got := c.packets.Load() - start
	if float64(got) < 0.99*float64(want) {
		t.Errorf("%d of %d packets arrived", got, want)
	}
	return (cpuTime() - begin) / time.Duration(want)
}

// TestTwoHundredTracksInOneConnection sends 200 tracks over one transport.
func TestTwoHundredTracksInOneConnection(t *testing.T) {
	n, rounds := 200, 50
	if testing.Short() {
		n, rounds = 40, 10
	}
	p, err := newLoopbackPair(loopbackAPI(), sharedCertificate(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.closes(t)
	before := memory()
	var tracks []*TrackLocalStaticRTP
	for i := range n {
		c := RTPCodecCapability{MimeType: MimeTypeOpus, ClockRate: 48000, Channels: 2}
		if i%2 == 1 {
			c = RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000}
		}
		track, err := NewTrackLocalStaticRTP(c, fmt.Sprintf("track-%d", i), "me")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.offerer.AddTrack(track); err != nil {
			t.Fatal(err)
		}
		tracks = append(tracks, track)
	}
	var c tally
	c.count(p.answerer)
	begin := time.Now()
	if err := p.negotiates(); err != nil {
		t.Fatal(err)
	}
	negotiated := time.Since(begin)
	packet := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true}, Payload: make([]byte, 200)}
	packet.Payload[0] = 0x10
	send := func() {
		for _, track := range tracks {
			if err := track.WriteRTP(&packet); err != nil {
				t.Error(err)
			}
		}
		packet.SequenceNumber++
		packet.Timestamp += 960
	}
	c.awaits(t, n, send)
	cpu := c.sends(t, rounds, n, send)
	t.Logf("%d tracks: negotiated in %v, %s a track (both ends), %v of a processor a packet (both ends)",
		n, negotiated.Round(time.Millisecond), per(memory()-before, n), cpu)
}

// TestOneTrackToFiveHundredConnections sends one track to 500 peers.
func TestOneTrackToFiveHundredConnections(t *testing.T) {
	n, rounds := 500, 50
	if testing.Short() {
		n, rounds = 25, 10
	}
	api, config := loopbackAPI(), sharedCertificate(t)
	track, err := NewTrackLocalStaticRTP(RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000}, "camera", "me")
	if err != nil {
		t.Fatal(err)
	}
	var c tally
	before, begin := memory(), cpuTime()
	pairs := make([]*loopbackPair, n)
	defer func() {
		var closing sync.WaitGroup
		for _, p := range pairs {
			if p != nil {
				closing.Go(func() {
					p.offerer.Close()
					p.answerer.Close()
				})
			}
		}
		closing.Wait()
	}()
	var setUp sync.WaitGroup
	for w := range 8 {
		setUp.Go(func() {
			for i := w; i < n; i += 8 {
				p, err := newLoopbackPair(api, config)
				if err != nil {
					t.Error(err)
					return
				}
				pairs[i] = p
				if _, err := p.offerer.AddTrack(track); err != nil {
					t.Error(err)
				}
				c.count(p.answerer)
				if err := p.negotiates(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	setUp.Wait()
	if t.Failed() {
		return
	}
	connecting := (cpuTime() - begin) / time.Duration(n)
	packet := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true}, Payload: make([]byte, 1000)}
	packet.Payload[0] = 0x10
	send := func() {
		if err := track.WriteRTP(&packet); err != nil {
			t.Error(err)
		}
		packet.SequenceNumber++
		packet.Timestamp += 3000
	}
	c.awaits(t, n, send)
	cpu := c.sends(t, rounds, n, send)
	t.Logf("%d connections: %s a pair, %v of a processor to connect a pair, %v a packet (both ends)",
		n, per(memory()-before, n), connecting, cpu)
}
