package webrtc

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// tenPercent is the bad network of the tests: 100 ms of round trip and a tenth of
// the packets lost, each way.
var tenPercent = simnet.Path{Delay: 50 * time.Millisecond, Loss: 0.1}

// RFC 4585 §6.2.1, RFC 4588: what is lost is asked for and sent again.
func TestVirtualMediaSurvivesLoss(t *testing.T) {
	virtualMedia(t, tenPercent, func(w *world, a, b *peer, from *source, sinks func() []*sink) {
		const n = 6000
		from.write(n, 5*time.Millisecond)
		time.Sleep(2 * time.Second)
		list := sinks()
		if len(list) != 1 {
			w.Fatalf("%d tracks came, want 1", len(list))
		}
		if in := list[0].inOrderWithin(from, 500*time.Millisecond+50*time.Millisecond); float64(in) < 0.995*n {
			w.Errorf("%d of %d packets came in order within 500 ms of what the path takes", in, n)
		}
	})
}

// The same if nobody reads: what waits is bounded, and complete as far as it goes.
func TestVirtualMediaSurvivesLossUnread(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: tenPercent.Delay})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(50*time.Millisecond))
		from, _ := a.source(MimeTypeVP8, "camera")
		var mu sync.Mutex
		var track *TrackRemote
		b.OnTrack(func(t *TrackRemote, _ *RTPReceiver) {
			mu.Lock()
			defer mu.Unlock()
			track = t
		})
		a.negotiates(b, 50*time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		w.net.SetDefaultPath(tenPercent)
		const n = 3000
		from.write(n, 5*time.Millisecond)
		time.Sleep(2 * time.Second)

		mu.Lock()
		defer mu.Unlock()
		if track == nil {
			w.Fatal("no track came")
		}
		track.SetOrdered(time.Millisecond)
		b.check(track.SetReadDeadline(time.Now().Add(time.Second)), "SetReadDeadline")
		var numbers []uint32
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				break
			}
			numbers = append(numbers, binary.BigEndian.Uint32(p.Payload[4:]))
		}
		if len(numbers) < 400 {
			w.Fatalf("%d packets wait, want what the queue holds", len(numbers))
		}
		// The oldest of the queue are those that came late themselves: what should
		// stand between them was dropped for newer ones.
		const newest = 400
		in := 0
		for _, number := range numbers {
			if number >= n-newest {
				in++
			}
		}
		if float64(in) < 0.995*newest {
			w.Errorf("%d of the newest %d packets wait", in, newest)
		}
	})
}

// RFC 3550 §5.1: packets that the network repeats or reorders are one packet each.
func TestVirtualMediaComesOnce(t *testing.T) {
	path := simnet.Path{Delay: 50 * time.Millisecond, Reorder: 0.1, ReorderDelay: 30 * time.Millisecond, Duplicate: 0.1}
	virtualMedia(t, path, func(w *world, a, b *peer, from *source, sinks func() []*sink) {
		const n = 2000
		from.write(n, 5*time.Millisecond)
		time.Sleep(time.Second)
		if in := sinks()[0].inOrderWithin(from, time.Second); in != n {
			w.Errorf("%d of %d packets came, each once and in order", in, n)
		}
	})
}

// RFC 3550 §5.1: sequence numbers are 16 bits long and wrap around.
func TestVirtualMediaWrapsAround(t *testing.T) {
	virtualMedia(t, tenPercent, func(w *world, a, b *peer, from *source, sinks func() []*sink) {
		from.sequence, from.timestamp = 65300, 0xfffff000
		const n = 1000
		from.write(n, 5*time.Millisecond)
		time.Sleep(2 * time.Second)
		if in := sinks()[0].inOrderWithin(from, time.Second); float64(in) < 0.995*n {
			w.Errorf("%d of %d packets came in order over the wrap", in, n)
		}
	})
}

// RFC 3550 §8.2: a sender that has restarted has another SSRC, and nobody tells.
func TestVirtualMediaOutlivesARestartOfTheSender(t *testing.T) {
	virtualMedia(t, tenPercent, func(w *world, a, b *peer, from *source, sinks func() []*sink) {
		from.write(200, 5*time.Millisecond)
		sender := a.GetSenders()[0]
		before := sender.GetParameters().Encodings[0].SSRC
		sender.restart()
		if after := sender.GetParameters().Encodings[0].SSRC; after == before {
			w.Fatalf("the SSRC is %d as before", after)
		}
		from.sequence = 30000
		from.write(800, 5*time.Millisecond)
		time.Sleep(2 * time.Second)
		if in := sinks()[0].inOrderWithin(from, time.Second); float64(in) < 0.995*1000 {
			w.Errorf("%d of %d packets came in order", in, 1000)
		}
	})
}

// A path that is gone for three seconds takes the media of that time with it, and
// nothing of what comes after.
func TestVirtualMediaOutlivesAnOutage(t *testing.T) {
	virtualMedia(t, tenPercent, func(w *world, a, b *peer, from *source, sinks func() []*sink) {
		from.write(400, 5*time.Millisecond)
		time.Sleep(time.Second)
		w.net.Cut(a.host, b.host)
		from.write(600, 5*time.Millisecond)
		w.net.Heal(a.host, b.host)
		from.write(1000, 5*time.Millisecond)
		time.Sleep(2 * time.Second)
		got := sinks()[0].got()
		after := 0
		for _, n := range got {
			if n >= 1000 {
				after++
			}
		}
		if float64(after) < 0.995*1000 {
			w.Errorf("%d of 1000 packets came after the outage", after)
		}
	})
}

// A packet that is longer than an MTU is read, and what comes after it too.
func TestVirtualMediaOfAnySize(t *testing.T) {
	virtualMedia(t, simnet.Path{Delay: 10 * time.Millisecond}, func(w *world, a, b *peer, from *source, sinks func() []*sink) {
		from.write(5, 10*time.Millisecond)
		payload := make([]byte, 20000)
		payload[0] = 0x10
		binary.BigEndian.PutUint32(payload[4:], 5)
		a.check(from.track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: from.sequence}, Payload: payload}), "WriteRTP")
		from.sequence++
		from.next++
		from.write(5, 10*time.Millisecond)
		time.Sleep(time.Second)
		if s := sinks()[0]; !s.has(0, 10) {
			w.Errorf("packets %v were read, want 0 to 10", s.got())
		}
	})
}

// A peer that closes its connection ends what is read of it, while this side's
// connection stays.
func TestVirtualReadsEndWithThePeer(t *testing.T) {
	virtualMedia(t, simnet.Path{Delay: 50 * time.Millisecond}, func(w *world, a, b *peer, from *source, sinks func() []*sink) {
		from.write(20, 5*time.Millisecond)
		w.within(time.Second, "the track comes", func() bool { return len(sinks()) == 1 && len(sinks()[0].got()) == 20 })
		a.check(a.Close(), "Close")
		w.within(2*time.Second, "the reads have ended", func() bool {
			select {
			case <-sinks()[0].done:
				return true
			default:
				return false
			}
		})
		if s := b.ConnectionState(); s == PeerConnectionStateClosed {
			w.Errorf("b's connection is %s", s)
		}
	})
}

// restart has the sender send from another SSRC, as one does that has crashed: the
// peer is not told.
func (s *RTPSender) restart() {
	e := s.encodings[0]
	e.unbind(time.Now())
	e.close(time.Now())
	e.ssrc, e.rtx = randomSSRC(), randomSSRC()
	plan := *s.plan.Load()
	media := *plan.media
	media.SendEncodings = nil
	plan.media = &media
	s.plan.Store(&plan)
	s.parameters[0].SSRC = SSRC(e.ssrc)
	_ = s.sync(true)
}
