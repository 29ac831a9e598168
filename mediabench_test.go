package webrtc

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// A mediaLine is a pair over loopback sockets on which the offerer sends one VP8
// track.
type mediaLine struct {
	*loopbackPair
	track *TrackLocalStaticRTP
	// remote is the answerer's end of it.
	remote *TrackRemote
	packet rtp.Packet
}

func newMediaLine(tb testing.TB, api *API) *mediaLine {
	tb.Helper()
	p, err := newLoopbackPair(api, sharedCertificate(tb))
	if err != nil {
		tb.Fatal(err)
	}
	l := &mediaLine{loopbackPair: p}
	tb.Cleanup(func() {
		p.answerer.Close()
		p.offerer.Close()
	})
	if l.track, err = NewTrackLocalStaticRTP(RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000}, "camera", "me"); err != nil {
		tb.Fatal(err)
	}
	if _, err = p.offerer.AddTrack(l.track); err != nil {
		tb.Fatal(err)
	}
	tracks := make(chan *TrackRemote, 1)
	p.answerer.OnTrack(func(t *TrackRemote, _ *RTPReceiver) { tracks <- t })
	if err := p.negotiates(); err != nil {
		tb.Fatal(err)
	}
	payload := make([]byte, 1200)
	payload[0] = 0x10
	l.packet = rtp.Packet{Header: rtp.Header{Version: 2, Marker: true}, Payload: payload}
	limit := time.After(20 * time.Second)
	for l.remote == nil {
		l.send(tb)
		select {
		case l.remote = <-tracks:
		case <-time.After(10 * time.Millisecond):
		case <-limit:
			tb.Fatal("no track at the answerer")
		}
	}
	return l
}

// send sends the next packet.
func (l *mediaLine) send(tb testing.TB) {
	if err := l.track.WriteRTP(&l.packet); err != nil {
		tb.Fatal(err)
	}
	l.packet.SequenceNumber++
	l.packet.Timestamp += 3000
}

// window is how many packets of a benchmark may be on their way: more would
// overflow what the kernel keeps.
const window = 64

// sendPaced sends n packets, no more than window ahead of what has arrived.
func (l *mediaLine) sendPaced(tb testing.TB, n int, arrived *atomic.Int64) {
	start := arrived.Load()
	for i := range n {
		for int64(i)-(arrived.Load()-start) >= window {
			time.Sleep(10 * time.Microsecond)
		}
		l.send(tb)
	}
	for end := time.Now().Add(5 * time.Second); arrived.Load()-start < int64(n) && time.Now().Before(end); {
		time.Sleep(50 * time.Microsecond)
	}
}

// BenchmarkMediaPush sends packets of a static track over loopback to a push
// handler: both ends of the steady path, AES-GCM, default codecs and feedback.
func BenchmarkMediaPush(b *testing.B) {
	l := newMediaLine(b, loopbackAPI())
	var arrived atomic.Int64
	l.remote.OnPacketPush(func(*InboundPacket) { arrived.Add(1) })
	l.sendPaced(b, 2000, &arrived) // until all that grows has grown
	b.SetBytes(int64(len(l.packet.Payload)))
	b.ReportAllocs()
	b.ResetTimer()
	l.sendPaced(b, b.N, &arrived)
}

// BenchmarkMediaRead is the same with a program that reads.
func BenchmarkMediaRead(b *testing.B) {
	l := newMediaLine(b, loopbackAPI())
	var arrived atomic.Int64
	go func() {
		for {
			if _, _, err := l.remote.ReadRTP(); err != nil {
				return
			}
			arrived.Add(1)
		}
	}()
	l.sendPaced(b, 2000, &arrived)
	b.SetBytes(int64(len(l.packet.Payload)))
	b.ReportAllocs()
	b.ResetTimer()
	l.sendPaced(b, b.N, &arrived)
}
