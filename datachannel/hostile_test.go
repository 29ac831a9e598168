package datachannel

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/sctptransport"
)

// hostile is an association without a session.
type hostile struct {
	t *testing.T
	a *sctptransport.Association
}

func (h hostile) send(id uint16, ppid sctptransport.PPID, data ...byte) *sctptransport.Stream {
	h.t.Helper()
	s, err := h.a.OpenStream(id)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := s.Send(ppid, data); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// isReset reports whether the session has reset its side of the stream.
func isReset(s *sctptransport.Stream) bool {
	settle()
	for {
		n, _, err := s.Receive(make([]byte, 1<<20))
		if err != nil {
			return n == 0 && err == sctptransport.ErrReset
		}
	}
}

// TestHostileStreams: what a peer may not do resets its stream or is ignored, is
// counted, and harms nothing else.
func TestHostileStreams(t *testing.T) {
	open := marshalOpen(Params{Label: "good", Ordered: true})
	for _, test := range []struct {
		name  string
		id    uint16 // even ids are the peer's
		send  func(h hostile, id uint16) *sctptransport.Stream
		reset bool
		want  Stats
	}{
		{"an empty DCEP message's worth", 0, func(h hostile, id uint16) *sctptransport.Stream {
			return h.send(id, ppidDCEP, 0)
		}, true, Stats{Malformed: 1}},
		{"half an OPEN", 0, func(h hostile, id uint16) *sctptransport.Stream {
			return h.send(id, ppidDCEP, open[:len(open)-1]...)
		}, true, Stats{Malformed: 1}},
		{"an ACK without OPEN", 2, func(h hostile, id uint16) *sctptransport.Stream {
			return h.send(id, ppidDCEP, dcepAck)
		}, true, Stats{Malformed: 1}},
		{"an id of the wrong parity", 1, func(h hostile, id uint16) *sctptransport.Stream {
			return h.send(id, ppidDCEP, open...)
		}, true, Stats{WrongParity: 1}},
		{"data without OPEN, beyond the bound", 4, func(h hostile, id uint16) *sctptransport.Stream {
			h.send(id, ppidBinary, make([]byte, 60000)...)
			return h.send(id, ppidBinary, make([]byte, 60000)...)
		}, true, Stats{DataBeforeOpen: 1}},
		{"data, then OPEN", 4, func(h hostile, id uint16) *sctptransport.Stream {
			h.send(id, ppidString, 'a')
			return h.send(id, ppidDCEP, open...)
		}, false, Stats{Opened: 1}},
		{"OPEN twice", 6, func(h hostile, id uint16) *sctptransport.Stream {
			h.send(id, ppidDCEP, open...)
			return h.send(id, ppidDCEP, open...)
		}, false, Stats{Opened: 1, DuplicateOpen: 1}},
		{"an ACK for a channel of the peer's own", 6, func(h hostile, id uint16) *sctptransport.Stream {
			h.send(id, ppidDCEP, open...)
			return h.send(id, ppidDCEP, dcepAck)
		}, false, Stats{Opened: 1, StrayAck: 1}},
		{"another DCEP message later", 6, func(h hostile, id uint16) *sctptransport.Stream {
			h.send(id, ppidDCEP, open...)
			return h.send(id, ppidDCEP, 0x55, 1, 2)
		}, false, Stats{Opened: 1, Malformed: 1}},
		{"identifiers that nobody knows", 6, func(h hostile, id uint16) *sctptransport.Stream {
			h.send(id, ppidDCEP, open...)
			h.send(id, 0, 1)
			h.send(id, 52, 1)
			return h.send(id, 0xffffffff, 1)
		}, false, Stats{Opened: 1, UnknownPPID: 3}},
		{"a message beyond max-message-size", 6, func(h hostile, id uint16) *sctptransport.Stream {
			h.send(id, ppidDCEP, open...)
			return h.send(id, ppidBinary, make([]byte, 65537)...)
		}, true, Stats{Opened: 1, Closed: 1, Oversized: 1}},
		{"the largest message", 6, func(h hostile, id uint16) *sctptransport.Stream {
			h.send(id, ppidDCEP, open...)
			return h.send(id, ppidBinary, make([]byte, 65536)...)
		}, false, Stats{Opened: 1}},
		{"a channel of a type that nobody knows", 8, func(h hostile, id uint16) *sctptransport.Stream {
			bad := append([]byte(nil), open...)
			bad[1] = 0x7f
			return h.send(id, ppidDCEP, bad...)
		}, true, Stats{Malformed: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, raw := connectRaw(t, 10*time.Millisecond, SessionConfig{})
				h := hostile{t, raw}
				raw.Start(func(*sctptransport.Stream) {}, nil)
				var r *record
				a.channel = func(c *Channel) { r = recordOf(c) }
				stream := test.send(h, test.id)
				if got := isReset(stream); got != test.reset {
					t.Errorf("reset: %v, want %v", got, test.reset)
				}
				if got := a.s.Stats(); got != test.want {
					t.Errorf("counted %+v, want %+v", got, test.want)
				}
				if test.want.Oversized == 1 {
					r.want(t, "the channel", "open", "error", "close in state closed")
				}
				if test.name == "data, then OPEN" {
					r.want(t, "the channel", "open", `string "a"`)
				}
				// Another channel works.
				a.channel = func(c *Channel) { r = recordOf(c) }
				h.send(20, ppidDCEP, open...)
				h.send(20, ppidString, 'x')
				settle()
				r.want(t, "another channel", "open", `string "x"`)
			})
		})
	}
}

// TestOversizedForEver: a peer that sends a message larger than the receive
// buffer does not stop the association for ever: it is ended.
func TestOversizedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, raw := connectRaw(t, time.Millisecond, SessionConfig{})
		h := hostile{t, raw}
		h.send(0, ppidDCEP, marshalOpen(Params{Label: "x", Ordered: true})...)
		settle()
		r := recordOf(a.theChannel())
		h.send(0, ppidBinary, make([]byte, 6<<20)...)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		r.want(t, "the channel", "open", "error", "close in state closed")
		if raw.Err() == nil {
			t.Error("the peer is not told")
		}
	})
}

// TestManyStrangers: the peer begins more streams than are handled at once.
func TestManyStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, raw := connectRaw(t, time.Millisecond, SessionConfig{})
		h := hostile{t, raw}
		for id := range uint16(3000) {
			h.send(2*id, ppidBinary, 1, 2, 3)
			if id%8 == 0 {
				time.Sleep(2 * time.Millisecond)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := a.s.Stats().Refused; n < 3000-maxGreetings {
			t.Errorf("%d refused", n)
		}
		a.s.mu.Lock()
		n := len(a.s.greetings)
		a.s.mu.Unlock()
		if n > maxGreetings {
			t.Errorf("%d are waited for", n)
		}
	})
}

// FuzzPeer sends a session whatever the fuzzer makes up, on any stream.
func FuzzPeer(f *testing.F) {
	open := marshalOpen(Params{Label: "l", Ordered: true})
	f.Add([]byte{0, 50, byte(len(open))}, uint64(1))
	f.Add(append([]byte{0, 50, byte(len(open))}, open...), uint64(2))
	f.Add([]byte{0, 51, 1, 'a', 0, 53, 1, 0, 0, 50, 1, 2, 0, 57, 1, 0, 0, 255, 0}, uint64(3))
	f.Fuzz(fuzzPeer)
}

func fuzzPeer(t *testing.T, script []byte, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		a, raw := connectRaw(t, time.Millisecond, SessionConfig{})
		a.channel = func(c *Channel) { recordOf(c); c.Send([]byte("hi"), true) }
		a.open(Params{})
		r := rand.New(rand.NewPCG(seed, 0))
		for len(script) >= 3 {
			id, ppid, n := uint16(script[0]), sctptransport.PPID(script[1]), int(script[2])
			script = script[3:]
			s, err := raw.OpenStream(id)
			if err != nil {
				return
			}
			if ppid == 255 {
				s.Reset(nil)
				continue
			}
			n = min(n, len(script))
			if n > 0 {
				s.Send(ppid, script[:n])
			}
			script = script[n:]
			if r.IntN(4) == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		settle()
	})
}
