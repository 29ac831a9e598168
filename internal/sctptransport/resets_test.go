package sctptransport

import (
	"encoding/binary"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// requests returns the numbers of the stream reset requests in p.
func requests(p []byte) (numbers []uint32, streams int) {
	for c := range chunks(p) {
		if c.kind() == chunkReconfig {
			for param := range c.params() {
				if n, ok := param.reset(); ok {
					numbers = append(numbers, n)
					streams += len(param.streamIDs())
				}
			}
		}
	}
	return numbers, streams
}

func answers(p []byte) bool {
	for c := range chunks(p) {
		if c.kind() == chunkReconfig {
			for param := range c.params() {
				if _, _, ok := param.response(); ok {
					return true
				}
			}
		}
	}
	return false
}

// TestOneRequestInFlight: "there MUST NOT be more than one request in flight"
// (RFC 6525 §5.1.1), however many streams are reset.
func TestOneRequestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, pa, pb := connect(t, 50*time.Millisecond, nil)
		var numbers []uint32
		reset, open := 0, 0
		pa.onWrite(func(p []byte) bool {
			n, streams := requests(p)
			for _, n := range n {
				if !slices.Contains(numbers, n) {
					if open++; open > 1 {
						t.Error("two requests are in flight")
					}
					numbers = append(numbers, n)
					reset += streams
				}
			}
			return true
		})
		pb.onWrite(func(p []byte) bool {
			if answers(p) {
				open--
			}
			return true
		})
		b.Start(func(*Stream) {}, nil)
		var performed []uint16
		for id := range uint16(300) {
			s, _ := a.OpenStream(id)
			s.Send(50, []byte{3}) // counts as an opening
			s.Reset(func() { performed = append(performed, id) })
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		slices.Sort(performed)
		if len(slices.Compact(performed)) != 300 || reset != 300 {
			t.Errorf("%d streams are performed, %d were asked for", len(performed), reset)
		}
		if len(numbers) > 12 {
			t.Errorf("%d requests for 300 streams", len(numbers))
		}
	})
}

// TestRepeatedReset: when the answer to a reset is lost, the request comes again;
// it must not hit the stream that has the id by then.
func TestRepeatedReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _, pb := connect(t, 10*time.Millisecond, nil)
		lost := 0
		pb.onWrite(func(p []byte) bool {
			if answers(p) && lost < 2 {
				lost++
				return false
			}
			return true
		})
		s, _ := a.OpenStream(4)
		s.Send(53, []byte("old"))
		done := false
		s.Reset(func() { done = true })
		here, there := pull(a), pull(b)
		old, _ := there.accept()
		there.receive(old, make([]byte, 10))
		if _, _, err := there.receive(old, nil); err != ErrReset {
			t.Fatalf("the old stream: %v", err)
		}
		old.Reset(nil)
		_, _, err := here.receive(s, nil)
		synctest.Wait()
		if err != ErrReset || done {
			t.Fatalf("our old stream: %v, performed %v", err, done)
		}
		// The peer uses the id again before our request is repeated.
		again, _ := b.OpenStream(4)
		if again == old {
			t.Error("the new stream equals the old one")
		}
		received := make(chan error, 1)
		go func() {
			buf := make([]byte, 10)
			n, _, err := there.receive(again, buf)
			if string(buf[:n]) != "new" {
				t.Errorf("got %q", buf[:n])
			}
			received <- err
		}()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !done || lost != 2 {
			t.Fatalf("performed %v, %d answers were lost", done, lost)
		}
		fresh, _ := a.OpenStream(4)
		if err := fresh.Send(53, []byte("new")); err != nil {
			t.Error(err)
		}
		if err := <-received; err != nil {
			t.Errorf("the new stream: %v", err)
		}
		synctest.Wait()
		if n := len(b.conn.resetting); n > 0 {
			t.Errorf("%d streams are watched for a reset that is over", n)
		}
	})
}

// FuzzPackets feeds the code that looks at packets.
func FuzzPackets(f *testing.F) {
	packet := func(chunk ...byte) []byte {
		p := append(make([]byte, packetHeader), chunk...)
		seal(p)
		return p
	}
	f.Add(packet(130, 0, 0, 16, 0, 16, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1))
	f.Add(packet(130, 0, 0, 22, 0, 13, 0, 18, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1))
	f.Add(packet(3, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0))
	f.Add(packet(6, 0, 0, 8, 0, 12, 0, 4))
	f.Add(packet(0, 3, 0, 17, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 50, 3))
	f.Fuzz(func(t *testing.T, p []byte) {
		e, _ := newPath(0)
		a := &Association{up: make(chan struct{})}
		a.ending.a, a.ending.done = a, make(chan struct{})
		c := newConn(a, Config{Conn: e, MTU: DefaultMTU})
		c.Write(p)
		if n := c.received(p); n > len(p)+3 {
			t.Fatalf("%d bytes of %d", n, len(p))
		}
	})
}

func TestWithout(t *testing.T) {
	p := make([]byte, packetHeader)
	binary.BigEndian.PutUint16(p, 5000)
	p = append(p, 130, 0, 0, 6, 1, 2, 0, 0, 3, 0, 0, 5, 7, 0, 0, 0, 130, 0, 0, 4)
	n := without(p, chunkReconfig)
	want := append(make([]byte, packetHeader), 3, 0, 0, 5, 7, 0, 0, 0)
	binary.BigEndian.PutUint16(want, 5000)
	seal(want)
	if !slices.Equal(p[:n], want) {
		t.Errorf("got % x\nwant % x", p[:n], want)
	}
	if n := without(p[:n], chunkSack); n != 0 {
		t.Errorf("a packet of %d bytes without chunks", n)
	}
}
