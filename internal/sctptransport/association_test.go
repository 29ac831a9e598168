package sctptransport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestDialTakesTwoRoundTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		a, b, _, _ := connect(t, 50*time.Millisecond, nil)
		if d := time.Since(start); d != 150*time.Millisecond {
			t.Errorf("it took %v, want 3 times 50 ms", d)
		}
		if a.Err() != nil || b.Err() != nil || a.MaxChannels() != 65535 {
			t.Errorf("%v, %v, %d", a.Err(), b.Err(), a.MaxChannels())
		}
	})
}

func TestDialWithoutPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPath(0)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := Dial(ctx, Config{Conn: p})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if _, err := p.Read(nil); err != net.ErrClosed {
			t.Errorf("the connection is left open: %v", err)
		}
		time.Sleep(time.Minute)

		// With no bound it gives up by itself, and closes the connection too.
		p, _ = newPath(0)
		if _, err := Dial(context.Background(), Config{Conn: p}); err == nil {
			t.Error("an association with nobody")
		}
		if _, err := p.Read(nil); err != net.ErrClosed {
			t.Errorf("the connection is left open: %v", err)
		}
		time.Sleep(time.Minute)
	})
}

func TestConfig(t *testing.T) {
	p, _ := newPath(0)
	defer func() {
		if _, err := p.Read(nil); err != net.ErrClosed {
			t.Errorf("the connection is left open: %v", err)
		}
	}()
	for name, c := range map[string]Config{
		"no connection":         {},
		"a tiny MTU":            {Conn: p, MTU: 100},
		"a huge MTU":            {Conn: p, MTU: 70000},
		"a negative RTOMax":     {Conn: p, RTOMax: -1},
		"an impossible message": {Conn: p, MaxMessageSize: 1<<30 + 1},
	} {
		if _, err := Dial(t.Context(), c); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	c, err := Config{Conn: p, MaxMessageSize: 10 << 20}.withDefaults()
	if err != nil || c.ReceiveBuffer != 20<<20 || c.MTU != DefaultMTU || c.RTOMax != DefaultRTOMax {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestOptions sends a message with every option of the association.
func TestOptions(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"plain":         nil,
		"zero checksum": func(c *Config) { c.ZeroChecksum = true },
		"interleaving":  func(c *Config) { c.Interleaving = true },
		"small MTU":     func(c *Config) { c.MTU = 576 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b, pa, _ := connect(t, time.Millisecond, change)
				zero, longest := false, 0
				pa.onWrite(func(p []byte) bool {
					zero = zero || bytes.Equal(p[8:12], make([]byte, 4))
					longest = max(longest, len(p))
					return true
				})
				s, err := a.OpenStream(3)
				if err != nil {
					t.Fatal(err)
				}
				message := bytes.Repeat([]byte("message "), 20000)
				if err := s.Send(51, message); err != nil {
					t.Fatal(err)
				}
				if err := s.Send(51, nil); err == nil {
					t.Error("an empty message is sent")
				}
				pb := pull(b)
				r, err := pb.accept()
				if err != nil || r.ID() != 3 {
					t.Fatalf("%v, %v", r, err)
				}
				n, _, err := pb.receive(r, nil)
				if n != len(message) || !errors.Is(err, io.ErrShortBuffer) {
					t.Errorf("%d, %v", n, err)
				}
				got := make([]byte, n)
				n, ppid, err := pb.receive(r, got)
				if !bytes.Equal(got[:n], message) || ppid != 51 || err != nil {
					t.Errorf("%d bytes of %d, %v", n, ppid, err)
				}
				if zero != (name == "zero checksum") {
					t.Errorf("zero checksums: %v", zero)
				}
				if want := map[bool]int{true: 576, false: DefaultMTU}[name == "small MTU"]; longest > want {
					t.Errorf("a packet of %d bytes", longest)
				}
				time.Sleep(time.Second)
				if st := a.Stats(); st.Unacknowledged != 0 || st.RoundTripTime < 2*time.Millisecond || st.RoundTripTime > 300*time.Millisecond || st.BytesSent < 160000 || st.CongestionWindow == 0 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

func TestEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(a *Association, pa *end)
		here func(error) bool
		peer func(error) bool
	}{
		{"Abort", func(a *Association, _ *end) { a.Abort("enough") },
			func(err error) bool { return err == ErrClosed },
			func(err error) bool {
				abort, ok := errors.AsType[*AbortError](err)
				return ok && abort.Code == 12 && abort.Reason == "enough"
			}},
		{"Close", func(a *Association, _ *end) { a.Close() },
			func(err error) bool { return err == ErrClosed },
			func(err error) bool { return err == nil }}, // nobody has told it
		{"the connection ends", func(_ *Association, pa *end) { pa.in <- delayed{} },
			func(err error) bool { return errors.Is(err, net.ErrClosed) && err != ErrClosed },
			func(err error) bool { return err == nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b, pa, _ := connect(t, time.Millisecond, nil)
				s, _ := a.OpenStream(1)
				x := pull(a)
				pull(b)
				received := make(chan error, 1)
				go func() { _, _, err := x.receive(s, nil); received <- err }()
				synctest.Wait()
				test.end(a, pa)
				time.Sleep(time.Second)
				synctest.Wait()
				if !test.here(a.Err()) || !test.peer(b.Err()) {
					t.Errorf("here %v, there %v", a.Err(), b.Err())
				}
				if err := <-received; !test.here(err) || errors.Is(err, ErrReset) {
					t.Errorf("Receive: %v", err)
				}
				if err := s.Send(51, []byte("x")); !test.here(err) {
					t.Errorf("Send: %v", err)
				}
				if _, err := a.OpenStream(2); err == nil {
					t.Error("a stream of an association that has ended")
				}
				a.Abort("twice")
				a.Close()
			})
		})
	}
}

// TestRoom: the engine is not given more than it can use, and who waits for room
// is called.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _, _ := connect(t, 10*time.Millisecond, nil)
		s, _ := a.OpenStream(1)
		var mu sync.Mutex
		given, called := 0, 0
		part := make([]byte, 10000)
		fill := func() {
			mu.Lock()
			defer mu.Unlock()
			for a.Room() > 0 {
				s.Send(53, part)
				given += len(part)
			}
			a.WantRoom()
		}
		a.OnRoom(func() { fill(); mu.Lock(); called++; mu.Unlock() })
		fill()
		figures := func() (int, int) {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return given, called
		}
		if given, _ := figures(); given < 100000 || given > 200000 {
			t.Errorf("%d bytes at first", given)
		}
		time.Sleep(10 * time.Second)
		// The window of 4 MiB is full, for nobody reads.
		before, calls := figures()
		if calls == 0 || before < 4<<20 || before > 5<<20 {
			t.Errorf("%d bytes after %d calls", before, calls)
		}
		pb := pull(b)
		r, _ := pb.accept()
		buf := make([]byte, len(part))
		for n := before / len(part); n > 0; n-- {
			if _, _, err := pb.receive(r, buf); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		if given, _ := figures(); given == before {
			t.Error("no call when there was room again")
		}
	})
}
