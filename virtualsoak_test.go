package webrtc

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// soakMessage returns the message of the given number, whose length and bytes
// follow from it.
func soakMessage(number uint64) []byte {
	r := rand.New(rand.NewPCG(number, 0))
	size := 8 + r.IntN(200)
	switch r.IntN(20) {
	case 0:
		size = 64 << 10
	case 1, 2, 3:
		size = 8 + r.IntN(4000)
	}
	m := binary.BigEndian.AppendUint64(make([]byte, 0, size), number)
	for fill := r.Uint64(); len(m) < size; fill++ {
		m = binary.BigEndian.AppendUint64(m, fill)
	}
	return m[:size]
}

// soakReceiver checks that messages arrive whole, once each and in order.
type soakReceiver struct {
	t    *testing.T
	next atomic.Uint64
}

func (r *soakReceiver) message(m DataChannelMessage) {
	number := r.next.Load()
	if !bytes.Equal(m.Data, soakMessage(number)) {
		r.t.Errorf("message %d is not what was sent: %d bytes", number, len(m.Data))
	}
	r.next.Add(1)
}

// footprint returns what the process holds when nothing happens.
func footprint() (goroutines int, heap uint64) {
	synctest.Wait()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}

// TestVirtualSoak keeps a connection for ten hours over a path that loses one
// packet in a hundred, with data in both directions and an ICE restart each half
// an hour. Every reliable byte arrives, and nothing grows.
func TestVirtualSoak(t *testing.T) {
	const (
		pause  = 6 * time.Second
		growth = 2 << 20 // bytes of heap that an hour's end may differ by
	)
	hours := 10 * time.Hour
	switch {
	case testing.Short():
		hours = time.Hour
	case raceDetector:
		hours = 2 * time.Hour // it takes ten times as long
	}
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 30 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.01})
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(50*time.Millisecond))
		here, there := &soakReceiver{t: t}, &soakReceiver{t: t}
		d := a.channel("soak", nil)
		d.OnMessage(here.message)
		a.negotiates(b, 50*time.Millisecond)
		w.within(time.Minute, "both are open", func() bool { return d.ReadyState() == DataChannelStateOpen && b.hasOpen(1) })
		e := b.channels[0]
		e.OnMessagePush(there.message)

		var sent uint64
		goroutines, heap := 0, uint64(0)
		end := time.Now().Add(hours)
		restart := time.Now().Add(30 * time.Minute)
		for hour := time.Now().Add(time.Hour); time.Now().Before(end); time.Sleep(pause) {
			// Now and then more than the path takes at once.
			for range 1 + 50*(sent%97/96) {
				a.must(d.Send(soakMessage(sent)), "Send")
				b.must(e.Send(soakMessage(sent)), "Send")
				sent++
			}
			if now := time.Now(); now.After(restart) {
				restart = now.Add(30 * time.Minute)
				a.RestartICE()
				a.negotiates(b, 50*time.Millisecond)
			}
			if time.Now().Before(hour) {
				continue
			}
			hour = hour.Add(time.Hour)
			w.within(time.Minute, "all has arrived", func() bool { return here.next.Load() == sent && there.next.Load() == sent })
			time.Sleep(10 * time.Second)
			g, h := footprint()
			if goroutines == 0 {
				goroutines, heap = g, h // at the end of the first
			}
			if g != goroutines || h > heap+growth {
				t.Errorf("%d goroutines and %d KiB of heap, after an hour %d and %d", g, h>>10, goroutines, heap>>10)
			}
		}
		w.within(time.Minute, "all has arrived", func() bool { return here.next.Load() == sent && there.next.Load() == sent })
		w.within(time.Minute, "both are connected", connected(a, b))
		t.Logf("%d messages each way, %d KiB of heap", sent, heap>>10)
	})
}
