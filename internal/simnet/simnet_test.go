package simnet

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// socket is a socket under test whose reader notes what comes and when.
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
	at   time.Duration
	ecn  uint8
}

// bubble runs f on a new network in virtual time.
func bubble(t *testing.T, seed uint64, f func(t *testing.T, n *Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := New(seed)
		defer n.Close()
		f(t, n)
		n.Close()
		synctest.Wait()
	})
}

func open(t *testing.T, h *Host, local string) *socket {
	t.Helper()
	c, err := h.ListenUDP(netip.MustParseAddrPort(local))
	if err != nil {
		t.Fatalf("%s: listen on %s: %v", h.Name(), local, err)
	}
	return read(t, h.n, c)
}

func read(t *testing.T, n *Network, c udp.Conn) *socket {
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
			for _, d := range batch[:k] {
				s.mu.Lock()
				s.arrivals = append(s.arrivals, arrival{string(d.Buf[:d.N]), d.Addr, n.now(), d.ECN})
				s.mu.Unlock()
			}
		}
	}()
	return s
}

// got returns what has come so far.
func (s *socket) got() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.arrivals)
}

func (s *socket) addr() netip.AddrPort { return s.conn.LocalAddr() }

func (s *socket) send(to netip.AddrPort, text string) error {
	_, err := s.conn.WriteBatch([]udp.Datagram{{Buf: []byte(text), N: len(text), Addr: to}})
	return err
}

func (s *socket) mustSend(to netip.AddrPort, text string) {
	s.t.Helper()
	if err := s.send(to, text); err != nil {
		s.t.Fatal(err)
	}
}

// wait lets the time pass until everything that is due by then has happened.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestDelayIsExact(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a := open(t, n.Host("a", Addrs("10.0.0.1", "fd00::1")), "10.0.0.1:0")
		b := open(t, n.Host("b", Addrs("10.0.0.2")), "10.0.0.2:5000")
		n.SetDefaultPath(Path{Delay: 50 * time.Millisecond})
		a.mustSend(b.addr(), "one")
		wait(50*time.Millisecond - 1)
		if len(b.got()) != 0 {
			t.Fatal("arrived early")
		}
		wait(1)
		if len(b.got()) != 1 || b.got()[0].text != "one" || b.got()[0].at != 50*time.Millisecond || b.got()[0].from != a.addr() {
			t.Fatalf("got %+v", b.got())
		}
		b.mustSend(b.got()[0].from, "two")
		wait(time.Second)
		if len(a.got()) != 1 || a.got()[0].at != 100*time.Millisecond {
			t.Fatalf("got %+v", a.got())
		}
	})
}

func TestThroughTwoNATs(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		natA := n.NAT("natA", "203.0.113.1", NATConfig{Filtering: AddressPortDependent})
		natB := n.NAT("natB", "203.0.113.2", NATConfig{Filtering: AddressPortDependent, Ports: SequentialPorts})
		ha, hb := n.Host("a", Addrs("192.168.0.2"), Behind(natA)), n.Host("b", Addrs("192.168.0.2"), Behind(natB))
		a, b := open(t, ha, "192.168.0.2:5000"), open(t, hb, "192.168.0.2:5000")
		n.Link(ha, hb, Path{Delay: 10 * time.Millisecond})
		pa, pb := netip.MustParseAddrPort("203.0.113.1:5000"), netip.MustParseAddrPort("203.0.113.2:1024")
		a.mustSend(pb, "first")
		wait(time.Second)
		if got := n.Stats().Drops(NATNoMapping); got != 1 {
			t.Fatalf("%d drops without mapping", got)
		}
		b.mustSend(pa, "second")
		wait(time.Second)
		a.mustSend(pb, "third")
		wait(time.Second)
		if len(a.got()) != 1 || a.got()[0].from != pb || a.got()[0].at != time.Second+0*time.Millisecond+0 {
			t.Logf("a got %+v", a.got())
		}
		if len(b.got()) != 1 || b.got()[0].text != "third" {
			t.Fatalf("b got %+v", b.got())
		}
	})
}
