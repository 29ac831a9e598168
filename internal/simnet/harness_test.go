package simnet

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const ms = time.Millisecond

// bubble runs f on a new network in virtual time, and fails if anything is left
// running when the network has been closed.
func bubble(t *testing.T, seed uint64, f func(t *testing.T, n *Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := New(seed)
		defer n.Close()
		f(t, n)
	})
}

// wait lets time pass, and everything happen that is due by then.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// at lets time pass until d after New.
func (n *Network) at(d time.Duration) { wait(d - n.now()) }

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// socket is a socket whose reader notes what comes, from where and when.
type socket struct {
	t    *testing.T
	n    *Network
	conn udp.Conn

	mu       sync.Mutex
	arrivals []arrival
}

type arrival struct {
	text string
	from netip.AddrPort
	at   time.Duration // after New
	ecn  uint8
}

func open(t *testing.T, h *Host, local string) *socket {
	t.Helper()
	c, err := h.ListenUDP(ap(local))
	if err != nil {
		t.Fatalf("%s: listen on %s: %v", h.Name(), local, err)
	}
	return reading(t, h.n, c)
}

func join(t *testing.T, h *Host, iface, group string) *socket {
	t.Helper()
	c, err := h.ListenMulticastUDP(udp.Interface{Name: iface}, ap(group))
	if err != nil {
		t.Fatalf("%s: join %s on %s: %v", h.Name(), group, iface, err)
	}
	return reading(t, h.n, c)
}

func reading(t *testing.T, n *Network, c udp.Conn) *socket {
	s := &socket{t: t, n: n, conn: c}
	go func() {
		batch := make([]udp.Datagram, 8)
		for i := range batch {
			batch[i].Buf = make([]byte, 2000)
		}
		for {
			k, err := c.ReadBatch(batch)
			if err != nil {
				return
			}
			s.mu.Lock()
			for _, d := range batch[:k] {
				s.arrivals = append(s.arrivals, arrival{string(d.Buf[:d.N]), d.Addr, n.now(), d.ECN})
			}
			s.mu.Unlock()
		}
	}()
	return s
}

func (s *socket) addr() netip.AddrPort { return s.conn.LocalAddr() }

func (s *socket) try(to netip.AddrPort, text string) error {
	_, err := s.conn.WriteBatch([]udp.Datagram{{Buf: []byte(text), N: len(text), Addr: to}})
	return err
}

func (s *socket) send(to netip.AddrPort, text string) {
	s.t.Helper()
	if err := s.try(to, text); err != nil {
		s.t.Fatalf("send %q: %v", text, err)
	}
}

// got returns what has come since it was last called.
func (s *socket) got() []arrival {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.arrivals
	s.arrivals = nil
	return a
}

// want fails unless exactly these texts have come, in this order.
func (s *socket) want(texts ...string) []arrival {
	s.t.Helper()
	got := s.got()
	var have []string
	for _, a := range got {
		have = append(have, a.text)
	}
	if !slices.Equal(have, texts) {
		s.t.Fatalf("%v got [%s], want [%s]", s.addr(), strings.Join(have, " "), strings.Join(texts, " "))
	}
	return got
}

// wantAt fails unless exactly one text has come, from there and then.
func (s *socket) wantAt(text string, from netip.AddrPort, at time.Duration) {
	s.t.Helper()
	a := s.want(text)[0]
	if a.from != from || a.at != at {
		s.t.Fatalf("%q came from %v at %v, want %v at %v", text, a.from, a.at, from, at)
	}
}

func (n *Network) wantDrops(t *testing.T, r Reason, want uint64) {
	t.Helper()
	if got := n.Stats().Drops(r); got != want {
		t.Errorf("%d packets dropped: %v; want %d (%v)", got, r, want, n.Stats())
	}
}
