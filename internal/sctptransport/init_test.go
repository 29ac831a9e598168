package sctptransport

import (
	"testing"
	"testing/synctest"
	"time"
)

// exchange gives two configurations each other's INIT chunks.
func exchange(t *testing.T, a, b *Config) {
	t.Helper()
	for _, c := range []*Config{a, b} {
		chunk, err := NewInit(*c)
		if err != nil {
			t.Fatal(err)
		}
		c.LocalInit = string(chunk)
	}
	a.RemoteInit, b.RemoteInit = b.LocalInit, a.LocalInit
}

// With the INIT chunks exchanged, an association is up at once, a message takes one
// way, and what the chunks say is agreed on.
func TestInitsExchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const delay = 50 * time.Millisecond
		pa, pb := newPath(delay)
		ca, cb := Config{Conn: pa, ZeroChecksum: true, Interleaving: true}, Config{Conn: pb, ZeroChecksum: true, Interleaving: true}
		exchange(t, &ca, &cb)
		begun := time.Now()
		a, err := Dial(t.Context(), ca)
		if err != nil {
			t.Fatal(err)
		}
		s, err := a.OpenStream(7)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(51, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		// The message is there before the other end is.
		time.Sleep(2 * delay)
		b, err := Dial(t.Context(), cb)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			a.Close()
			b.Close()
			time.Sleep(time.Second)
		}()
		end := pull(b)
		if took := time.Since(begun); took != 2*delay {
			t.Errorf("the associations came up after %v", took)
		}
		in, err := end.accept()
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 16)
		if n, ppid, err := end.receive(in, buf); string(buf[:n]) != "hello" || in.ID() != 7 || ppid != 51 || err != nil {
			t.Errorf("got %q of kind %d on stream %d and %v", buf[:n], ppid, in.ID(), err)
		}
		if took := time.Since(begun); took != 2*delay {
			t.Errorf("the message took %v, want none but the %v before Dial", took, 2*delay)
		}
		for _, end := range []*Association{a, b} {
			m, ok := end.Metadata()
			if want := (Metadata{Interleaving: true, PartialReliability: "i-forward-tsn", ZeroChecksumSent: true, ZeroChecksumReceived: true}); !ok || m != want {
				t.Errorf("agreed on %+v, want %+v", m, want)
			}
			if end.MaxChannels() == 0 || end.Room() == 0 {
				t.Errorf("%d channels and room for %d bytes", end.MaxChannels(), end.Room())
			}
		}
	})
}

// One chunk alone means nothing.
func TestOneInitAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		connect(t, time.Millisecond, func(c *Config) {
			chunk, err := NewInit(*c)
			if err != nil {
				t.Error(err)
			}
			c.LocalInit = string(chunk)
		})
		if time.Since(begun) == 0 {
			t.Error("the association came up without a handshake")
		}
	})
}

func TestNewInitRefusesItsConfiguration(t *testing.T) {
	if chunk, err := NewInit(Config{MaxMessageSize: 1<<30 + 1}); err == nil {
		t.Errorf("got %x", chunk)
	}
}
