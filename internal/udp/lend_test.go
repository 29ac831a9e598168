package udp

import (
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"
)

// ReadBatch lends buffers with what it has read, and Release takes them back.
func TestLentBuffers(t *testing.T) {
	for _, a := range loopbacks {
		x, y := listen(t, a), listen(t, a)
		batch := make([]Datagram, MaxLent+3)
		var sent []Datagram
		for i := range 5 * MaxLent {
			sent = append(sent, numbered(i, 100+i%7*200, y.LocalAddr()))
		}
		if n, err := x.WriteBatch(sent); n != len(sent) || err != nil {
			t.Fatalf("sent %d: %v", n, err)
		}
		var got []datagram
		for len(got) < len(sent) {
			n, err := y.ReadBatch(batch)
			if err != nil || n > MaxLent {
				t.Fatalf("%d entries, %v", n, err)
			}
			for _, d := range batch[:n] {
				got = append(got, takeApart(d)...)
			}
			Release(batch)
			for i := range batch {
				if batch[i].Buf != nil || batch[i].lent != nil {
					t.Fatalf("entry %d keeps its buffer", i)
				}
			}
		}
		wantSame(t, got, sent)
	}
}

// A batch whose first entry has a Buf is the caller's.
func TestLendKeepsBuffers(t *testing.T) {
	batch := buffers(2, 10)
	if Lend(batch) || len(batch[0].Buf) != 10 {
		t.Error("the caller's buffers were replaced")
	}
	if Release(batch); len(batch[1].Buf) != 10 {
		t.Error("the caller's buffers were taken away")
	}
	if Lend(nil) {
		t.Error("lent to no entry")
	}
	Release(nil)
}

// Nothing is lent to a read that comes to nothing.
func TestNothingLentAtClose(t *testing.T) {
	c := listen(t, "127.0.0.1")
	batch := make([]Datagram, 4)
	done := make(chan error)
	go func() {
		_, err := c.ReadBatch(batch)
		done <- err
	}()
	c.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	if batch[0].Buf != nil {
		t.Error("the entry has a buffer")
	}
}

func TestReadsDoNotAllocate(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	batch, one := make([]Datagram, 4), []Datagram{numbered(1, 1000, y.LocalAddr())}
	pass := func() {
		if _, err := x.WriteBatch(one); err != nil {
			t.Fatal(err)
		}
		if n, err := y.ReadBatch(batch); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		Release(batch)
	}
	pass()
	if n := testing.AllocsPerRun(100, pass); n >= 1 && !raceDetector {
		t.Errorf("%v allocations for a datagram there and back", n)
	}
}

// BenchmarkIdleSocket tells what a socket costs whose reader waits, in bytes of
// heap, the reader's batch included.
func BenchmarkIdleSocket(b *testing.B) {
	const sockets = 200
	var per float64
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		conns := make([]Conn, sockets)
		var wg, read sync.WaitGroup
		read.Add(sockets)
		for i := range conns {
			conns[i] = listen(b, "127.0.0.1")
			wg.Go(func() {
				for batch := make([]Datagram, MaxLent); ; Release(batch) {
					n, err := conns[i].ReadBatch(batch)
					if err != nil {
						return
					}
					read.Add(-n)
				}
			})
		}
		for i := range conns {
			conns[(i+1)%sockets].WriteBatch([]Datagram{numbered(i, 1200, conns[i].LocalAddr())})
		}
		read.Wait()
		runtime.GC()
		runtime.GC() // twice, for what pools hold
		runtime.ReadMemStats(&after)
		per = float64(after.HeapAlloc-before.HeapAlloc) / sockets
		for _, c := range conns {
			c.Close()
		}
		wg.Wait()
	}
	b.ReportMetric(per, "B/socket")
}
