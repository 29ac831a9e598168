package simnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// A tap sees each step of each packet, with the addresses as they are there.
func TestTap(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		n.SetDefaultPath(Path{Delay: 5 * ms})
		nat := n.NAT("nat", "203.0.113.1", NATConfig{})
		a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:5000")
		b := open(t, n.Host("b", Addrs("198.51.100.1")), "198.51.100.1:1")
		var log []string
		start := time.Now()
		stop := n.Tap(func(p Packet) {
			log = append(log, fmt.Sprint(p.Event, p.Reason, p.Time.Sub(start), p.Host, p.From, p.To, string(p.Data)))
		})
		a.send(b.addr(), "x")
		a.send(ap("198.51.100.9:1"), "y")
		wait(5 * ms)
		stop()
		b.send(ap("203.0.113.1:5000"), "z")
		wait(5 * ms)
		a.want("z")
		want := []string{
			fmt.Sprint(Sent, Reason(0), 0*ms, "a", ap("192.168.0.2:5000"), b.addr(), "x"),
			fmt.Sprint(Sent, Reason(0), 0*ms, "a", ap("192.168.0.2:5000"), ap("198.51.100.9:1"), "y"),
			fmt.Sprint(Dropped, NoRoute, 0*ms, "a", ap("203.0.113.1:5000"), ap("198.51.100.9:1"), "y"),
			fmt.Sprint(Delivered, Reason(0), 5*ms, "a", ap("203.0.113.1:5000"), b.addr(), "x"),
		}
		if !slices.Equal(log, want) {
			t.Errorf("got\n%q, want\n%q", log, want)
		}
	})
}

// A tap may use the network: here an attacker answers each packet before its
// receiver does.
func TestInjectFromATap(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		n.SetDefaultPath(Path{Delay: 5 * ms})
		a := open(t, n.Host("a", Addrs("10.0.0.1")), "10.0.0.1:1")
		b := open(t, n.Host("b", Addrs("10.0.0.2")), "10.0.0.2:1")
		n.Tap(func(p Packet) {
			if p.Event == Sent && p.Host == "a" {
				n.Inject(p.To, p.From, append([]byte("forged answer to "), p.Data...))
			}
		})
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { a.send(b.addr(), "question") })
		}
		wg.Wait()
		for _, g := range a.want("forged answer to question", "forged answer to question") {
			if g.from != b.addr() || g.at != 0 {
				t.Errorf("from %v at %v", g.from, g.at)
			}
		}
	})
}

// What is injected on the internet meets the NAT; on a host's own wire it does
// not.
func TestInjectAndNAT(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		nat := n.NAT("nat", "203.0.113.1", NATConfig{Filtering: AddressPortDependent})
		h := n.Host("a", Addrs("192.168.0.2"), Behind(nat))
		a := open(t, h, "192.168.0.2:5000")
		b := open(t, n.Host("b", Addrs("198.51.100.1")), "198.51.100.1:1")
		a.send(b.addr(), "x")
		n.Inject(ap("6.6.6.6:6"), ap("203.0.113.1:5000"), []byte("stranger"))
		n.Inject(b.addr(), ap("203.0.113.1:5000"), []byte("forged"))
		h.Inject(ap("6.6.6.6:6"), a.addr(), []byte("neighbour"))
		h.Inject(ap("6.6.6.6:6"), ap("192.168.0.9:1"), []byte("not an address of the host"))
		a.want("forged", "neighbour")
		n.wantDrops(t, NATFiltered, 1)
	})
}

// A filter picks single packets to lose.
func TestFilter(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a, b := pair(t, n, Path{})
		count := 0
		n.SetFilter(func(p Packet) bool {
			count++
			return count != 2 || p.Event != Sent || p.From != a.addr()
		})
		for i := range 4 {
			a.send(b.addr(), fmt.Sprint(i))
		}
		n.SetFilter(nil)
		a.send(b.addr(), "4")
		b.want("0", "2", "3", "4")
		n.wantDrops(t, Vetoed, 1)
	})
}

func TestReasonsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for r := NoRoute; r < reasons; r++ {
		if s := r.String(); s == "" || s == "unknown" || seen[s] {
			t.Errorf("reason %d is %q", r, s)
		} else {
			seen[s] = true
		}
	}
	if s := reasons.String(); s != "unknown" {
		t.Errorf("%q", s)
	}
}

func TestDNS(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		h := n.Host("a")
		n.DNS("stun.example.com", "198.51.100.1", "2001:db8::1")
		n.DNS("empty.example.com")
		ctx := context.Background()
		for name, want := range map[string]string{
			"stun.example.com": "[198.51.100.1 2001:db8::1]", "STUN.Example.com.": "[198.51.100.1 2001:db8::1]",
			"localhost": "[127.0.0.1 ::1]", "10.1.2.3": "[10.1.2.3]", "::ffff:10.1.2.3": "[10.1.2.3]", "fd00::1": "[fd00::1]",
		} {
			if got, err := h.LookupHost(ctx, name); err != nil || fmt.Sprint(got) != want {
				t.Errorf("%s: %v, %v; want %s", name, got, err, want)
			}
		}
		var unknown *net.DNSError
		for _, name := range []string{"nobody.example.com", "empty.example.com", "a"} {
			if _, err := h.LookupHost(ctx, name); !errors.As(err, &unknown) || !unknown.IsNotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		n.SetDNSDelay(2 * time.Second)
		if _, err := h.LookupHost(ctx, "stun.example.com"); err != nil || n.now() != 2*time.Second {
			t.Errorf("%v after %v", err, n.now())
		}
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := h.LookupHost(soon, "stun.example.com"); !errors.Is(err, context.DeadlineExceeded) || n.now() != 3*time.Second {
			t.Errorf("%v after %v", err, n.now())
		}
	})
}
