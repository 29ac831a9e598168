package dtlstransport

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

func connectedPair(t *testing.T, change ...func(a, b *Config)) *pair {
	t.Helper()
	p := newPair(t, 0, change...)
	p.start()
	p.wantConnected(2*time.Second, "after Start")
	return p
}

// RFC 5246 §7.2.
func TestAlerts(t *testing.T) {
	for _, tt := range []struct {
		name    string
		content []byte
		state   State
		answers int
	}{
		{"close_notify", []byte{alertWarning, alertCloseNotify}, StateClosed, 1},
		{"close_notify, said to be fatal", []byte{alertFatal, alertCloseNotify}, StateClosed, 1},
		{"user_canceled, a warning", []byte{alertWarning, 90}, StateConnected, 0},
		{"no_renegotiation, a warning", []byte{alertWarning, alertNoRenegotiation}, StateConnected, 0},
		{"bad_record_mac, fatal", []byte{alertFatal, 20}, StateFailed, 0},
		{"of a level that is none", []byte{3, 20}, StateConnected, 0},
		{"cut short", []byte{alertFatal}, StateConnected, 0},
		{"too long", []byte{alertFatal, 20, 0}, StateConnected, 0},
		{"empty", nil, StateConnected, 0},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := connectedPair(t)
			p.b.out.set(func(int, []byte) [][]byte { return nil })
			p.a.out.set(func(int, []byte) [][]byte { return nil })
			f := newForger(t, p.b)
			first, after := f.seal(typeAlert, tt.content), f.seal(typeApplicationData, []byte("behind"))
			p.a.HandleDatagram(slices.Concat(first, after))
			synctest.Wait()
			if got := p.a.State(); got != tt.state {
				t.Fatalf("state %v, want %v", got, tt.state)
			}
			if got := p.a.countSealed(typeAlert); got != tt.answers {
				t.Errorf("%d alerts were sent, want %d", got, tt.answers)
			}
			data := p.a.drainData(t)["behind"]
			if want := map[bool]int{true: 1}[tt.state == StateConnected]; data != want {
				t.Errorf("%d messages behind the alert, want %d", data, want)
			}
			if _, err := p.a.Write([]byte("x")); (err == nil) != (tt.state == StateConnected) {
				t.Errorf("Write: %v", err)
			}
			malformed := uint64(0)
			if len(tt.content) != 2 || tt.content[0] > 2 {
				malformed = 1
			}
			if got := p.a.Stats().Dropped.Malformed; got != malformed {
				t.Errorf("%d malformed, want %d", got, malformed)
			}
		})
	}
}

// RFC 8827 §6.5: "Implementations MUST NOT implement DTLS renegotiation and MUST
// reject it with a "no_renegotiation" alert if offered."
func TestRenegotiationIsRefused(t *testing.T) {
	hello := func(typ byte) []byte {
		return append([]byte{typ, 0, 0, 4, 0, 9, 0, 0, 0, 0, 0, 4}, 1, 2, 3, 4)
	}
	for _, tt := range []struct {
		name     string
		victim   func(*pair) (victim, other *peer)
		message  byte
		refusals int
	}{
		{"HelloRequest to the client", func(p *pair) (*peer, *peer) { return p.a, p.b }, typeHelloRequest, 1},
		{"ClientHello to the server", func(p *pair) (*peer, *peer) { return p.b, p.a }, typeClientHello, 1},
		{"HelloRequest to the server", func(p *pair) (*peer, *peer) { return p.b, p.a }, typeHelloRequest, 0},
		{"ClientHello to the client", func(p *pair) (*peer, *peer) { return p.a, p.b }, typeClientHello, 0},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := connectedPair(t)
			victim, other := tt.victim(p)
			f := newForger(t, other)
			for range 5 {
				victim.HandleDatagram(f.seal(typeHandshake, hello(tt.message)))
			}
			synctest.Wait()
			if got := victim.countSealed(typeAlert, alertWarning, alertNoRenegotiation); got != tt.refusals {
				t.Errorf("%d refusals at once, want %d", got, tt.refusals)
			}
			if got := victim.Stats().Dropped.Renegotiation; got != 5 {
				t.Errorf("%d counted, want 5", got)
			}
			time.Sleep(time.Second)
			victim.HandleDatagram(f.seal(typeHandshake, hello(tt.message)))
			synctest.Wait()
			if got := victim.countSealed(typeAlert, alertWarning, alertNoRenegotiation); got != 2*tt.refusals {
				t.Errorf("%d refusals a second later, want %d", got, 2*tt.refusals)
			}
			victim.write("still here")
			other.wantRead("still here", "afterwards")
			p.wantNoNonceTwice("afterwards")
		})
	}
	bubble(t, "other messages", func(t *testing.T) {
		p := connectedPair(t)
		f := newForger(t, p.b)
		before := len(p.a.out.log())
		for _, content := range [][]byte{{14, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0}, {typeFinished, 0, 0}, nil} {
			p.a.HandleDatagram(f.seal(typeHandshake, content))
		}
		time.Sleep(time.Second)
		if got := len(p.a.out.log()) - before; got != 0 {
			t.Errorf("%d answers", got)
		}
		if d := p.a.Stats().Dropped; d.Stale != 1 || d.Malformed != 2 {
			t.Errorf("counted %+v", d)
		}
		p.wantExchange("afterwards")
	})
}

func TestForgeriesReplaysAndOddRecordsAreCounted(t *testing.T) {
	bubble(t, "of a living session", func(t *testing.T) {
		p := connectedPair(t)
		f := newForger(t, p.b)
		good := f.seal(typeApplicationData, []byte("good"))
		bad := slices.Clone(good)
		bad[len(bad)-1] ^= 1
		p.a.HandleDatagram(slices.Concat(bad, good, good, f.seal(typeApplicationData, nil)))
		p.a.HandleDatagram(f.seal(typeApplicationData, make([]byte, pooledSize+1)))
		p.a.HandleDatagram(make([]byte, maxDatagram+1))
		p.a.HandleDatagram(plain(typeApplicationData, 1, 1<<20, make([]byte, 23)))
		if d := p.a.Stats().Dropped; d.Forged != 1 || d.Replayed != 1 || d.Oversized != 2 || d.Malformed != 1 {
			t.Errorf("counted %+v", d)
		}
		if got := p.a.drainData(t); len(got) != 1 || got["good"] != 1 {
			t.Errorf("came: %v", got)
		}
		p.wantExchange("afterwards")
	})
	bubble(t, "more forgeries than the key can bear", func(t *testing.T) {
		p := connectedPair(t)
		p.a.in.opener.forged = integrityLimit - 2
		bad := plain(typeApplicationData, 1, 100, make([]byte, 40))
		p.a.HandleDatagram(bad)
		p.wantConnected(0, "one more may come")
		p.a.HandleDatagram(bad)
		p.a.wantFailure(rtcerr.DetailDTLSFailure, nil, -1, -1, "the key is worn")
	})
}

// RFC 6347 §4.1: no number is used again.
func TestTheNumbersOfASessionEnd(t *testing.T) {
	bubble(t, "at 2^48-1", func(t *testing.T) {
		p := connectedPair(t)
		p.a.sealer.Load().next = maxSequence - 1
		p.a.write("the last")
		p.b.wantRead("the last", "number 2^48-2")
		answer := newForger(t, p.b).seal(typeAlert, []byte{alertWarning, alertCloseNotify})
		p.a.out.set(func(_ int, b []byte) [][]byte {
			p.a.HandleDatagram(answer) // comes before Write has returned
			return [][]byte{b}
		})
		var failure *rtcerr.RTCError
		if _, err := p.a.Write([]byte("x")); !errors.As(err, &failure) || !errors.Is(err, errExhausted) {
			t.Errorf("Write: %v", err)
		}
		p.b.wantState(StateClosed, time.Second, "close_notify has the number 2^48-1")
		p.a.wantState(StateFailed, 0, "no number is left")
		if _, err := p.a.Write([]byte("x")); !errors.Is(err, errExhausted) {
			t.Errorf("another Write: %v", err)
		}
		p.wantNoNonceTwice("at the end")
	})
}

// What is appended leaves with Flush, in one call, or when a burst is full.
func TestBursts(t *testing.T) {
	for _, tt := range []struct {
		name         string
		size, append int
		calls        []int // datagrams of each call of Send
	}{
		{"nothing", 0, 0, nil},
		{"ten", 100, 10, []int{10}},
		{"64 small ones", 100, 64, []int{64}},
		{"65 small ones", 100, 65, []int{64, 1}},
		{"200 small ones", 100, 200, []int{64, 64, 64, 8}},
		{"60 large ones", 1163, 60, []int{54, 6}},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var calls []int
			p := newPair(t, 0, func(a, _ *Config) {
				send := a.Send
				a.Send = func(bs [][]byte) error {
					mu.Lock()
					defer mu.Unlock()
					calls = append(calls, len(bs))
					return send(bs)
				}
			})
			p.start()
			p.wantConnected(2*time.Second, "after Start")
			calls = nil
			c := p.a.Conn()
			var want []string
			for i := range tt.append {
				m := []byte(fmt.Sprintf("%*d", tt.size, i))
				want = append(want, string(m))
				if err := c.Append(m); err != nil {
					t.Fatal(err)
				}
				clear(m) // it is not kept
			}
			for range 2 {
				if err := c.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(calls, tt.calls) {
				t.Errorf("calls of Send with %v datagrams, want %v", calls, tt.calls)
			}
			for _, m := range want {
				p.b.wantRead(m, "in order")
			}
			if p.a.sealer.Load().waiting != nil {
				t.Error("a burst is held although nothing waits")
			}
			c.Close()
			if err := c.Append([]byte("x")); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Append after Close: %v", err)
			}
		})
	}
	bubble(t, "Close sends what waits", func(t *testing.T) {
		p := connectedPair(t)
		if err := p.a.Append([]byte("last words")); err != nil {
			t.Fatal(err)
		}
		p.a.Close()
		p.b.wantRead("last words", "before close_notify")
		p.b.wantState(StateClosed, time.Second, "close_notify")
		if err := p.a.Append([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Append: %v", err)
		}
		p.a.Flush()
		if p.a.sealer.Load().waiting != nil {
			t.Error("a burst is held after the end")
		}
	})
}

// Goroutines that append and flush at the same time, and Close under them: each
// one's records keep their order, and no number is used twice.
func TestConcurrentAppend(t *testing.T) {
	bubble(t, "four writers", func(t *testing.T) {
		p := connectedPair(t)
		p.b.Conn() // has room for a window
		const each = 300
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range each {
					if err := p.a.Append(fmt.Appendf(nil, "%d %d", w, i)); err != nil {
						t.Error(err)
					}
					if i%7 == w {
						p.a.Flush()
					}
				}
				p.a.Flush()
			})
		}
		wg.Wait()
		var next [4]int
		for range 4 * each {
			buf := make([]byte, 100)
			n, err := p.b.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			var w, i int
			fmt.Sscan(string(buf[:n]), &w, &i)
			if i != next[w] {
				t.Fatalf("writer %d: record %d, want %d", w, i, next[w])
			}
			next[w]++
		}
		p.wantNoNonceTwice("four writers")
	})
	bubble(t, "until Close", func(t *testing.T) {
		p := connectedPair(t)
		p.b.out.set(nil)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					if err := p.a.Append([]byte(strings.Repeat("x", 500))); err != nil {
						if !errors.Is(err, net.ErrClosed) {
							t.Error(err)
						}
						return
					}
					p.a.Flush()
					time.Sleep(time.Millisecond)
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		p.a.Close()
		wg.Wait()
		synctest.Wait()
		p.wantNoNonceTwice("until Close")
		if p.b.State() != StateClosed {
			t.Errorf("the other end is %v", p.b.State())
		}
	})
}

// Readers are woken once for a batch, and not before its end.
func TestABatchWakesItsReaderOnce(t *testing.T) {
	bubble(t, "ten records", func(t *testing.T) {
		p := connectedPair(t)
		f := newForger(t, p.b)
		// Each reader takes one record and leaves, so that all must be woken.
		read := make(chan string, 20)
		for range 10 {
			go func() {
				buf := make([]byte, 100)
				if n, err := p.a.Read(buf); err == nil {
					read <- string(buf[:n])
				}
			}()
		}
		synctest.Wait()
		for i := range 10 {
			p.a.Deliver(f.seal(typeApplicationData, fmt.Append(nil, i)))
		}
		synctest.Wait()
		if len(read) != 0 {
			t.Errorf("%d records were read before the end of the batch", len(read))
		}
		p.a.EndBatch()
		synctest.Wait()
		if len(read) != 10 {
			t.Errorf("%d records were read, want 10", len(read))
		}
	})
}
