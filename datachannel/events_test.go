package datachannel

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestSendForEverInOnOpen: the pattern of many programs, a loop in OnOpen that
// waits for OnBufferedAmountLow, while messages arrive.
func TestSendForEverInOnOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 5*time.Millisecond, SessionConfig{})
		const total = 20 << 20
		var received, echoes atomic.Int64
		b.channel = func(c *Channel) {
			c.SetEvents(Events{OnMessage: func(d []byte, _ bool) {
				if received.Add(int64(len(d)))%(1<<20) == 0 {
					c.Send([]byte("a MiB"), true)
				}
			}})
		}
		c, err := a.s.Open(Params{Ordered: true})
		if err != nil {
			t.Fatal(err)
		}
		more := make(chan struct{}, 1)
		c.SetBufferedAmountLowThreshold(512 << 10)
		c.SetEvents(Events{
			OnOpen: func() {
				for sent := 0; sent < total; sent += 32 << 10 {
					if err := c.Send(make([]byte, 32<<10), false); err != nil {
						t.Error(err)
						return
					}
					if c.BufferedAmount() > 1<<20 {
						<-more
					}
				}
			},
			OnBufferedAmountLow: func() {
				select {
				case more <- struct{}{}:
				default:
				}
			},
			OnMessage: func([]byte, bool) { echoes.Add(1) },
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if received.Load() != total || echoes.Load() != 20 {
			t.Errorf("%d bytes arrived and %d answers", received.Load(), echoes.Load())
		}
	})
}

// TestOneAtATime: handlers do not run beside each other while they return soon,
// and those of messages never do.
func TestOneAtATime(t *testing.T) {
	for _, took := range []time.Duration{0, longRunning / 5, 3 * longRunning} {
		t.Run(took.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := connect(t, time.Millisecond, SessionConfig{})
				var running, messages, most, mostMessages atomic.Int64
				var mu sync.Mutex
				var order []string
				handle := func(name string, message bool) {
					mu.Lock()
					order = append(order, name)
					mu.Unlock()
					most.Store(max(most.Load(), running.Add(1)))
					if message {
						mostMessages.Store(max(mostMessages.Load(), messages.Add(1)))
						defer messages.Add(-1)
					}
					time.Sleep(took)
					running.Add(-1)
				}
				b.channel = func(c *Channel) {
					c.SetBufferedAmountLowThreshold(1)
					c.SetEvents(Events{
						OnOpen: func() { handle("open", false) },
						OnMessage: func(d []byte, _ bool) {
							c.Send([]byte("xx"), true)
							handle(string(d), true)
						},
						OnClosing: func() { handle("closing", false) },
						OnClose:   func() { handle("close", false) },
					})
				}
				c, _ := a.s.Open(Params{Ordered: true})
				want := []string{"open"}
				for i := range 20 {
					c.Send(fmt.Append(nil, i), true)
					want = append(want, fmt.Sprint(i))
				}
				c.Close()
				want = append(want, "closing", "close")
				settle()
				settle()
				if !slices.Equal(order, want) {
					t.Errorf("order %q", order)
				}
				if took < longRunning && most.Load() != 1 {
					t.Errorf("%d handlers ran at once", most.Load())
				}
				if mostMessages.Load() != 1 {
					t.Errorf("%d message handlers ran at once", mostMessages.Load())
				}
			})
		})
	}
}

// TestBlockedMessageHandler: a message handler may wait for bufferedamountlow, and
// what the peer sends meanwhile comes after it.
func TestBlockedMessageHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 5*time.Millisecond, SessionConfig{})
		low := make(chan struct{}, 1)
		var got []string
		b.channel = func(c *Channel) {
			c.SetEvents(Events{
				OnMessage: func(d []byte, _ bool) {
					got = append(got, string(d))
					if len(got) == 1 {
						c.Send(make([]byte, 3<<20), false)
						<-low
						got = append(got, "low")
					}
				},
				OnBufferedAmountLow: func() {
					select {
					case low <- struct{}{}:
					default:
					}
				},
				OnClosing: func() { got = append(got, "closing") },
			})
		}
		b.s.SetRemoteMaxMessageSize(0)
		c, _ := a.s.Open(Params{Ordered: true})
		for _, m := range []string{"one", "two", "three"} {
			c.Send([]byte(m), true)
		}
		time.Sleep(time.Second)
		c.Close()
		settle()
		if s := strings.Join(got, " "); s != "one low two three closing" {
			t.Errorf("the handlers saw %q", s)
		}
	})
}

// TestLateHandlers: events are held for handlers that come late.
func TestLateHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, time.Millisecond, SessionConfig{})
		c, _ := a.open(Params{Ordered: true})
		c.Send([]byte("one"), true)
		c.Send([]byte("two"), true)
		c.Close()
		settle()
		r := recordOf(b.theChannel())
		settle()
		r.want(t, "the late one", "open", `string "one"`, `string "two"`, "closing", "close in state closed")
	})
}

// TestNoMessageHandler: messages that nobody takes do not hold up other events.
func TestNoMessageHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, time.Millisecond, SessionConfig{})
		var got []string
		b.channel = func(c *Channel) {
			c.SetEvents(Events{
				OnOpen:    func() { got = append(got, "open") },
				OnClosing: func() { got = append(got, "closing") },
				OnClose:   func() { got = append(got, "close") },
			})
		}
		c, _ := a.open(Params{Ordered: true})
		c.Send([]byte("one"), true)
		c.Close()
		settle()
		if s := strings.Join(got, " "); s != "open closing close" {
			t.Errorf("the handlers saw %q", s)
		}
	})
}

// TestPush: a push handler borrows the buffer, and runs in order with the rest.
func TestPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, time.Millisecond, SessionConfig{})
		var sizes []int
		var opened bool
		b.channel = func(c *Channel) {
			c.SetEvents(Events{
				OnOpen:    func() { time.Sleep(time.Millisecond); opened = true },
				OnMessage: func([]byte, bool) { t.Error("OnMessage is called beside OnMessagePush") },
				OnMessagePush: func(d []byte, isString bool) {
					if !opened || isString {
						t.Error("a message before its time, or a string")
					}
					sizes = append(sizes, len(d))
					clear(d)
				},
			})
		}
		c, _ := a.open(Params{Ordered: true})
		want := []int{0, 1, 1023, 1024, 1025, 60000, 0, 7}
		for _, n := range want {
			c.Send(make([]byte, n), false)
		}
		settle()
		if !slices.Equal(sizes, want) {
			t.Errorf("got %d", sizes)
		}
	})
}

// TestHandlerEndsGoroutine: a handler may end its goroutine, as t.FailNow does.
func TestHandlerEndsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, time.Millisecond, SessionConfig{})
		var got []string
		c, _ := a.s.Open(Params{Ordered: true})
		c.SetEvents(Events{
			OnOpen:              func() { got = append(got, "open"); runtime.Goexit() },
			OnBufferedAmountLow: func() { got = append(got, "low"); runtime.Goexit() },
			OnClosing:           func() { got = append(got, "closing"); runtime.Goexit() },
			OnClose:             func() { got = append(got, "close") },
		})
		settle()
		c.Send([]byte("x"), true)
		settle()
		b.theChannel().Close()
		settle()
		if s := strings.Join(got, " "); s != "open low closing close" {
			t.Errorf("the handlers saw %q", s)
		}
	})
}
