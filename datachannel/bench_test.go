package datachannel

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// chanConn is one end of a path without delay, for benchmarks.
type chanConn struct {
	in, out chan []byte
	gone    chan struct{}
}

func (c *chanConn) Read(b []byte) (int, error) {
	select {
	case p := <-c.in:
		return copy(b, p), nil
	case <-c.gone:
		return 0, net.ErrClosed
	}
}

func (c *chanConn) Write(b []byte) (int, error) {
	select {
	case c.out <- append([]byte(nil), b...):
		return len(b), nil
	case <-c.gone:
		return 0, net.ErrClosed
	}
}

func (c *chanConn) Close() error                     { close(c.gone); return nil }
func (c *chanConn) LocalAddr() net.Addr              { return nil }
func (c *chanConn) RemoteAddr() net.Addr             { return nil }
func (c *chanConn) SetDeadline(time.Time) error      { return nil }
func (c *chanConn) SetReadDeadline(time.Time) error  { return nil }
func (c *chanConn) SetWriteDeadline(time.Time) error { return nil }

// benchPair returns two started sessions.
func benchPair(b *testing.B, onChannel func(*Channel)) (x, y *Session) {
	ab, ba := make(chan []byte, 4096), make(chan []byte, 4096)
	conns := [2]net.Conn{&chanConn{ba, ab, make(chan struct{})}, &chanConn{ab, ba, make(chan struct{})}}
	var sessions [2]*Session
	done := make(chan error, 2)
	for i := range 2 {
		sessions[i] = NewSession(SessionConfig{OnChannel: onChannel, MaxMessageSize: 1 << 20})
		go func() {
			a, err := sctptransport.Dial(b.Context(), sctptransport.Config{Conn: conns[i], MaxMessageSize: 1 << 20})
			if err == nil {
				err = sessions[i].Start(SCTP(a), i == 0, 0, 0)
			}
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.Cleanup(func() { sessions[0].Close(nil); sessions[1].Close(nil) })
	return sessions[0], sessions[1]
}

// BenchmarkThroughput sends messages one way to a push handler.
func BenchmarkThroughput(b *testing.B) {
	for _, size := range []int{64, 1 << 10, 16 << 10, 64 << 10, 256 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var received atomic.Int64
			all := make(chan struct{})
			x, _ := benchPair(b, func(c *Channel) {
				c.SetEvents(Events{OnMessagePush: func([]byte, bool) {
					if received.Add(1) == int64(b.N) {
						close(all)
					}
				}})
			})
			c, err := x.Open(Params{Ordered: true})
			if err != nil {
				b.Fatal(err)
			}
			message := make([]byte, size)
			c.SetBufferedAmountLowThreshold(1 << 20)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if err := c.SendContext(b.Context(), message, false); err != nil {
					b.Fatal(err)
				}
			}
			<-all
		})
	}
}

// BenchmarkPingPong sends one message to and fro.
func BenchmarkPingPong(b *testing.B) {
	x, _ := benchPair(b, func(c *Channel) {
		c.SetEvents(Events{OnMessagePush: func(d []byte, s bool) { c.Send(d, s) }})
	})
	c, err := x.Open(Params{Ordered: true})
	if err != nil {
		b.Fatal(err)
	}
	back := make(chan struct{}, 1)
	c.SetEvents(Events{OnMessagePush: func([]byte, bool) { back <- struct{}{} }})
	message := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		c.Send(message, false)
		<-back
	}
}

// BenchmarkQueue is what a message costs before the engine.
func BenchmarkQueue(b *testing.B) {
	fake := newFake(1 << 62)
	s := NewSession(SessionConfig{})
	defer s.Close(nil)
	s.Start(silentAssociation{fake}, true, 0, 0)
	c, err := s.Open(Params{Ordered: true})
	if err != nil {
		b.Fatal(err)
	}
	message := make([]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		c.Send(message, false)
	}
}

// BenchmarkInbox is what a message costs after the engine.
func BenchmarkInbox(b *testing.B) {
	s := NewSession(SessionConfig{})
	defer s.Close(nil)
	c := s.newChannel(Params{})
	n := 0
	c.SetEvents(Events{OnMessagePush: func(d []byte, _ bool) { n++ }})
	m := message{data: make([]byte, 1000)}
	b.ReportAllocs()
	for b.Loop() {
		c.inbox.put(m)
	}
}

// silentAssociation forgets what it is given.
type silentAssociation struct{ *fakeAssociation }

func (a silentAssociation) OpenStream(id uint16) (Stream, error) {
	return silentStream{fakeStream{a.fakeAssociation, id}}, nil
}

type silentStream struct{ fakeStream }

func (silentStream) Send(sctptransport.PPID, []byte) error { return nil }
