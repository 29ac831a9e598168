package webrtc

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// startLoop runs a loop whose owner counts packets and settles with deadline.
func startLoop(deadline func() time.Time, timeout func(time.Time)) (l *loop, packets *int, wg *sync.WaitGroup) {
	l, packets, wg = newLoop(), new(int), new(sync.WaitGroup)
	l.handlePacket = func(time.Time, *packet) { *packets++ }
	l.handleTimeout = timeout
	l.settle = func(time.Time) time.Time { return deadline() }
	wg.Go(l.run)
	return l, packets, wg
}

func never() time.Time { return time.Time{} }

func TestLoopRunsCallsInOrderAndRefusesThemAfterStop(t *testing.T) {
	l, _, wg := startLoop(never, nil)
	var got []int
	for i := range 10 {
		if err := l.call(func(time.Time) { got = append(got, i) }); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	l.stop()
	wg.Wait()
	if len(got) != 10 {
		t.Errorf("%d calls ran, want 10", len(got))
	}
	if err := l.call(func(time.Time) { t.Error("a call ran after stop") }); !errors.Is(err, net.ErrClosed) {
		t.Errorf("call after stop returned %v, want net.ErrClosed", err)
	}
	if l.post(func(time.Time) { t.Error("work ran after stop") }) {
		t.Error("post after stop was accepted")
	}
}

func TestLoopWakesAtItsOwnersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		next := start.Add(3 * time.Second)
		var woken []time.Duration
		l, _, wg := startLoop(func() time.Time { return next }, func(now time.Time) {
			woken = append(woken, now.Sub(start))
			next = time.Time{}
		})
		l.post(func(time.Time) {})
		time.Sleep(10 * time.Second)
		l.stop()
		wg.Wait()
		if len(woken) != 1 || woken[0] != 3*time.Second {
			t.Errorf("woken at %v, want once at 3s", woken)
		}
	})
}

func TestLoopDropsAFloodOfPacketsAndCountsIt(t *testing.T) {
	l, packets, wg := startLoop(never, nil)
	block, blocked := make(chan struct{}), make(chan struct{})
	l.post(func(time.Time) { close(blocked); <-block })
	<-blocked
	const flood = 3 * packetQueue
	for range flood {
		l.deliver(nil, 1, netip.AddrPort{}, make([]byte, 20))
	}
	l.deliver(nil, 1, netip.AddrPort{}, make([]byte, maxSTUNSize+1))
	close(block)
	if err := l.call(func(time.Time) {}); err != nil {
		t.Fatal(err)
	}
	l.stop()
	wg.Wait()
	if got := uint64(*packets) + l.dropped.Load() + uint64(len(l.packets)); got != flood+1 {
		t.Errorf("%d handled + %d dropped + %d waiting, want %d in all", *packets, l.dropped.Load(), len(l.packets), flood+1)
	}
	if l.dropped.Load() < flood-packetQueue {
		t.Errorf("%d packets dropped, want at least %d", l.dropped.Load(), flood-packetQueue)
	}
}
