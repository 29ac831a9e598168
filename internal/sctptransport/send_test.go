package sctptransport

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// bursting is an end of a path whose packets leave when Flush is called.
type bursting struct {
	*end

	mu      sync.Mutex
	waiting [][]byte
	flushes int
}

func (b *bursting) Append(p []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, bytes.Clone(p))
	return nil
}

func (b *bursting) Flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 {
		b.flushes++
	}
	for _, p := range b.waiting {
		b.end.Write(p)
	}
	b.waiting = nil
	return nil
}

func (b *bursting) Write(p []byte) (int, error) { b.Append(p); return len(p), b.Flush() }

func (b *bursting) figures() (waiting, flushes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting), b.flushes
}

// dataPacket returns a packet with n bytes of data.
func dataPacket(n int) []byte {
	p := make([]byte, packetHeader, packetHeader+16+n)
	p = binary.BigEndian.AppendUint16(append(p, chunkData, 3), uint16(16+n))
	p = append(p, make([]byte, 12+n)...)
	for len(p)%4 != 0 {
		p = append(p, 0)
	}
	seal(p)
	return p
}

// sackPacket returns a packet that acknowledges with the given number of gaps.
func sackPacket(gaps int) []byte {
	p := append(make([]byte, packetHeader), chunkSack, 0, 0, byte(16+4*gaps))
	p = append(p, make([]byte, 12+4*gaps)...)
	binary.BigEndian.PutUint32(p[packetHeader+8:], 1<<20)
	binary.BigEndian.PutUint16(p[packetHeader+12:], uint16(gaps))
	seal(p)
	return p
}

// TestNothingWaitsForEver: whatever is sent in whatever order, all has left as
// soon as nothing more happens.
func TestNothingWaitsForEver(t *testing.T) {
	kinds := []struct {
		p         []byte
		data, due bool
	}{
		{dataPacket(1100), true, false}, {dataPacket(1100), true, true},
		{dataPacket(10), true, false}, {dataPacket(10), true, true},
		{sackPacket(0), false, false}, {sackPacket(3), false, true},
	}
	synctest.Test(t, func(t *testing.T) {
		e, far := newPath(0)
		for n := range 6 * 6 * 6 * 6 {
			b := &bursting{end: e}
			var tasks tasks
			o := out{below: b, tasks: &tasks, mtu: DefaultMTU}
			sent := 0
			for i := n; i > 0; i /= 6 {
				k := kinds[i%6]
				for range chunks(k.p) {
					sent++
				}
				o.send(k.p, k.data, k.due)
			}
			synctest.Wait()
			arrived := 0
			for len(far.in) > 0 {
				for range chunks((<-far.in).p) {
					arrived++
				}
			}
			if waiting, _ := b.figures(); waiting != 0 || o.holds || arrived != sent {
				t.Fatalf("case %d: %d of %d chunks have left, %d packets wait", n, arrived, sent, waiting)
			}
			tasks.wait()
			// Too late for a goroutine, nothing may wait for one.
			o.send(kinds[0].p, true, true)
			o.send(kinds[3].p, true, true)
			if waiting, _ := b.figures(); waiting != 0 || o.holds || len(far.in) != 2 {
				t.Fatalf("case %d: something waits after the end", n)
			}
			<-far.in
			<-far.in
		}
	})
}

// TestBurstsLeaveTogether: packets that are written one right after the other
// are flushed a few times only, and all of them are.
func TestBurstsLeaveTogether(t *testing.T) {
	for _, workers := range []int{1, 4} {
		e, far := newPath(0)
		b := &bursting{end: e}
		var tasks tasks
		o := out{below: b, tasks: &tasks, mtu: DefaultMTU}
		var group sync.WaitGroup
		for worker := range workers {
			group.Go(func() {
				r := rand.New(rand.NewPCG(1, uint64(worker)))
				for range 1000 {
					switch r.IntN(20) {
					case 0:
						o.send(sackPacket(r.IntN(3)), false, false)
					case 1:
						o.send(dataPacket(10), true, r.IntN(2) == 0)
					default:
						o.send(dataPacket(1100), true, false)
					}
				}
			})
		}
		group.Wait()
		tasks.wait()
		arrived := 0
		for len(far.in) > 0 {
			for range chunks((<-far.in).p) {
				arrived++
			}
		}
		waiting, flushes := b.figures()
		if waiting != 0 || arrived != workers*1000 {
			t.Errorf("%d chunks have arrived, %d packets wait", arrived, waiting)
		}
		t.Logf("%d flushes for %d packets", flushes, workers*1000)
	}
}

func TestJoin(t *testing.T) {
	data, sack := dataPacket(100), sackPacket(2)
	joined, ok := join(bytes.Clone(data), sack, DefaultMTU)
	want := append(bytes.Clone(sack), data[packetHeader:]...)
	seal(want)
	if !ok || !bytes.Equal(joined, want) {
		t.Errorf("joined\n% x\nwant\n% x", joined, want)
	}
	if _, ok := join(bytes.Clone(data), sack, len(want)-1); ok {
		t.Error("joined to more than the path takes")
	}
	e, far := newPath(0)
	o := out{below: singly{e}, tasks: &tasks{}, mtu: DefaultMTU}
	o.send(data, true, true)
	o.send(sack, false, false)
	o.tasks.wait()
	if len(far.in) == 1 && !bytes.Equal((<-far.in).p, want) {
		t.Error("what is sent is not what is joined")
	}
	for name, p := range map[string][]byte{
		"data":         data,
		"nothing":      make([]byte, packetHeader),
		"a sack and":   append(bytes.Clone(sack), 9, 0, 0, 4),
		"a broken one": append(bytes.Clone(sack), 0, 0, 0, 0),
	} {
		if _, ok := join(bytes.Clone(data), p, DefaultMTU); ok {
			t.Errorf("joined with %s", name)
		}
	}
	clear(data[8:12])
	clear(sack[8:12])
	if joined, ok := join(data, sack, DefaultMTU); !ok || !bytes.Equal(joined[8:12], make([]byte, 4)) {
		t.Error("a checksum is there, which neither had")
	}
}

// TestPingPong: no message of a conversation waits.
func TestPingPong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const delay = 10 * time.Millisecond
		a, b, pa, pb := connect(t, delay, func(c *Config) { c.Conn = &bursting{end: c.Conn.(*end)} })
		var datagrams atomic.Int32
		for _, p := range []*end{pa, pb} {
			p.onWrite(func([]byte) bool { datagrams.Add(1); return true })
		}
		x, y := pull(a), pull(b)
		s, err := a.OpenStream(0)
		if err != nil {
			t.Fatal(err)
		}
		message := make([]byte, 100)
		s.Send(53, message)
		r, _ := y.accept()
		const trips = 100
		start := time.Now()
		for range trips {
			if _, _, err := y.receive(r, message); err != nil {
				t.Fatal(err)
			}
			r.Send(53, message)
			if _, _, err := x.receive(s, message); err != nil {
				t.Fatal(err)
			}
			s.Send(53, message)
		}
		// The first message was there when the first trip began.
		if took := time.Since(start); took != (2*trips-1)*delay {
			t.Errorf("%d round trips took %v, want %v", trips, took, (2*trips-1)*delay)
		}
		// Without joining there is half an acknowledgement for each message.
		t.Logf("%d datagrams for %d messages", datagrams.Load(), 2*trips)
	})
}

// BenchmarkBursts is what a packet costs between the engine and the connection.
func BenchmarkBursts(b *testing.B) {
	for _, size := range []int{10, 1100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var tasks tasks
			o := out{below: nowhere{}, tasks: &tasks, mtu: DefaultMTU}
			p := dataPacket(size)
			b.ReportAllocs()
			for b.Loop() {
				o.send(p, true, false)
			}
			tasks.wait()
		})
	}
}

type nowhere struct{}

func (nowhere) Append([]byte) error { return nil }
func (nowhere) Flush() error        { return nil }
