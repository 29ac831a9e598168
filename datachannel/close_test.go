package datachannel

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// pair returns an open channel with both ends recorded.
func pair(t *testing.T, a, b *peer, p Params) (ca, cb *Channel, ra, rb *record) {
	t.Helper()
	b.channel = func(c *Channel) { rb = recordOf(c) }
	ca, ra = a.open(p)
	settle()
	return ca, b.theChannel(), ra, rb
}

func TestClose(t *testing.T) {
	for name, closing := range map[string]func(a, b *Channel){
		"by the opener":  func(a, _ *Channel) { a.Close() },
		"by the peer":    func(_, b *Channel) { b.Close() },
		"by both":        func(a, b *Channel) { a.Close(); b.Close() },
		"twice":          func(a, _ *Channel) { a.Close(); a.Close() },
		"while answered": func(a, b *Channel) { a.Close(); time.Sleep(15 * time.Millisecond); b.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := connect(t, 10*time.Millisecond, SessionConfig{})
				ca, cb, ra, rb := pair(t, a, b, Params{Ordered: true})
				closing(ca, cb)
				if ca.State() == Open && cb.State() == Open {
					t.Error("Close leaves the state open")
				}
				settle()
				closed := "close in state closed"
				switch name {
				case "by both":
					ra.want(t, "the opener", "open", closed)
					rb.want(t, "the peer", "open", closed)
				case "by the peer":
					ra.want(t, "the opener", "open", "closing", closed)
					rb.want(t, "the peer", "open", closed)
				default:
					ra.want(t, "the opener", "open", closed)
					rb.want(t, "the peer", "open", "closing", closed)
				}
				err := ca.Send([]byte("late"), true)
				var state *rtcerr.InvalidStateError
				if !errors.As(err, &state) || !errors.Is(err, net.ErrClosed) {
					t.Errorf("Send on a closed channel: %v", err)
				}
				if len(a.s.channels)+len(b.s.channels) != 0 {
					t.Error("the id is not free")
				}
			})
		})
	}
}

// TestCloseWhileSending: "Finish sending all currently pending messages"
// (webrtc-pc §6.2, closing procedure).
func TestCloseWhileSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		ca, cb, ra, rb := pair(t, a, b, Params{Ordered: true})
		message := make([]byte, 60000)
		for range 50 {
			if err := ca.Send(message, false); err != nil {
				t.Fatal(err)
			}
			if err := cb.Send(message, false); err != nil {
				t.Fatal(err)
			}
		}
		ca.Close()
		if ca.BufferedAmount() == 0 {
			t.Fatal("nothing was pending")
		}
		settle()
		want := append([]string{"open"}, strings.Split(strings.Repeat("binary of 60000,", 50)+"closing,close in state closed", ",")...)
		rb.want(t, "the peer", want...)
		// The closer takes no messages any more.
		ra.want(t, "the closer", "open", "close in state closed")
		if n := ca.Stats().Dropped; n != 50 {
			t.Errorf("the closer has dropped %d messages, want 50", n)
		}
	})
}

// TestCloseInHandler: a handler may close its channel; what was received before
// is not delivered any more.
func TestCloseInHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		var got []string
		b.channel = func(c *Channel) {
			c.SetEvents(Events{
				OnMessage: func(d []byte, _ bool) { got = append(got, string(d)); c.Close() },
				OnClose:   func() { got = append(got, "close") },
			})
		}
		c, _ := a.open(Params{Ordered: true})
		for _, m := range []string{"one", "two", "three"} {
			c.Send([]byte(m), true)
		}
		settle()
		if s := strings.Join(got, " "); s != "one close" {
			t.Errorf("the handlers saw %q", s)
		}
	})
}

// TestReuseOfID: the id of a closed channel can be used again, by either side.
func TestReuseOfID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		for i := range 5 {
			ca, ra := a.open(Params{Ordered: true, Negotiated: true, ID: num(8)})
			cb, rb := b.open(Params{Ordered: true, Negotiated: true, ID: num(8)})
			if _, err := a.s.Open(Params{Negotiated: true, ID: num(8)}); err == nil {
				t.Fatal("an open id is used again")
			}
			ca.Send([]byte("a"), true)
			cb.Send([]byte("b"), true)
			settle()
			if i%2 == 0 {
				ca.Close()
			} else {
				cb.Close()
			}
			if _, err := a.s.Open(Params{Negotiated: true, ID: num(8)}); err == nil {
				t.Fatal("a closing id is used again")
			}
			settle()
			ea, eb := []string{"open", `string "b"`}, []string{"open", `string "a"`}
			if i%2 == 0 {
				eb = append(eb, "closing")
			} else {
				ea = append(ea, "closing")
			}
			ra.want(t, "a", append(ea, "close in state closed")...)
			rb.want(t, "b", append(eb, "close in state closed")...)
		}
	})
}

// TestReuseUnderLoss: resets and their answers are lost, and ids are used again
// at once all the same.
func TestReuseUnderLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		lossy(a.pipe, b.pipe, 0.3, 7)
		for round := range 20 {
			ca, ra := a.open(Params{Ordered: true, Negotiated: true, ID: num(3)})
			cb, rb := b.open(Params{Ordered: true, Negotiated: true, ID: num(3)})
			ca.Send([]byte("a"), true)
			cb.Send([]byte("b"), true)
			for n := 0; len(ra.all()) < 2 || len(rb.all()) < 2; n++ {
				if n == 100 {
					t.Fatalf("round %d: %q and %q after %d s", round, ra.all(), rb.all(), n)
				}
				time.Sleep(time.Second)
			}
			ca.Close()
			for n := 0; ca.State() != Closed || cb.State() != Closed; n++ {
				if n == 100 {
					t.Fatalf("round %d: still %v and %v", round, ca.State(), cb.State())
				}
				time.Sleep(time.Second)
			}
		}
	})
}

// TestAbruptEnd: the association fails under the channels.
func TestAbruptEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		ca, cb, ra, rb := pair(t, a, b, Params{Ordered: true})
		var failure error
		e := rb.handlers()
		e.OnError = func(err error) { failure = err; rb.add("error") }
		cb.SetEvents(e)
		cause := errors.New("no more consent")
		a.s.Close(cause) // aborts the association, which the peer is told
		settle()
		ra.want(t, "who gave up", "open", "error", "close in state closed")
		rb.want(t, "the peer", "open", "error", "close in state closed")
		var rtc *rtcerr.RTCError
		if !errors.As(failure, &rtc) || rtc.Detail != rtcerr.DetailSCTPFailure || rtc.Cause == nil || *rtc.Cause != 12 {
			t.Errorf("the peer's OnError got %v", failure)
		}
		if err := ca.Send(nil, true); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Send: %v", err)
		}
		if _, _, err := ca.Receive(t.Context()); !errors.Is(err, cause) {
			t.Errorf("Receive: %v", err)
		}
		if _, err := a.s.Open(Params{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Open: %v", err)
		}
	})
}

// TestSilentEnd: closing the connection fires nothing (webrtc-pc §4.4.3), not
// even what has happened already.
func TestSilentEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		release := make(chan struct{})
		var got []string
		var cb *Channel
		b.channel = func(c *Channel) {
			cb = c
			c.SetEvents(Events{
				OnMessage: func(d []byte, _ bool) { got = append(got, string(d)); <-release },
				OnClosing: func() { got = append(got, "closing") },
				OnError:   func(error) { got = append(got, "error") },
				OnClose:   func() { got = append(got, "close") },
			})
		}
		ca, ra := a.open(Params{Ordered: true})
		ca.Send([]byte("one"), true)
		ca.Send([]byte("two"), true)
		settle()
		a.s.Close(nil)
		b.s.Close(nil) // does not wait for the handler
		close(release)
		settle()
		if s := strings.Join(got, " "); s != "one" {
			t.Errorf("the handlers saw %q", s)
		}
		ra.want(t, "the other", "open")
		if ca.State() != Closed || cb.State() != Closed {
			t.Errorf("states %v and %v", ca.State(), cb.State())
		}
		if _, err := cb.Read(nil); !errors.Is(err, net.ErrClosed) || err == io.EOF {
			t.Errorf("Read: %v", err)
		}
	})
}

// TestSessionClosedInHandler: any handler may close the session.
func TestSessionClosedInHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		done := make(chan struct{})
		b.channel = func(c *Channel) {
			c.SetEvents(Events{OnMessage: func([]byte, bool) { b.s.Close(nil); close(done) }})
		}
		c, r := a.open(Params{})
		c.Send(nil, true)
		<-done
		settle()
		r.want(t, "the other", "open", "error", "close in state closed")
	})
}
