package dtlstransport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// Each stage ends with Close; the bubble fails the test if a goroutine is left.
func TestCloseAtEveryStage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		until func(p *pair)
		// notifies is whether the peer is told.
		notifies bool
	}{
		{"new", func(*pair) {}, false},
		{"datagrams buffered early", func(p *pair) {
			p.b.start(Active, fingerprint(p.t, p.a.cert))
			time.Sleep(5 * time.Second)
		}, false},
		{"just started", func(p *pair) { p.a.start(Active, fingerprint(p.t, p.b.cert)) }, false},
		{"client without an answer", func(p *pair) {
			p.a.start(Active, fingerprint(p.t, p.b.cert))
			time.Sleep(5 * time.Second)
		}, false},
		{"server without a client", func(p *pair) {
			p.a.start(Passive, fingerprint(p.t, p.b.cert))
			time.Sleep(5 * time.Second)
		}, false},
		{"in the middle of the handshake", func(p *pair) {
			p.start()
			time.Sleep(rtt + rtt/4)
		}, false},
		{"connected", func(p *pair) {
			p.start()
			p.wantConnected(2*time.Second, "after Start")
		}, true},
		{"connected, with unread data", func(p *pair) {
			p.start()
			p.wantConnected(2*time.Second, "after Start")
			for range 2000 {
				p.b.write("x")
			}
			time.Sleep(time.Second)
		}, true},
		{"failed", func(p *pair) {
			p.b.start(Passive, fingerprint(p.t, p.a.cert))
			p.a.start(Active, fingerprint(p.t, p.a.cert))
			p.a.wantState(StateFailed, 2*time.Second, "the wrong fingerprint")
		}, false},
		{"closed by the peer", func(p *pair) {
			p.start()
			p.wantConnected(2*time.Second, "after Start")
			p.b.Close()
			p.a.wantState(StateClosed, time.Second, "after close_notify")
		}, false},
		{"closed", func(p *pair) { p.a.Close() }, false},
	} {
		bubble(t, tt.name, func(t *testing.T) {
			p := newPair(t, rtt/2)
			tt.until(p)
			synctest.Wait()
			reader := make(chan error)
			go func() {
				for {
					if _, err := p.a.Read(make([]byte, 2000)); err != nil {
						reader <- err
						return
					}
				}
			}()
			synctest.Wait()
			sent, events, begin := len(p.a.out.log()), len(p.a.states()), time.Now()
			if err := p.a.Close(); err != nil {
				t.Error("Close:", err)
			}
			if took := time.Since(begin); took > 0 {
				t.Errorf("Close took %v", took)
			}
			if err := p.a.Close(); err != nil {
				t.Error("a second Close:", err)
			}
			switch err := <-reader; {
			case errors.Is(err, net.ErrClosed):
			case tt.name == "closed by the peer" && err == io.EOF:
			case tt.name == "failed" && errors.As(err, new(*rtcerr.RTCError)):
			default:
				t.Errorf("Read returned %v", err)
			}
			if _, err := p.a.Read(make([]byte, 2000)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Read after Close: %v", err)
			}
			if _, err := p.a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Write after Close: %v", err)
			}
			if err := p.a.Start(Active, []Fingerprint{fingerprint(t, p.b.cert)}); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Start after Close: %v", err)
			}
			if p.a.State() != StateClosed {
				t.Errorf("state %v", p.a.State())
			}
			p.a.HandleDatagram(badRecords[0].record)
			time.Sleep(5 * time.Second)
			want := 0
			if tt.notifies {
				// RFC 5246 §7.2.1: one close_notify, which the peer answers.
				want = 1
				p.b.wantState(StateClosed, 0, "after our close_notify")
				if _, err := p.b.Read(make([]byte, 10)); err != io.EOF {
					t.Errorf("the peer reads %v", err)
				}
				if _, err := p.b.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
					t.Errorf("the peer writes: %v", err)
				}
				if last := p.b.lastEvent(); last.state != StateClosed || last.err != nil {
					t.Errorf("the peer heard %v", last)
				}
			}
			if got := len(p.a.out.log()) - sent; got != want {
				t.Errorf("%d datagrams were sent by Close and afterwards, want %d", got, want)
			}
			if got := len(p.a.states()); got != events {
				t.Errorf("OnState was called after Close: %v", p.a.states()[events:])
			}
		})
	}
}

// Close leaves the path to others: what is written to it is not ours to end.
func TestThePeerVanishes(t *testing.T) {
	bubble(t, "connected", func(t *testing.T) {
		p := newPair(t, rtt/2)
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		p.a.out.set(func(int, []byte) [][]byte { return nil })
		p.b.out.set(func(int, []byte) [][]byte { return nil })
		begin := time.Now()
		for range 10000 {
			p.a.write("into the void")
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("writes took %v", took)
		}
		time.Sleep(24 * time.Hour)
		p.wantConnected(0, "liveness is for ICE to watch")
		p.a.Close()
		time.Sleep(time.Hour)
		p.b.wantState(StateConnected, 0, "the close_notify was lost")
	})
	bubble(t, "before the handshake", func(t *testing.T) {
		p := newPair(t, rtt/2, func(a, _ *Config) { a.HandshakeTimeout = 10 * time.Second })
		begin := time.Now()
		p.a.start(Active, fingerprint(t, p.b.cert))
		p.a.wantFailure(rtcerr.DetailDTLSFailure, context.DeadlineExceeded, -1, -1, "nobody answers")
		if took := p.a.lastEvent().at.Sub(begin); took != 10*time.Second {
			t.Errorf("failed after %v, want 10s", took)
		}
		// RFC 6347 §4.2.4.1: each wait is twice the one before.
		if n := len(p.a.out.log()); n != 7 {
			t.Errorf("%d ClientHellos in 10 s, want 7", n)
		}
	})
}

func TestSendErrorsAreCounted(t *testing.T) {
	bubble(t, "a path that refuses everything", func(t *testing.T) {
		p := newPair(t, rtt/2, func(a, _ *Config) {
			a.Send = func([][]byte) error { return errors.New("no path") }
		})
		p.a.start(Active, fingerprint(t, p.b.cert))
		time.Sleep(time.Second)
		p.a.wantState(StateConnecting, 0, "a path may come")
		if p.a.Stats().SendErrors == 0 {
			t.Error("nothing was counted")
		}
	})
}

func TestConn(t *testing.T) {
	bubble(t, "as SCTP uses it", func(t *testing.T) {
		p := newPair(t, 0)
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		c := p.a.Conn()
		read := make(chan error)
		wait := func() {
			go func() {
				_, err := c.Read(make([]byte, 100))
				read <- err
			}()
			synctest.Wait()
		}
		wait()
		p.b.write("hello")
		if err := <-read; err != nil {
			t.Error("read:", err)
		}
		begin := time.Now()
		c.SetReadDeadline(time.Now().Add(time.Second))
		wait()
		if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("deadline: %v after %v", err, time.Since(begin))
		}
		c.SetReadDeadline(time.Time{})
		wait()
		c.SetReadDeadline(time.Now())
		if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("passed deadline:", err)
		}
		c.SetDeadline(time.Now().Add(time.Hour))
		wait()
		c.Close()
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			t.Error("Close:", err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Error("write after Close:", err)
		}
		p.wantConnected(0, "the transport outlives its Conn")
		p.wantExchange("the transport outlives its Conn")
	})
	bubble(t, "a short buffer", func(t *testing.T) {
		p := newPair(t, 0)
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		p.b.write("hello")
		if n, err := p.a.Read(make([]byte, 4)); n != 5 || !errors.Is(err, io.ErrShortBuffer) {
			t.Errorf("read %d, %v", n, err)
		}
		p.a.wantRead("hello", "it stays")
	})
}

func TestWrongUse(t *testing.T) {
	bubble(t, "Start", func(t *testing.T) {
		p := newPair(t, 0)
		fp := []Fingerprint{fingerprint(t, p.b.cert)}
		var typeError *rtcerr.TypeError
		if err := p.a.Start(0, fp); !errors.As(err, &typeError) {
			t.Error("no role:", err)
		}
		var stateError *rtcerr.InvalidStateError
		if _, err := p.a.Write([]byte("x")); !errors.As(err, &stateError) {
			t.Error("Write before Start:", err)
		}
		p.start()
		if err := p.a.Start(Active, fp); !errors.As(err, &stateError) {
			t.Error("a second Start:", err)
		}
		p.wantConnected(2*time.Second, "after Start")
		if _, err := p.a.Write(make([]byte, maxDatagram)); !errors.As(err, &typeError) {
			t.Error("too large:", err)
		}
	})
	t.Run("New", func(t *testing.T) {
		send := func([][]byte) error { return nil }
		good := Config{Certificates: newCertificates(t), Send: send}
		for name, change := range map[string]func(*Config){
			"no certificate":    func(c *Config) { c.Certificates = nil },
			"empty certificate": func(c *Config) { c.Certificates[0].Certificate = nil },
			"no private key":    func(c *Config) { c.Certificates[0].PrivateKey = nil },
			"no Send":           func(c *Config) { c.Send = nil },
			"tiny MTU":          func(c *Config) { c.MTU = 100 },
			"huge MTU":          func(c *Config) { c.MTU = 100000 },
			"negative interval": func(c *Config) { c.FlightInterval = -1 },
			"negative window":   func(c *Config) { c.ReplayWindow = -1 },
		} {
			c := good
			c.Certificates = newCertificates(t)
			change(&c)
			var typeError *rtcerr.TypeError
			if _, err := New(c); !errors.As(err, &typeError) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := New(good); err != nil {
			t.Error(err)
		}
	})
}
