package simnet

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

func TestInterfacesAreListed(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		h := n.Host("a", Addrs("10.0.0.1/8", "fd00::1"), MTU(1400))
		h.AddInterface("wlan0", Addrs("192.168.1.2", "fe80::2"))
		list := func() map[string]udp.Interface {
			ifis, err := h.Interfaces()
			if err != nil {
				t.Fatal(err)
			}
			byName := map[string]udp.Interface{}
			for _, i := range ifis {
				byName[i.Name] = i
			}
			return byName
		}
		prefixes := func(s ...string) (out []netip.Prefix) {
			for _, p := range s {
				out = append(out, netip.MustParsePrefix(p))
			}
			return out
		}
		up := net.FlagUp | net.FlagRunning
		want := []udp.Interface{
			{Name: "lo", Index: 1, MTU: 65536, Flags: up | net.FlagLoopback, Addrs: prefixes("127.0.0.1/8", "::1/128")},
			{Name: "eth0", Index: 2, MTU: 1400, Flags: up | net.FlagBroadcast | net.FlagMulticast, Addrs: prefixes("10.0.0.1/8", "fd00::1/64")},
			{Name: "wlan0", Index: 3, MTU: 1500, Flags: up | net.FlagBroadcast | net.FlagMulticast, Addrs: prefixes("192.168.1.2/24", "fe80::2/64")},
		}
		got := list()
		for _, w := range want {
			if g := got[w.Name]; g.Index != w.Index || g.MTU != w.MTU || g.Flags != w.Flags || !slices.Equal(g.Addrs, w.Addrs) {
				t.Errorf("%+v, want %+v", g, w)
			}
		}
		h.Interface("wlan0").Down()
		if f := list()["wlan0"].Flags; f&net.FlagUp != 0 {
			t.Errorf("down, but its flags are %v", f)
		}
		h.Interface("eth0").AddAddr("10.0.0.5")
		h.Interface("eth0").RemoveAddr("10.0.0.1")
		if a := list()["eth0"].Addrs; !slices.Equal(a, prefixes("fd00::1/64", "10.0.0.5/24")) {
			t.Errorf("addresses %v", a)
		}
		h.Interface("wlan0").Remove()
		if _, ok := list()["wlan0"]; ok || h.Interface("wlan0") != nil {
			t.Error("removed, but still there")
		}
		if i := h.AddInterface("wlan0", Addrs("192.168.1.3")); i.Name() != "a/wlan0" || i.Host() != h || list()["wlan0"].Index != 4 {
			t.Errorf("%s of %s has index %d", i.Name(), i.Host().Name(), list()["wlan0"].Index)
		}
	})
}

// While an interface is down, removed or without its address, sockets bound to
// the address neither send nor receive, and notice it only when they write; they
// work again when the address is back.
func TestAddressesThatComeAndGo(t *testing.T) {
	tests := []struct {
		name    string
		away    func(h *Host)
		back    func(h *Host)
		arrival Reason // of what arrives meanwhile
	}{
		{"down and up", func(h *Host) { h.Interface("eth0").Down() }, func(h *Host) { h.Interface("eth0").Up() }, InterfaceDown},
		{"removed and added", func(h *Host) { h.Interface("eth0").Remove() }, func(h *Host) { h.AddInterface("eth0", Addrs("10.0.0.1")) }, NoRoute},
		{"address removed and added", func(h *Host) { h.Interface("eth0").RemoveAddr("10.0.0.1") }, func(h *Host) { h.Interface("eth0").AddAddr("10.0.0.1") }, NoRoute},
		{"moved to another interface", func(h *Host) { h.Interface("eth0").Move() }, func(h *Host) { h.AddInterface("wlan0", Addrs("10.0.0.1")) }, NoRoute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, 1, func(t *testing.T, n *Network) {
				n.SetDefaultPath(Path{Delay: 10 * ms})
				h := n.Host("a", Addrs("10.0.0.1"))
				a := open(t, h, "10.0.0.1:1")
				b := open(t, n.Host("b", Addrs("10.0.0.2")), "10.0.0.2:1")
				b.send(a.addr(), "on its way")
				tt.away(h)
				wait(10 * ms)
				b.send(a.addr(), "later")
				wait(10 * ms)
				a.want()
				if got := n.Stats().Drops(tt.arrival); got != 2 {
					t.Errorf("%d dropped because %v; %v", got, tt.arrival, n.Stats())
				}
				err := a.try(b.addr(), "out")
				var op *net.OpError
				if !errors.Is(err, syscall.ENETUNREACH) || !errors.As(err, &op) || op.Op != "write" {
					t.Errorf("a write gave %v", err)
				}
				tt.back(h)
				a.send(b.addr(), "out again")
				b.send(a.addr(), "in again")
				wait(10 * ms)
				a.want("in again")
				b.want("out again")
			})
		})
	}
}

// A telephone changes from one wireless network to another.
func TestMove(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		home := n.NAT("home", "203.0.113.1", NATConfig{})
		cafe := n.NAT("cafe", "203.0.113.2", NATConfig{})
		phone := n.Host("phone", Addrs("192.168.0.2"), Behind(home))
		server := open(t, n.Host("server", Addrs("198.51.100.1")), "198.51.100.1:1")
		old := open(t, phone, "0.0.0.0:5000")
		bound := open(t, phone, "192.168.0.2:6000")
		old.send(server.addr(), "from home")
		server.wantAt("from home", ap("203.0.113.1:5000"), 0)

		phone.Interface("eth0").Move(Behind(cafe), Addrs("10.9.9.9"))
		old.send(server.addr(), "from the café")
		server.wantAt("from the café", ap("203.0.113.2:5000"), 0)
		if err := bound.try(server.addr(), "x"); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("a socket of the old address gave %v", err)
		}
		server.send(ap("203.0.113.1:5000"), "to the old place")
		wait(time.Second)
		old.want()
		server.send(ap("203.0.113.2:5000"), "to the new place")
		old.want("to the new place")
	})
}

// A socket bound to an interface's address uses that interface; one without an
// address the first that fits.
func TestSourceAddresses(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		h := n.Host("a", Addrs("10.0.0.1"))
		h.AddInterface("wlan0", Addrs("192.168.1.2", "fd00::1"))
		b := n.Host("b", Addrs("192.168.1.9", "10.0.0.9", "fd00::9", "172.16.0.9"))
		four, six := open(t, b, "0.0.0.0:1"), open(t, b, "[::]:1")
		steps := []struct{ bound, to, want string }{
			{"10.0.0.1:7", "192.168.1.9:1", "10.0.0.1:7"},
			{"192.168.1.2:7", "10.0.0.9:1", "192.168.1.2:7"},
			{"0.0.0.0:8", "172.16.0.9:1", "10.0.0.1:8"},
			{"[::]:8", "[fd00::9]:1", "[fd00::1]:8"},
		}
		for _, s := range steps {
			open(t, h, s.bound).send(ap(s.to), s.want)
			receiver := four
			if ap(s.to).Addr().Is6() {
				receiver = six
			}
			receiver.wantAt(s.want, ap(s.want), 0)
		}
		h.Interface("eth0").Down()
		open(t, h, "0.0.0.0:9").send(ap("172.16.0.9:1"), "the other way")
		four.wantAt("the other way", ap("192.168.1.2:9"), 0)
	})
}

// Packets between sockets of one host take no path and no time.
func TestWithinAHost(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		n.SetDefaultPath(Path{Delay: time.Second, Loss: 1})
		h := n.Host("a", Addrs("10.0.0.1", "fe80::1"))
		lo, eth := open(t, h, "127.0.0.1:1"), open(t, h, "10.0.0.1:1")
		all := open(t, h, "0.0.0.0:2")
		eth.send(eth.addr(), "to itself")
		eth.wantAt("to itself", eth.addr(), 0)
		all.send(lo.addr(), "to loopback")
		lo.wantAt("to loopback", ap("127.0.0.1:2"), 0)
		lo.send(ap("127.0.0.1:2"), "from loopback")
		all.wantAt("from loopback", lo.addr(), 0)
		lo.send(eth.addr(), "from loopback")
		eth.wantAt("from loopback", lo.addr(), 0)
		if err := lo.try(ap("10.0.0.9:1"), "out"); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("from loopback to elsewhere: %v", err)
		}
		ll := open(t, h, "[fe80::1%eth0]:1")
		ll.send(ll.addr(), "link-local")
		ll.wantAt("link-local", ll.addr(), 0)
	})
}

// Whoever watches a host's interfaces is told of each change, and of none afterwards.
func TestChangesAreToldOf(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		h := n.Host("a", Addrs("10.0.0.1"))
		told := 0
		stop := h.WatchInterfaces(func() {
			if _, err := h.Interfaces(); err != nil {
				t.Error(err)
			}
			told++
		})
		wlan := h.AddInterface("wlan0", Addrs("192.168.1.2"))
		changes := []func(){
			wlan.Down, wlan.Up, func() { wlan.AddAddr("192.168.1.3") }, func() { wlan.RemoveAddr("192.168.1.2") },
			func() { wlan.Move(Addrs("192.168.7.7")) }, wlan.Remove,
		}
		for i, change := range changes {
			if change(); told != i+2 {
				t.Errorf("told %d times after %d changes", told, i+2)
			}
		}
		stop()
		stop()
		if h.Interface("eth0").Down(); told != len(changes)+1 {
			t.Error("told of a change after the end")
		}
	})
}
