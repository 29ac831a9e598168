package simnet

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const mdns = "224.0.0.251:5353"

// A query to the group reaches every member on the LAN, the sender too, and
// nobody else; the answer goes to the sender's own address.
func TestMulticastOnALAN(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		office := n.LAN("office")
		office.SetPath(Path{Delay: ms})
		n.SetDefaultPath(Path{Delay: time.Hour})
		ha := n.Host("a", Addrs("10.0.0.1"), On(office))
		hb := n.Host("b", Addrs("10.0.0.2"), On(office))
		hc := n.Host("c", Addrs("10.0.0.3"))
		a, b, c := join(t, ha, "eth0", mdns), join(t, hb, "eth0", mdns), join(t, hc, "eth0", mdns)
		b2 := join(t, hb, "eth0", mdns) // another program on the same host
		other := join(t, hb, "eth0", "224.0.0.251:5354")

		a.send(ap(mdns), "query")
		n.at(ms)
		a.wantAt("query", ap("10.0.0.1:5353"), 0)
		b.wantAt("query", ap("10.0.0.1:5353"), ms)
		b2.wantAt("query", ap("10.0.0.1:5353"), ms)
		c.want()
		other.want()

		// A one-shot query from a port of its own (RFC 6762 §5.1).
		shot := open(t, ha, "10.0.0.1:0")
		shot.send(ap(mdns), "one-shot")
		n.at(2 * ms)
		got := b.want("one-shot")[0]
		if got.from != shot.addr() {
			t.Errorf("from %v, want %v", got.from, shot.addr())
		}
		b.send(got.from, "answer")
		n.at(3 * ms)
		shot.wantAt("answer", ap("10.0.0.2:5353"), 3*ms)
	})
}

// The inside of a NAT is a LAN.
func TestMulticastBehindANAT(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		nat, other := n.NAT("nat", "203.0.113.1", NATConfig{}), n.NAT("other", "203.0.113.2", NATConfig{})
		a := join(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "eth0", mdns)
		b := join(t, n.Host("b", Addrs("192.168.0.3"), Behind(nat)), "eth0", mdns)
		c := join(t, n.Host("c", Addrs("192.168.0.4"), Behind(other)), "eth0", mdns)
		nat.LAN().SetPath(Path{Loss: 1})
		a.send(ap(mdns), "lost")
		nat.LAN().SetPath(Path{})
		a.send(ap(mdns), "heard")
		b.want("heard")
		a.want("lost", "heard")
		c.want()
		n.wantDrops(t, Lost, 1)
	})
}

// IPv6 link-local addresses reach neighbours and carry the zone of the
// receiving interface (RFC 4007 §11).
func TestLinkLocal(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		lan := n.LAN("lan")
		ha := n.Host("a", Addrs("fe80::1"), On(lan))
		hb := n.Host("b")
		hb.AddInterface("wlan0", Addrs("fe80::2"), On(lan))
		hc := n.Host("c", Addrs("fe80::1")) // the same address on another link
		a, b := open(t, ha, "[fe80::1%eth0]:1"), open(t, hb, "[fe80::2%wlan0]:2")
		open(t, hc, "[fe80::1%eth0]:1")
		a.send(ap("[fe80::2%eth0]:2"), "hello")
		from := b.want("hello")[0].from
		if from != ap("[fe80::1%wlan0]:1") {
			t.Errorf("from %v", from)
		}
		b.send(from, "hello to you")
		a.wantAt("hello to you", ap("[fe80::2%eth0]:2"), 0)
		a.send(ap("[fe80::9%eth0]:2"), "nobody")
		n.wantDrops(t, NoRoute, 1)
		if _, err := ha.ListenUDP(ap("[fe80::1]:0")); !errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Errorf("without a zone: %v", err)
		}
		six := join(t, hb, "wlan0", "[ff02::fb]:5353")
		a.send(ap("[ff02::fb]:5353"), "query")
		six.wantAt("query", ap("[fe80::1%wlan0]:1"), 0)
	})
}

// A member that leaves its LAN hears no more of it.
func TestLeavingALAN(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		lan := n.LAN("lan")
		ha, hb := n.Host("a", Addrs("10.0.0.1"), On(lan)), n.Host("b", Addrs("10.0.0.2"), On(lan))
		a, b := join(t, ha, "eth0", mdns), join(t, hb, "eth0", mdns)
		hb.Interface("eth0").Down()
		a.send(ap(mdns), "down")
		hb.Interface("eth0").Up()
		a.send(ap(mdns), "up")
		hb.Interface("eth0").Remove()
		a.send(ap(mdns), "gone")
		b.want("up")
		if err := b.try(ap(mdns), "x"); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("a write on a removed interface gave %v", err)
		}
		a.want("down", "up", "gone")
		a.conn.Close()
		open(t, ha, "10.0.0.1:0").send(ap(mdns), "nobody is left")
		n.wantDrops(t, NoListener, 1)
	})
}

func TestJoinErrors(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		h := n.Host("a", Addrs("10.0.0.1"))
		for _, tt := range []struct {
			iface, group string
			want         error
		}{
			{"eth0", "10.0.0.1:5353", syscall.EINVAL},
			{"eth0", "224.0.0.251:0", syscall.EINVAL},
			{"eth1", mdns, syscall.ENODEV},
			{"eth0", "[ff02::fb]:5353", syscall.ENODEV},
		} {
			if _, err := h.ListenMulticastUDP(udp.Interface{Name: tt.iface}, ap(tt.group)); !errors.Is(err, tt.want) {
				t.Errorf("%s on %s: %v, want %v", tt.group, tt.iface, err, tt.want)
			}
		}
	})
}
