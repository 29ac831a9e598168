package datachannel

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// TestSizes sends messages around every limit, both ways.
func TestSizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, time.Millisecond, SessionConfig{MaxMessageSize: 1 << 20})
		ca, cb, ra, rb := pair(t, a, b, Params{Ordered: true})
		r := rand.NewChaCha8([32]byte{1})
		for _, n := range []int{0, 1, 1143, 1144, 1145, 65535, 65536, 65537, 256 << 10, 256<<10 + 1, 1 << 20} {
			m := make([]byte, n)
			r.Read(m)
			if err := ca.Send(m, false); err != nil {
				t.Fatal(err)
			}
			if err := cb.Send(m, false); err != nil {
				t.Fatal(err)
			}
			settle()
			for who, r := range map[string]*record{"a": ra, "b": rb} {
				if got := r.datas[len(r.datas)-1]; !slices.Equal(got, m) {
					t.Errorf("%s got %d bytes, want the %d that were sent", who, len(got), n)
				}
			}
		}
		a.s.SetRemoteMaxMessageSize(1000)
		if err := ca.Send(make([]byte, 1000), false); err != nil {
			t.Errorf("the largest message: %v", err)
		}
		var typ *rtcerr.TypeError
		if err := ca.Send(make([]byte, 1001), false); !errors.As(err, &typ) {
			t.Errorf("one more: %v", err)
		}
	})
}

// TestLossyTransfer sends 16 MiB both ways over a path that loses 5 % of packets.
func TestLossyTransfer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 5*time.Millisecond, SessionConfig{})
		b.channel = func(c *Channel) { c.Detach() }
		ca, _ := a.s.Open(Params{Ordered: true})
		settle()
		cb := b.theChannel()
		lossy(a.pipe, b.pipe, 0.05, 42)
		const size, part = 16 << 20, 32 << 10
		type sum [sha256.Size]byte
		sent, got := make(chan sum, 2), make(chan sum, 2)
		for i, c := range []*Channel{ca, cb} {
			go func() {
				h := sha256.New()
				r := rand.NewChaCha8([32]byte{byte(i)})
				buf := make([]byte, part)
				for range size / part {
					r.Read(buf)
					h.Write(buf)
					if _, err := c.Write(buf); err != nil {
						t.Error(err)
						return
					}
				}
				sent <- sum(h.Sum(nil))
			}()
			go func() {
				h := sha256.New()
				buf := make([]byte, part)
				for n := 0; n < size; {
					k, err := c.Read(buf)
					if err != nil {
						t.Error(err)
						return
					}
					h.Write(buf[:k])
					n += k
				}
				got <- sum(h.Sum(nil))
			}()
		}
		sums := map[sum]int{<-sent: 1, <-sent: 1}
		for range 2 {
			if s := <-got; sums[s] != 1 {
				t.Errorf("the hash %x is not of what was sent", s)
			}
		}
	})
}

// TestUnordered: an unordered channel delivers what arrives, an ordered one
// waits for what was lost.
func TestUnordered(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		t.Run(fmt.Sprint("ordered ", ordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := connect(t, 10*time.Millisecond, SessionConfig{})
				ca, _, _, rb := pair(t, a, b, Params{Ordered: ordered})
				lossOf(a.pipe, 1)
				ca.Send([]byte("first"), true)
				time.Sleep(5 * time.Millisecond)
				ca.Send([]byte("second"), true)
				settle()
				want := []string{"open", `string "second"`, `string "first"`}
				if ordered {
					want[1], want[2] = want[2], want[1]
				}
				rb.want(t, "the peer", want...)
			})
		})
	}
}

// lossOf loses the next n data packets of p.
func lossOf(p *pipe, n int) {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	p.out.lose = func(b []byte) bool {
		if n == 0 || len(b) < 13 || b[12] != 0 { // DATA (RFC 9260 §3.3.1)
			return false
		}
		n--
		return true
	}
}

// TestNoRetransmission: with maxRetransmits 0, what is lost stays lost and does
// not hold up what follows.
func TestNoRetransmission(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		t.Run(fmt.Sprint("ordered ", ordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := connect(t, 10*time.Millisecond, SessionConfig{})
				ca, _, _, rb := pair(t, a, b, Params{Ordered: ordered, MaxRetransmits: num(0)})
				var want []string
				for i := range 100 {
					if i%10 == 5 {
						lossOf(a.pipe, 1)
					} else {
						want = append(want, fmt.Sprintf("string %q", fmt.Sprint(i)))
					}
					ca.Send(fmt.Append(nil, i), true)
					time.Sleep(100 * time.Millisecond)
				}
				settle()
				rb.want(t, "the peer", append([]string{"open"}, want...)...)
			})
		})
	}
}

// TestLifetime: maxPacketLifeTime is a time from Send to the moment at which the
// message leaves the queue, to the nanosecond.
func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{MaxMessageSize: 1 << 20})
		ca, _, _, rb := pair(t, a, b, Params{MaxPacketLifeTime: num(300)})
		lossOf(a.pipe, 1<<30) // the path is dead
		block := make([]byte, 1<<20)
		for ca.BufferedAmount() == 0 {
			ca.Send(block, false) // until the transport takes no more
			time.Sleep(2 * time.Millisecond)
		}
		before := ca.BufferedAmount()
		time.Sleep(290 * time.Millisecond)
		ca.Send([]byte("late"), true)
		synctest.Wait()
		start := time.Now()
		for ca.BufferedAmount() > 4 {
			time.Sleep(time.Millisecond)
			if time.Since(start) > 20*time.Millisecond {
				t.Fatalf("%d of %d bytes are still queued", ca.BufferedAmount(), before)
			}
		}
		time.Sleep(300*time.Millisecond - time.Since(start) - 1)
		synctest.Wait()
		if n := ca.BufferedAmount(); n != 4 {
			t.Errorf("%d bytes a nanosecond before the time, want 4", n)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if n := ca.BufferedAmount(); n != 0 {
			t.Errorf("%d bytes after the time, want 0", n)
		}
		if st := ca.Stats(); st.Expired != 2 {
			t.Errorf("%d messages expired, want 2", st.Expired)
		}
		lossOf(a.pipe, 0)
		time.Sleep(time.Minute)
		ca.Send([]byte("alive"), true)
		settle()
		if e := rb.all(); e[len(e)-1] != `string "alive"` || slices.Contains(e, `string "late"`) {
			t.Errorf("the peer saw %q", e)
		}
	})
}

// TestSlowConsumer: a handler that blocks holds up its own channel and the
// sender on it, not another channel.
func TestSlowConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 5*time.Millisecond, SessionConfig{})
		release := make(chan struct{})
		var slow, fast int
		b.channel = func(c *Channel) {
			c.SetEvents(Events{OnMessage: func(d []byte, _ bool) {
				if c.Label() == "slow" {
					<-release
					slow += len(d)
				} else {
					fast += len(d)
				}
			}})
		}
		s, _ := a.s.Open(Params{Label: "slow", Ordered: true})
		f, _ := a.s.Open(Params{Label: "fast", Ordered: true})
		part := make([]byte, 50000)
		for range 40 { // 2 MB, half of the window
			s.Send(part, false)
		}
		for range 200 { // 10 MB
			if err := f.SendContext(t.Context(), part, false); err != nil {
				t.Fatal(err)
			}
		}
		settle()
		if slow != 0 || fast != 200*len(part) {
			t.Errorf("%d and %d bytes arrived", slow, fast)
		}
		close(release)
		settle()
		if slow != 40*len(part) {
			t.Errorf("%d bytes arrived on the slow channel", slow)
		}
	})
}

// TestBackPressure: a consumer that blocks for ever stops the sender, whose queue
// then grows; SendContext waits.
func TestBackPressure(t *testing.T) {
	t.Run("with a threshold", func(t *testing.T) { testBackPressure(t, 100000, 100000) })
	t.Run("without", func(t *testing.T) { testBackPressure(t, 0, writableAmount) })
}

func testBackPressure(t *testing.T, threshold, limit uint64) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 5*time.Millisecond, SessionConfig{})
		b.channel = func(c *Channel) { c.Detach() }
		c, _ := a.s.Open(Params{Ordered: true})
		c.SetBufferedAmountLowThreshold(threshold)
		part := make([]byte, 50000)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		sent := 0
		for ; ; sent++ {
			if err := c.SendContext(ctx, part, false); err != nil {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				break
			}
		}
		if n := c.BufferedAmount(); n <= limit || n > limit+100000 {
			t.Errorf("%d bytes are queued, want little more than %d", n, limit)
		}
		if mb := sent * len(part) >> 20; mb < 4 || mb > 6 {
			t.Errorf("%d MiB were sent to a peer that takes nothing", mb)
		}
		// The peer reads, and all arrives.
		d := b.theChannel()
		for i := range sent {
			if n, err := d.Read(part); n != len(part) || err != nil {
				t.Fatalf("message %d: %d bytes, %v", i, n, err)
			}
		}
		time.Sleep(time.Second)
		if n := c.BufferedAmount(); n != 0 {
			t.Errorf("%d bytes are queued in the end", n)
		}
	})
}

// TestNoConsumer: what nobody takes is held to a bound, and the rest is dropped.
func TestNoConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, time.Millisecond, SessionConfig{ReceiveQueue: 10 * (1000 + messageOverhead)})
		c, _ := a.open(Params{Ordered: true})
		for i := range 25 {
			c.Send([]byte(strings.Repeat(fmt.Sprint(i%10), 1000)), true)
		}
		settle()
		d := b.theChannel()
		if n := d.Stats().Dropped; n != 15 {
			t.Errorf("%d messages were dropped, want 15", n)
		}
		var got []string
		d.SetEvents(Events{OnMessage: func(m []byte, _ bool) { got = append(got, string(m[:1])) }})
		c.Send([]byte("x"), true)
		settle()
		if s := strings.Join(got, ""); s != "0123456789x" {
			t.Errorf("delivered %q", s)
		}
	})
}

// TestManyChannelsWithoutConsumer: the peer may open as many channels as it likes, and
// have no more held for it than 64 of them could. A channel that is read goes on.
func TestManyChannelsWithoutConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, queue, channels = 1000, 2 * (1000 + messageOverhead), 100
		a, b := connect(t, time.Millisecond, SessionConfig{ReceiveQueue: queue})
		read, _, _, taken := pair(t, a, b, Params{Ordered: true})
		b.channel = nil // nobody listens to the others
		before := len(taken.all())
		for range channels {
			c, _ := a.open(Params{Ordered: true})
			for range 2 {
				c.Send(make([]byte, size), false)
			}
		}
		settle()
		var dropped uint64
		for _, c := range b.opened {
			dropped += c.Stats().Dropped
		}
		if want := uint64(2*channels - 2*receiveQueues); dropped != want {
			t.Errorf("%d messages were dropped, want %d", dropped, want)
		}
		if n := b.s.queued.Load(); n != receiveQueues*queue {
			t.Errorf("%d bytes are held, want %d", n, receiveQueues*queue)
		}
		for range 50 {
			read.Send(make([]byte, size), false)
		}
		settle()
		if n := len(taken.all()) - before; n != 50 {
			t.Errorf("the channel that is read got %d messages, want 50", n)
		}
		b.s.Close(nil)
		if n := b.s.queued.Load(); n != 0 {
			t.Errorf("%d bytes are held after Close", n)
		}
	})
}

// TestSendBuffer: a bound on what is queued refuses the rest.
func TestSendBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, time.Millisecond, SessionConfig{SendBuffer: 100000})
		ca, _, _, _ := pair(t, a, b, Params{})
		lossOf(a.pipe, 1<<30)
		var err error
		n := 0
		for ; err == nil; n++ {
			err = ca.Send(make([]byte, 1000), false)
		}
		var operation *rtcerr.OperationError
		if !errors.As(err, &operation) {
			t.Errorf("got %v, want an OperationError", err)
		}
		if left := ca.left(); left > 100000 || left < 99000 {
			t.Errorf("%d bytes are queued", left)
		}
	})
}
