package datachannel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// readWriteCloserDeadliner is the shape in which programs use detached channels.
type readWriteCloserDeadliner interface {
	io.ReadWriteCloser
	ReadDataChannel([]byte) (int, bool, error)
	WriteDataChannel([]byte, bool) (int, error)
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

var _ readWriteCloserDeadliner = (*Channel)(nil)

func TestBlockingReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		c, _ := a.s.Open(Params{Ordered: true})
		settle()
		d := b.theChannel()
		d.Detach()
		start := time.Now()
		go func() {
			time.Sleep(time.Second)
			c.Write([]byte("after a second"))
			c.WriteDataChannel([]byte("text"), true)
			c.WriteDataChannel(nil, true)
			c.Close()
		}()
		buf := make([]byte, 100)
		n, isString, err := d.ReadDataChannel(buf)
		if string(buf[:n]) != "after a second" || isString || err != nil || time.Since(start) != time.Second+10*time.Millisecond {
			t.Errorf("%q, %v, %v after %v", buf[:n], isString, err, time.Since(start))
		}
		if n, _, err = d.ReadDataChannel(buf[:3]); n != 0 || err != io.ErrShortBuffer {
			t.Errorf("too short a buffer: %d, %v", n, err)
		}
		data, isString, err := d.Receive(t.Context())
		if string(data) != "text" || !isString || err != nil {
			t.Errorf("%q, %v, %v", data, isString, err)
		}
		if n, isString, err = d.ReadDataChannel(buf); n != 0 || !isString || err != nil {
			t.Errorf("the empty message: %d, %v, %v", n, isString, err)
		}
		for range 2 {
			if _, err = d.Read(buf); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
		}
		if _, err = c.Read(buf); !errors.Is(err, net.ErrClosed) {
			t.Errorf("who has closed reads %v", err)
		}
		if _, err = d.Write(buf); !errors.Is(err, net.ErrClosed) {
			t.Errorf("writing on a closed channel: %v", err)
		}
	})
}

func TestReadEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{})
		c, _ := a.s.Open(Params{})
		settle()
		errs := make(chan error, 2)
		for _, c := range []*Channel{c, b.theChannel()} {
			go func() { _, err := c.Read(nil); errs <- err }()
		}
		synctest.Wait()
		a.s.Close(nil)
		if err := <-errs; !errors.Is(err, net.ErrClosed) {
			t.Errorf("here: %v", err)
		}
		if err := <-errs; err == nil || err == io.EOF {
			t.Errorf("there: %v", err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, 10*time.Millisecond, SessionConfig{WriteBuffer: 1000})
		c, _ := a.s.Open(Params{Ordered: true})
		settle()
		d := b.theChannel()
		timeout := func(what string, after time.Duration, f func() error) {
			t.Helper()
			start := time.Now()
			if err := f(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != after {
				t.Errorf("%s: %v after %v, want a timeout after %v", what, err, time.Since(start), after)
			}
		}
		read := func() error { _, err := d.Read(make([]byte, 10)); return err }
		d.SetReadDeadline(time.Now().Add(time.Second))
		timeout("read", time.Second, read)
		timeout("read again", 0, read)
		d.SetReadDeadline(time.Now().Add(time.Hour))
		go func() { time.Sleep(time.Second); d.SetReadDeadline(time.Now().Add(-1)) }()
		timeout("read, brought forward", time.Second, read)
		d.SetReadDeadline(time.Time{})
		c.Write([]byte("x"))
		if err := read(); err != nil {
			t.Errorf("without a deadline: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := d.Receive(ctx); err != context.DeadlineExceeded {
			t.Errorf("Receive: %v", err)
		}

		lossOf(a.pipe, 1<<30)
		write := func() error { _, err := c.Write(make([]byte, 60000)); return err }
		for c.left() == 0 {
			write()
		}
		c.SetWriteDeadline(time.Now().Add(time.Second))
		timeout("write", time.Second, write)
		c.SetWriteDeadline(time.Time{})
		go func() { time.Sleep(time.Second); lossOf(a.pipe, 0) }()
		if err := write(); err != nil {
			t.Errorf("when the path is back: %v", err)
		}
	})
}

// TestReadersAndHandlers: the first blocking read takes the messages from the
// handler.
func TestReadersAndHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, time.Millisecond, SessionConfig{})
		var r *record
		b.channel = func(c *Channel) { r = recordOf(c) }
		c, _ := a.s.Open(Params{Ordered: true})
		c.Send([]byte("for the handler"), true)
		settle()
		go func() { time.Sleep(time.Second); c.Send([]byte("for the reader"), true); c.Close() }()
		if m, _, err := b.theChannel().Receive(t.Context()); !bytes.Equal(m, []byte("for the reader")) || err != nil {
			t.Errorf("%q, %v", m, err)
		}
		settle()
		r.want(t, "the handlers", "open", `string "for the handler"`, "closing", "close in state closed")
	})
}
