package simnet

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// whoami is a server that tells clients the address that they come from, as
// STUN does.
func whoami(t *testing.T, n *Network, addr string) netip.AddrPort {
	t.Helper()
	c, err := n.Host("whoami "+addr, Addrs(addr)).ListenPacket("udp", addr+":3478")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 100)
		for {
			_, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			c.WriteTo([]byte(from.String()), from)
		}
	}()
	return ap(addr + ":3478")
}

// reflexive asks the server for the address of s.
func reflexive(t *testing.T, s *socket, server netip.AddrPort) netip.AddrPort {
	t.Helper()
	s.send(server, "who am I?")
	wait(ms)
	got := s.got()
	if len(got) != 1 {
		t.Fatalf("%d answers from the server; %v", len(got), s.n.Stats())
	}
	return ap(got[0].text)
}

var behaviors = []Behavior{EndpointIndependent, AddressDependent, AddressPortDependent}

// Every mapping × filtering behaviour of RFC 4787 with every other: who gets
// through by sending to the other's reflexive address and to every address that
// something came from, as ICE does.
func TestWhoReachesWhom(t *testing.T) {
	// Rows and columns: mapping E, A, P times filtering E, A, P.
	want := []string{
		"xxxxxxxxx",
		"xxxxxxxxx",
		"xxx......",
		"xx.xx.xx.",
		"xx.x..x..",
		"xx.......",
		"xx.xx.xx.",
		"xx.x..x..",
		"xx.......",
	}
	for row := range 9 {
		var got strings.Builder
		for col := range 9 {
			bubble(t, 1, func(t *testing.T, n *Network) {
				if punch(t, n, row, col) {
					got.WriteByte('x')
				} else {
					got.WriteByte('.')
				}
			})
		}
		if got.String() != want[row] {
			t.Errorf("mapping %v, filtering %v: reaches %s, want %s", behaviors[row/3], behaviors[row%3], got.String(), want[row])
		}
	}
}

func punch(t *testing.T, n *Network, row, col int) bool {
	server := whoami(t, n, "198.51.100.1")
	peer := func(name, public string, kind int) *socket {
		nat := n.NAT(name, public, NATConfig{Mapping: behaviors[kind/3], Filtering: behaviors[kind%3]})
		return open(t, n.Host("host "+name, Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:5000")
	}
	a, b := peer("a", "203.0.113.1", row), peer("b", "203.0.113.2", col)
	toB, toA := []netip.AddrPort{reflexive(t, b, server)}, []netip.AddrPort{reflexive(t, a, server)}
	// A peer that has heard the other says so; both must know.
	aHeard, bHeard := false, false
	for range 4 {
		for _, to := range toB {
			a.send(to, fmt.Sprint(aHeard))
		}
		for _, to := range toA {
			b.send(to, fmt.Sprint(bHeard))
		}
		for _, g := range a.got() {
			aHeard, toB = true, append(toB, g.from)
		}
		for _, g := range b.got() {
			bHeard, toA = true, append(toA, g.from)
		}
	}
	return aHeard && bHeard
}

// RFC 4787 §4.1: which packets share an external port.
func TestMappings(t *testing.T) {
	for _, tt := range []struct {
		mapping Behavior
		want    [3]int // the mapping, by number, of: one server, another port of it, another server
	}{
		{EndpointIndependent, [3]int{0, 0, 0}},
		{AddressDependent, [3]int{0, 0, 1}},
		{AddressPortDependent, [3]int{0, 1, 2}},
	} {
		bubble(t, 1, func(t *testing.T, n *Network) {
			nat := n.NAT("nat", "203.0.113.1", NATConfig{Mapping: tt.mapping})
			a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:5000")
			one, other := n.Host("one", Addrs("198.51.100.1")), n.Host("other", Addrs("198.51.100.2"))
			servers := []*socket{open(t, one, "0.0.0.0:1"), open(t, one, "0.0.0.0:2"), open(t, other, "0.0.0.0:1")}
			a.send(ap("198.51.100.1:1"), "x")
			a.send(ap("198.51.100.1:2"), "x")
			a.send(ap("198.51.100.2:1"), "x")
			for i, s := range servers {
				// Ports are preserved, then counted up.
				want := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.1"), uint16(5000+tt.want[i]))
				if got := s.want("x")[0].from; got != want {
					t.Errorf("%v: server %d sees %v, want %v", tt.mapping, i, got, want)
				}
			}
			if want := tt.want[2] + 1; nat.Mappings() != want {
				t.Errorf("%v: %d mappings, want %d", tt.mapping, nat.Mappings(), want)
			}
		})
	}
}

// RFC 4787 §5: who gets in through a mapping made by a packet to one server.
func TestFiltering(t *testing.T) {
	for _, tt := range []struct {
		filtering Behavior
		want      string
	}{
		{EndpointIndependent, "server port stranger"},
		{AddressDependent, "server port"},
		{AddressPortDependent, "server"},
	} {
		bubble(t, 1, func(t *testing.T, n *Network) {
			nat := n.NAT("nat", "203.0.113.1", NATConfig{Filtering: tt.filtering})
			a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:5000")
			server, stranger := n.Host("server", Addrs("198.51.100.1")), n.Host("stranger", Addrs("198.51.100.2"))
			s := open(t, server, "198.51.100.1:1")
			a.send(s.addr(), "out")
			to := ap("203.0.113.1:5000")
			s.send(to, "server")
			open(t, server, "198.51.100.1:2").send(to, "port")
			open(t, stranger, "198.51.100.2:1").send(to, "stranger")
			s.send(ap("203.0.113.1:5001"), "where nothing is mapped")
			a.want(strings.Fields(tt.want)...)
			n.wantDrops(t, NATFiltered, uint64(3-len(strings.Fields(tt.want))))
			n.wantDrops(t, NATNoMapping, 1)
		})
	}
}

// RFC 4787 §6: with hairpinning two hosts behind one NAT reach each other by
// their external addresses, and see external sources.
func TestHairpin(t *testing.T) {
	for _, hairpin := range []bool{false, true} {
		bubble(t, 1, func(t *testing.T, n *Network) {
			server := whoami(t, n, "198.51.100.1")
			nat := n.NAT("nat", "203.0.113.1", NATConfig{Hairpin: hairpin})
			a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:1111")
			b := open(t, n.Host("b", Addrs("192.168.0.3"), Behind(nat)), "192.168.0.3:2222")
			outside := reflexive(t, b, server)
			a.send(outside, "hairpin")
			if !hairpin {
				b.want()
				n.wantDrops(t, NATHairpin, 1)
			} else {
				b.wantAt("hairpin", ap("203.0.113.1:1111"), ms)
			}
			// On the LAN the two need no NAT.
			a.send(b.addr(), "direct")
			b.wantAt("direct", a.addr(), ms)
		})
	}
}

// RFC 4787 §4.3: a mapping lives from the last outbound packet, and inbound ones
// prolong it only where that is configured.
func TestTimeout(t *testing.T) {
	for _, inbound := range []bool{false, true} {
		bubble(t, 1, func(t *testing.T, n *Network) {
			nat := n.NAT("nat", "203.0.113.1", NATConfig{Timeout: 30 * time.Second, InboundRefresh: inbound, Filtering: AddressPortDependent})
			a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:5000")
			b := open(t, n.Host("b", Addrs("198.51.100.1")), "198.51.100.1:1")
			a.send(b.addr(), "open")
			n.at(20 * time.Second)
			a.send(b.addr(), "refresh")
			out := b.want("open", "refresh")[0].from
			n.at(50*time.Second - 1)
			b.send(out, "in time")
			a.want("in time")
			n.at(50 * time.Second)
			b.send(out, "late")
			if inbound {
				a.want("late")
			} else {
				a.want()
				n.wantDrops(t, NATNoMapping, 1)
				if nat.Mappings() != 0 {
					t.Errorf("%d mappings", nat.Mappings())
				}
			}
		})
	}
}

// A filter closes for one peer while another keeps the mapping alive.
func TestFilterTimeout(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		nat := n.NAT("nat", "203.0.113.1", NATConfig{Filtering: AddressDependent})
		a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:5000")
		b := open(t, n.Host("b", Addrs("198.51.100.1")), "198.51.100.1:1")
		c := open(t, n.Host("c", Addrs("198.51.100.2")), "198.51.100.2:1")
		a.send(b.addr(), "once")
		for range 3 {
			a.send(c.addr(), "again")
			wait(time.Minute)
		}
		b.send(ap("203.0.113.1:5000"), "too late")
		c.send(ap("203.0.113.1:5000"), "welcome")
		a.want("welcome")
		n.wantDrops(t, NATFiltered, 1)
	})
}

// After Rebind a flow comes from another port, and the old one is dead.
func TestRebind(t *testing.T) {
	for _, ports := range []Ports{PreservePorts, SequentialPorts, RandomPorts} {
		bubble(t, 1, func(t *testing.T, n *Network) {
			nat := n.NAT("nat", "203.0.113.1", NATConfig{Ports: ports})
			a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:5000")
			b := open(t, n.Host("b", Addrs("198.51.100.1")), "198.51.100.1:1")
			a.send(b.addr(), "before")
			before := b.want("before")[0].from
			nat.Rebind()
			b.send(before, "to the old port")
			a.send(b.addr(), "after")
			after := b.want("after")[0].from
			if after == before || after.Addr() != before.Addr() {
				t.Errorf("ports %d: %v became %v", ports, before, after)
			}
			b.send(after, "to the new port")
			a.want("to the new port")
			n.wantDrops(t, NATNoMapping, 1)
		})
	}
}

func TestRenumber(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		nat := n.NAT("nat", "203.0.113.1", NATConfig{})
		a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:5000")
		b := open(t, n.Host("b", Addrs("198.51.100.1")), "198.51.100.1:1")
		a.send(b.addr(), "1")
		nat.Renumber("203.0.113.77")
		b.send(ap("203.0.113.1:5000"), "old")
		a.send(b.addr(), "2")
		got := b.want("1", "2")
		if got[0].from != ap("203.0.113.1:5000") || got[1].from != ap("203.0.113.77:5000") {
			t.Errorf("from %v, then %v", got[0].from, got[1].from)
		}
		b.send(got[1].from, "new")
		a.want("new")
		n.wantDrops(t, NoRoute, 1)
	})
}

func TestPortAssignment(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		b := open(t, n.Host("b", Addrs("198.51.100.1")), "198.51.100.1:1")
		seen := func(ports Ports, public string) (got []uint16) {
			nat := n.NAT("nat "+public, public, NATConfig{Ports: ports})
			for i := range 3 {
				h := n.Host(fmt.Sprint(public, i), Addrs(fmt.Sprintf("192.168.0.%d", i+2)), Behind(nat))
				open(t, h, "0.0.0.0:5000").send(b.addr(), "x")
				got = append(got, b.want("x")[0].from.Port())
			}
			return got
		}
		if got := seen(PreservePorts, "203.0.113.1"); fmt.Sprint(got) != "[5000 5001 5002]" {
			t.Errorf("preserved: %v", got)
		}
		if got := seen(SequentialPorts, "203.0.113.2"); fmt.Sprint(got) != "[1024 1025 1026]" {
			t.Errorf("sequential: %v", got)
		}
		if got := seen(RandomPorts, "203.0.113.3"); got[1] == got[0]+1 || got[2] == got[1]+1 || got[0] < 1024 {
			t.Errorf("random: %v", got)
		}
	})
}

// A table that is full refuses new mappings until old ones expire.
func TestPortsExhausted(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		nat := n.NAT("nat", "203.0.113.1", NATConfig{Mapping: AddressPortDependent, Timeout: time.Minute})
		a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:5000")
		n.Host("b", Addrs("198.51.100.1"))
		const ports = 1<<16 - 1024
		for i := range ports {
			a.send(netip.AddrPortFrom(netip.MustParseAddr("198.51.100.1"), uint16(1+i)), "x")
		}
		if nat.Mappings() != ports {
			t.Errorf("%d mappings, want %d", nat.Mappings(), ports)
		}
		a.send(ap("198.51.100.1:65535"), "x")
		n.wantDrops(t, NATPortsExhausted, 1)
		wait(time.Minute)
		a.send(ap("198.51.100.1:65535"), "x")
		n.wantDrops(t, NATPortsExhausted, 1)
	})
}

// Carrier-grade NAT: two in a row, each with its own mapping.
func TestNestedNATs(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		carrier := n.NAT("carrier", "203.0.113.1", NATConfig{Ports: SequentialPorts, Filtering: AddressPortDependent})
		home := n.NAT("home", "100.64.0.2", NATConfig{}, Behind(carrier))
		ha := n.Host("a", Addrs("192.168.0.2"), Behind(home))
		hb := n.Host("b", Addrs("198.51.100.1"))
		a, b := open(t, ha, "192.168.0.2:5000"), open(t, hb, "198.51.100.1:1")
		neighbour := open(t, n.Host("neighbour", Addrs("100.64.0.9"), Behind(carrier)), "100.64.0.9:1")
		n.Link(carrier, hb, Path{Delay: 10 * ms})

		a.send(b.addr(), "out")
		a.send(neighbour.addr(), "to the neighbour")
		n.at(10 * ms)
		b.wantAt("out", ap("203.0.113.1:1024"), 10*ms)
		neighbour.wantAt("to the neighbour", ap("100.64.0.2:5000"), 0)
		b.send(ap("203.0.113.1:1024"), "in")
		n.at(20 * ms)
		a.wantAt("in", b.addr(), 20*ms)
		carrier.Rebind()
		b.send(ap("203.0.113.1:1024"), "lost")
		wait(time.Second)
		a.want()
		n.wantDrops(t, NATNoMapping, 1)
	})
}

// What two LANs call by the same addresses stays apart, and addresses inside
// mean nothing outside.
func TestRealms(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		natA, natB := n.NAT("natA", "203.0.113.1", NATConfig{}), n.NAT("natB", "203.0.113.2", NATConfig{})
		a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(natA)), "192.168.0.2:5000")
		b := open(t, n.Host("b", Addrs("192.168.0.2", "192.168.0.3"), Behind(natB)), "192.168.0.3:5000")
		c := open(t, n.Host("c", Addrs("198.51.100.1")), "198.51.100.1:1")
		a.send(b.addr(), "no such address here")
		c.send(b.addr(), "nor here")
		b.want()
		n.wantDrops(t, NoRoute, 2)
	})
}

// A NAT with an IPv6 address translates it; one without lets none through; a
// router passes it behind a firewall.
func TestIPv6BehindNAT(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cfg    NATConfig
		opts   []Option
		source string // that the outside sees, "" if nothing passes
	}{
		{"none", NATConfig{}, nil, ""},
		{"translated", NATConfig{}, []Option{Addrs("2001:db8:1::1")}, "[2001:db8:1::1]:5000"},
		{"routed", NATConfig{RouteIPv6: true, Filtering: AddressPortDependent}, nil, "[2001:db8:a::2]:5000"},
	} {
		bubble(t, 1, func(t *testing.T, n *Network) {
			nat := n.NAT("nat", "203.0.113.1", tt.cfg, tt.opts...)
			h := n.Host("a", Addrs("192.168.0.2", "2001:db8:a::2"), Behind(nat))
			a := open(t, h, "[2001:db8:a::2]:5000")
			hb := n.Host("b", Addrs("2001:db8:b::2"))
			b, b2 := open(t, hb, "[::]:1"), open(t, hb, "[::]:2")
			b.send(a.addr(), "uninvited")
			a.want()
			a.send(ap("[2001:db8:b::2]:1"), "out")
			if tt.source == "" {
				b.want()
				n.wantDrops(t, NoRoute, 2)
				return
			}
			b.wantAt("out", ap(tt.source), 0)
			b.send(ap(tt.source), "in")
			b2.send(ap(tt.source), "from a stranger")
			if tt.cfg.RouteIPv6 {
				a.want("in")
				h.Interface("eth0").RemoveAddr("2001:db8:a::2")
				b.send(ap(tt.source), "gone")
				n.wantDrops(t, NoRoute, 1)
			} else {
				a.want("in", "from a stranger")
			}
		})
	}
}

func TestBlockedUDP(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		nat := n.NAT("nat", "203.0.113.1", NATConfig{})
		ha := n.Host("a", Addrs("192.168.0.2"), Behind(nat))
		hb := n.Host("b", Addrs("198.51.100.1"))
		a, b := open(t, ha, "192.168.0.2:5000"), open(t, hb, "198.51.100.1:1")
		self := open(t, ha, "127.0.0.1:7")
		a.send(b.addr(), "open")
		b.want("open")
		for _, blocker := range []interface{ BlockUDP(bool) }{ha, hb, nat} {
			blocker.BlockUDP(true)
			a.send(b.addr(), "out")
			b.send(ap("203.0.113.1:5000"), "in")
			a.want()
			b.want()
			blocker.BlockUDP(false)
		}
		n.wantDrops(t, Blocked, 6)
		ha.BlockUDP(true)
		open(t, ha, "127.0.0.1:8").send(self.addr(), "myself")
		self.want("myself")
		ha.BlockUDP(false)
		a.send(b.addr(), "out")
		b.send(ap("203.0.113.1:5000"), "in")
		a.want("in")
		b.want("out")
	})
}

func TestBehaviorNames(t *testing.T) {
	got := fmt.Sprint(behaviors)
	if want := "[endpoint-independent address-dependent address-and-port-dependent]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
