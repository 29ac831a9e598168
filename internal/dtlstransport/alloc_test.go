//go:build !race

package dtlstransport

import (
	"runtime"
	"testing"
	"time"
)

// Neither sealing nor opening allocates, for any suite. (The race detector makes
// pools forget.)
func TestRecordsDoNotAllocate(t *testing.T) {
	x, y := realPair(t)
	content, buf := make([]byte, 1100), make([]byte, 2000)
	if n := testing.AllocsPerRun(200, func() {
		for range 40 {
			if err := x.Append(content); err != nil {
				t.Fatal(err)
			}
		}
		x.Flush()
		for range 40 {
			if _, err := y.Read(buf); err != nil {
				t.Fatal(err)
			}
		}
	}); n >= 1 {
		t.Errorf("40 records there cost %v allocations", n)
	}
	for _, id := range ours {
		p, _, _ := testProtection(t, id)
		sealed, sequence := make([]byte, 0, 2000), uint64(0)
		o := opener{protect: p, window: newReplayWindow(512)}
		if n := testing.AllocsPerRun(200, func() {
			sequence++
			r, _, _ := nextRecord(p.seal(sealed, typeApplicationData, sequence, content))
			if _, why := o.open(buf[:0], r); why != keep {
				t.Fatal(why)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations for a record", id, n)
		}
	}
}

// An idle, connected transport is little more than its two keys.
func TestAnIdleTransportIsSmall(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	const pairs = 100
	realPair(t)
	before := heap()
	kept := make([]*Transport, 0, 2*pairs)
	for range pairs {
		x, y := realPair(t)
		kept = append(kept, x, y)
	}
	const limit = 9 << 10
	var each int64
	// The engine's goroutines may be on their last lines still.
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if each = (int64(heap()) - int64(before)) / (2 * pairs); each <= limit {
			break
		}
	}
	runtime.KeepAlive(kept)
	t.Logf("an idle transport takes %d bytes of heap and stack", each)
	if each > limit {
		t.Errorf("an idle transport takes %d bytes, want at most 9 KiB", each)
	}
}
