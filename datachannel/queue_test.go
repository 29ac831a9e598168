package datachannel

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// fakeAssociation takes as many bytes as it is told to.
type fakeAssociation struct {
	room   int
	onRoom func()
	wanted bool
	sent   []string
	closed chan struct{}
}

func newFake(room int) *fakeAssociation {
	return &fakeAssociation{room: room, closed: make(chan struct{})}
}

func (a *fakeAssociation) OpenStream(id uint16) (Stream, error) { return fakeStream{a, id}, nil }
func (a *fakeAssociation) Start(func(Stream), func(error))      {}
func (a *fakeAssociation) Room() int                            { return a.room }
func (a *fakeAssociation) WantRoom()                            { a.wanted = true }
func (a *fakeAssociation) OnRoom(f func())                      { a.onRoom = f }
func (a *fakeAssociation) Abort(string)                         { close(a.closed) }

// give makes room for n bytes more.
func (a *fakeAssociation) give(n int) {
	a.room += n
	if a.wanted && a.room > 0 {
		a.wanted = false
		a.onRoom()
	}
}

type fakeStream struct {
	a  *fakeAssociation
	id uint16
}

func (s fakeStream) ID() uint16                                             { return s.id }
func (s fakeStream) SetReliability(bool, sctptransport.Reliability, uint32) {}
func (s fakeStream) Unacknowledged() int                                    { return 0 }
func (s fakeStream) OnReadable(func())                                      {}
func (s fakeStream) Reset(func())                                           { s.a.sent = append(s.a.sent, fmt.Sprint(s.id, " reset")) }
func (s fakeStream) Receive([]byte) (int, sctptransport.PPID, error) {
	return 0, 0, sctptransport.ErrEmpty
}

func (s fakeStream) Send(ppid sctptransport.PPID, data []byte) error {
	s.a.room -= len(data)
	s.a.sent = append(s.a.sent, fmt.Sprint(s.id, " ", len(data)))
	return nil
}

// negotiated opens a channel of the given id on s.
func negotiated(t *testing.T, s *Session, id uint16, p Priority) (*Channel, *record) {
	t.Helper()
	c, err := s.Open(Params{Negotiated: true, ID: &id, Ordered: true, Priority: p})
	if err != nil {
		t.Fatal(err)
	}
	return c, recordOf(c)
}

// TestBufferedAmount walks through the attribute's definition (webrtc-pc §6.2).
func TestBufferedAmount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFake(0)
		s := NewSession(SessionConfig{})
		defer s.Close(nil)
		if err := s.Start(fake, true, 0, 0); err != nil {
			t.Fatal(err)
		}
		c, r := negotiated(t, s, 0, 0)
		lows := func() int { return strings.Count(strings.Join(r.all(), " "), "low") }
		step := func(what string, amount uint64, low int) {
			t.Helper()
			synctest.Wait()
			if got := c.BufferedAmount(); got != amount {
				t.Errorf("%s: %d bytes are buffered, want %d", what, got, amount)
			}
			if got := lows(); got != low {
				t.Errorf("%s: %d bufferedamountlow events, want %d", what, got, low)
			}
		}
		step("at first", 0, 0)
		c.Send([]byte("ünï"), true)
		step("after 5 bytes of text", 5, 0)
		c.Send(nil, true)
		c.Send(nil, false)
		step("after empty messages", 5, 0)
		c.Send(make([]byte, 1000), false)
		c.Send(make([]byte, 2000), false)
		step("after 3000 bytes", 3005, 0)
		c.SetBufferedAmountLowThreshold(2000)
		fake.give(5 + 2)
		step("5 bytes and the empty ones are sent", 3000, 0)
		fake.give(1000)
		step("1000 bytes are sent", 2000, 1)
		fake.give(2000)
		step("all is sent", 0, 1)
		c.Send(make([]byte, 2000), false)
		fake.give(2000)
		step("never above the threshold", 0, 1)
		c.Send(make([]byte, 2001), false)
		step("above it", 2001, 1)
		c.SetBufferedAmountLowThreshold(5000)
		step("raising the threshold is no decrease", 2001, 1)
		c.SetBufferedAmountLowThreshold(0)
		fake.give(2001)
		step("sent", 0, 2)

		// "This thus includes any text sent during the execution of the current task,
		// regardless of whether the user agent is able to transmit text asynchronously
		// with script execution": what the transport takes at once counts for a moment.
		fake.room = 100000
		c.Send(make([]byte, 5), false)
		step("sent at once", 5, 2)
		c.Send(make([]byte, 12), false)
		step("two sent at once", 17, 2)
		time.Sleep(quiet)
		c.BufferedAmount()
		step("a moment later", 0, 3)
		c.Send(make([]byte, 5), false)
		c.Send(make([]byte, 5), false)
		time.Sleep(heldFor)
		step("two without a look have one event", 0, 4)
		c.Send(make([]byte, maxHeldAmount), false)
		c.Send(make([]byte, 1), false)
		step("more than a packet does not count", 0, 5)
		var inHandler []uint64
		c.SetEvents(Events{OnBufferedAmountLow: func() {
			inHandler = append(inHandler, c.BufferedAmount())
			if len(inHandler) == 1 {
				c.Send(make([]byte, 10), false)
				inHandler = append(inHandler, c.BufferedAmount())
			}
		}})
		c.Send(make([]byte, 1), false)
		time.Sleep(3 * heldFor)
		synctest.Wait()
		if !slices.Equal(inHandler, []uint64{0, 10, 0}) {
			t.Errorf("in the handler %d bytes", inHandler)
		}

		// "bufferedAmount … does not decrease" when the channel begins to close.
		other, _ := negotiated(t, s, 2, PriorityLow)
		other.Send(make([]byte, 5), false)
		other.Close()
		time.Sleep(quiet)
		if n := other.BufferedAmount(); n != 5 {
			t.Errorf("closing: %d bytes are buffered, want 5", n)
		}

		// "the slot does not reset to zero once the channel closes"
		fake.room = 0
		c.Send(make([]byte, 77), false)
		c.Close()
		step("closed", 77, lows())
		fake.give(77)
		if last := fake.sent[len(fake.sent)-1]; last != "0 reset" {
			t.Errorf("the last thing sent is %q", last)
		}
	})
}

// TestPriorities: channels with much to send share by their priority, in turns.
func TestPriorities(t *testing.T) {
	fake := newFake(0)
	s := NewSession(SessionConfig{})
	defer s.Close(nil)
	if err := s.Start(fake, true, 0, 0); err != nil {
		t.Fatal(err)
	}
	sizes := map[uint16]int{0: 1000, 1: 4000, 2: 30000, 3: 200}
	for id, p := range []Priority{PriorityVeryLow, PriorityLow, PriorityMedium, PriorityHigh} {
		c, _ := negotiated(t, s, uint16(id), p)
		for range 4 << 20 / sizes[uint16(id)] {
			c.Send(make([]byte, sizes[uint16(id)]), false)
		}
	}
	fake.give(5 << 20)
	sums := map[uint16]int{}
	for _, m := range fake.sent {
		var id uint16
		var n int
		fmt.Sscan(m, &id, &n)
		sums[id] += n
	}
	for id := range uint16(3) {
		if ratio := float64(sums[id+1]) / float64(sums[id]); ratio < 1.9 || ratio > 2.1 {
			t.Errorf("channels %d and %d have sent 1 to %.2f: %v", id, id+1, ratio, sums)
		}
	}
}

// TestPump: a turn does not give the transport more than there is room for, but
// for the rest of a message.
func TestPump(t *testing.T) {
	fake := newFake(0)
	s := NewSession(SessionConfig{})
	defer s.Close(nil)
	s.Start(fake, true, 0, 0)
	a, _ := negotiated(t, s, 0, 0)
	b, _ := negotiated(t, s, 1, 0)
	for range 3 {
		a.Send(make([]byte, 100), false)
		b.Send(make([]byte, 100), false)
	}
	a.Close()
	fake.give(150)
	want := []string{"0 100", "0 100"}
	if !slices.Equal(fake.sent, want) {
		t.Errorf("sent %q, want %q", fake.sent, want)
	}
	fake.give(1000)
	want = append(want, "1 100", "1 100", "1 100", "0 100", "0 reset")
	if !slices.Equal(fake.sent, want) {
		t.Errorf("sent %q, want %q", fake.sent, want)
	}
	if a.out.len()+b.out.len() != 0 || s.ring.first != nil {
		t.Error("the queues are not empty")
	}
}

func TestFIFO(t *testing.T) {
	var q fifo[outMessage]
	next, want := 0, 0
	for range 1000 {
		for range 3 {
			q.push(outMessage{size: next})
			next++
		}
		for range 2 {
			if m := q.pop(); m.size != want {
				t.Fatalf("got %d, want %d", m.size, want)
			}
			want++
		}
	}
	for q.len() > 10 {
		q.pop()
		want++
	}
	for range 100000 {
		q.push(outMessage{size: next})
		next++
		if m := q.pop(); m.size != want {
			t.Fatalf("got %d, want %d", m.size, want)
		}
		want++
	}
	if cap(q.items) > 8192 {
		t.Errorf("a queue of ten holds memory for %d", cap(q.items))
	}
}

// scriptedStream returns a message of each of the sizes, as the engine does, and
// lets another one overtake between the call for the size and that for the
// message.
type scriptedStream struct {
	fakeStream
	sizes []int
	calls int
}

func (s *scriptedStream) Receive(p []byte) (int, sctptransport.PPID, error) {
	n := s.sizes[s.calls]
	s.calls++
	if n > len(p) {
		return n, 0, io.ErrShortBuffer
	}
	return n, ppidBinary, nil
}

// TestOvertakenMessage: an unordered message may come between asking for the
// size of a message and reading it.
func TestOvertakenMessage(t *testing.T) {
	for _, sizes := range [][]int{{1, 1}, {1, 3, 3}, {3, 1}, {1, 2, 3, 1}} {
		s := &scriptedStream{sizes: sizes}
		data, ppid, err := readMessage(s, func(n int) []byte { return make([]byte, n) })
		if len(data) != sizes[len(sizes)-1] || ppid != ppidBinary || err != nil || s.calls != len(sizes) {
			t.Errorf("%d: %d bytes, %v after %d calls", sizes, len(data), err, s.calls)
		}
	}
}
