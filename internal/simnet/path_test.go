package simnet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// pair is two hosts with a socket each and a path between them.
func pair(t *testing.T, n *Network, p Path) (a, b *socket) {
	t.Helper()
	ha, hb := n.Host("a", Addrs("10.0.0.1")), n.Host("b", Addrs("10.0.0.2"))
	n.Link(ha, hb, p)
	return open(t, ha, "10.0.0.1:1"), open(t, hb, "10.0.0.2:2")
}

// sendMany sends count numbered packets, gap apart, and returns the numbers in
// the order of arrival.
func sendMany(a, b *socket, count int, gap time.Duration) []arrival {
	for i := range count {
		a.send(b.addr(), fmt.Sprint(i))
		if gap > 0 {
			wait(gap)
		}
	}
	wait(10 * time.Second)
	return b.got()
}

// near says whether a count out of total is what chance p gives, within six
// standard deviations.
func near(count, total int, p float64) bool {
	mean := p * float64(total)
	d := float64(count) - mean
	return d*d <= 36*max(mean*(1-p), 1)
}

func TestLoss(t *testing.T) {
	for _, loss := range []float64{0, 0.01, 0.5, 1} {
		bubble(t, 7, func(t *testing.T, n *Network) {
			a, b := pair(t, n, Path{Loss: loss})
			got := len(sendMany(a, b, 2000, 0))
			if !near(2000-got, 2000, loss) {
				t.Errorf("with loss %v, %d of 2000 arrived", loss, got)
			}
			n.wantDrops(t, Lost, uint64(2000-got))
		})
	}
}

// Bursts lose as much as their share of time says, in runs of the mean length
// 1/Leave.
func TestBurstLoss(t *testing.T) {
	bubble(t, 3, func(t *testing.T, n *Network) {
		a, b := pair(t, n, Path{Burst: Burst{Enter: 0.02, Leave: 0.2}})
		const total = 10000
		arrived := map[string]bool{}
		for _, g := range sendMany(a, b, total, 0) {
			arrived[g.text] = true
		}
		lost, runs := 0, 0
		for i := range total {
			if !arrived[fmt.Sprint(i)] {
				if lost++; i == 0 || arrived[fmt.Sprint(i-1)] {
					runs++
				}
			}
		}
		if share := float64(lost) / total; share < 0.06 || share > 0.13 { // 0.02/(0.02+0.2) is 0.09
			t.Errorf("%v lost", share)
		}
		if mean := float64(lost) / float64(runs); mean < 4 || mean > 6 {
			t.Errorf("runs of %v packets, want 5", mean)
		}
		n.wantDrops(t, LostInBurst, uint64(lost))
	})
}

// Jitter spreads arrivals over its range but keeps the order.
func TestJitter(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a, b := pair(t, n, Path{Delay: 30 * ms, Jitter: 10 * ms})
		got := sendMany(a, b, 1000, ms)
		least, most := time.Hour, time.Duration(0)
		for i, g := range got {
			if g.text != fmt.Sprint(i) {
				t.Fatalf("packet %s came where %d was due", g.text, i)
			}
			took := g.at - time.Duration(i)*ms
			least, most = min(least, took), max(most, took)
		}
		if len(got) != 1000 || least < 30*ms || least > 32*ms || most > 40*ms || most < 38*ms {
			t.Errorf("%d packets took %v to %v", len(got), least, most)
		}
	})
}

// A packet held back arrives exactly ReorderDelay late, behind those sent
// meanwhile.
func TestReorder(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a, b := pair(t, n, Path{Delay: 5 * ms, Reorder: 0.1, ReorderDelay: 2 * ms})
		late := 0
		got := sendMany(a, b, 1000, ms)
		for _, g := range got {
			var i int
			fmt.Sscan(g.text, &i)
			switch g.at - time.Duration(i)*ms {
			case 5 * ms:
			case 7 * ms:
				late++
			default:
				t.Fatalf("packet %d came at %v", i, g.at)
			}
		}
		if len(got) != 1000 || !near(late, 1000, 0.1) {
			t.Errorf("%d of %d were held back", late, len(got))
		}
		if slices.IsSortedFunc(got, func(x, y arrival) int { return len(x.text) - len(y.text) }) && late == 0 {
			t.Error("nothing was out of order")
		}
	})
}

func TestDuplicates(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a, b := pair(t, n, Path{Duplicate: 0.25})
		got := sendMany(a, b, 1000, 0)
		if !near(len(got)-1000, 1000, 0.25) || n.Stats().Duplicated != uint64(len(got)-1000) {
			t.Errorf("%d packets of 1000 arrived; %v", len(got), n.Stats())
		}
	})
}

// At 1 Mbit/s a packet of 1250 bytes with its headers takes 10 ms, and packets
// queue behind each other.
func TestRateIsExact(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a, b := pair(t, n, Path{Rate: 1_000_000, Delay: 3 * ms})
		text := strings.Repeat("x", 1250-28)
		for range 3 {
			a.send(b.addr(), text)
		}
		n.at(100 * ms)
		a.send(b.addr(), text)
		n.at(time.Second)
		got := b.want(text, text, text, text)
		for i, at := range []time.Duration{13 * ms, 23 * ms, 33 * ms, 113 * ms} {
			if got[i].at != at {
				t.Errorf("packet %d came at %v, want %v", i, got[i].at, at)
			}
		}
	})
}

// What does not fit in the queue is dropped from its tail.
func TestQueue(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a, b := pair(t, n, Path{Rate: 8_000, Queue: 3000})
		pad := strings.Repeat(".", 1000-28-1)
		for i := range 5 {
			a.send(b.addr(), fmt.Sprint(i)+pad)
		}
		wait(10 * time.Second)
		b.want("0"+pad, "1"+pad, "2"+pad)
		n.wantDrops(t, QueueFull, 2)
		a.send(b.addr(), "5"+pad)
		wait(10 * time.Second)
		b.want("5" + pad)
	})
	if q := (&link{path: Path{Rate: 8_000_000}}).queue(); q != 200_000 {
		t.Errorf("8 Mbit/s queue %d bytes", q)
	}
	if q := (&link{path: Path{Rate: 8_000}}).queue(); q != 15_000 {
		t.Errorf("8 kbit/s queue %d bytes", q)
	}
}

// RFC 3168 §5: a queue marks packets that are ECN-capable and only those.
func TestECN(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a, b := pair(t, n, Path{Rate: 8_000_000, ECNThreshold: 1000})
		var batch []udp.Datagram
		for _, ecn := range []uint8{1, 0, 1, 2, 0} {
			batch = append(batch, udp.Datagram{Buf: make([]byte, 1000), N: 1000, Addr: b.addr(), ECN: ecn})
		}
		if _, err := a.conn.WriteBatch(batch); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		var got []uint8
		for _, g := range b.got() {
			got = append(got, g.ecn)
		}
		if want := []uint8{1, 0, 3, 3, 0}; !slices.Equal(got, want) {
			t.Errorf("ECN fields %v, want %v", got, want)
		}
	})
}

// The MTU counts IP and UDP headers, of IPv6 20 bytes more.
func TestMTU(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		ha, hb := n.Host("a", Addrs("10.0.0.1", "fd00::1")), n.Host("b", Addrs("10.0.0.2", "fd00::2"))
		n.Link(ha, hb, Path{MTU: 100})
		a4, b4 := open(t, ha, "10.0.0.1:1"), open(t, hb, "10.0.0.2:1")
		a6, b6 := open(t, ha, "[fd00::1]:1"), open(t, hb, "[fd00::2]:1")
		fits4, fits6 := strings.Repeat("4", 72), strings.Repeat("6", 52)
		for _, s := range []string{fits4, fits4 + "4"} {
			a4.send(b4.addr(), s)
		}
		for _, s := range []string{fits6, fits6 + "6"} {
			a6.send(b6.addr(), s)
		}
		b4.want(fits4)
		b6.want(fits6)
		n.wantDrops(t, TooBig, 2)
	})
}

// The most specific link holds, in each direction for itself.
func TestWhichLinkHolds(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		nat := n.NAT("nat", "203.0.113.1", NATConfig{})
		ha := n.Host("a", Addrs("192.168.0.2"), Behind(nat))
		hb := n.Host("b", Addrs("203.0.113.2"))
		a, b := open(t, ha, "192.168.0.2:5000"), open(t, hb, "203.0.113.2:1")
		out := ap("203.0.113.1:5000")
		took := func() (there, back time.Duration) {
			start := n.now()
			a.send(b.addr(), "there")
			b.send(out, "back")
			wait(time.Second)
			return b.want("there")[0].at - start, a.want("back")[0].at - start
		}
		steps := []struct {
			name        string
			set         func()
			there, back time.Duration
		}{
			{"nothing set", func() {}, 0, 0},
			{"default", func() { n.SetDefaultPath(Path{Delay: 1 * ms}) }, 1 * ms, 1 * ms},
			{"any and host", func() { n.Link(n.Any(), hb, Path{Delay: 2 * ms}) }, 2 * ms, 2 * ms},
			{"NAT and host", func() { n.Link(nat, hb, Path{Delay: 3 * ms}) }, 3 * ms, 3 * ms},
			{"two hosts", func() { n.Link(ha, hb, Path{Delay: 4 * ms}) }, 4 * ms, 4 * ms},
			{"interface, one way", func() { n.LinkOneWay(ha.Interface("eth0"), hb, Path{Delay: 5 * ms}) }, 5 * ms, 4 * ms},
			{"changed", func() { n.Link(ha, hb, Path{Delay: 6 * ms}) }, 5 * ms, 6 * ms},
			{"default again", func() { n.SetDefaultPath(Path{Delay: 9 * ms}) }, 5 * ms, 6 * ms},
		}
		for _, s := range steps {
			s.set()
			if there, back := took(); there != s.there || back != s.back {
				t.Errorf("%s: %v there and %v back, want %v and %v", s.name, there, back, s.there, s.back)
			}
		}
	})
}

// All that a link matches shares its rate.
func TestAccessLine(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		ha := n.Host("a", Addrs("10.0.0.1"))
		n.LinkOneWay(n.Any(), ha, Path{Rate: 1_000_000})
		a := open(t, ha, "10.0.0.1:1")
		text := strings.Repeat("x", 1250-28)
		for i := range 3 {
			h := n.Host(fmt.Sprint(i), Addrs(fmt.Sprintf("10.0.1.%d", i)))
			open(t, h, "0.0.0.0:0").send(a.addr(), text)
		}
		wait(time.Second)
		for i, g := range a.want(text, text, text) {
			if want := time.Duration(i+1) * 10 * ms; g.at != want {
				t.Errorf("packet %d came at %v, want %v", i, g.at, want)
			}
		}
	})
}

// A cut takes what is on its way too, and ends when it is healed.
func TestCutAndHeal(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a, b := pair(t, n, Path{Delay: 10 * ms})
		ha, hb := n.nodes["a"], n.nodes["b"]
		a.send(b.addr(), "1")
		n.at(5 * ms)
		n.Cut(ha, hb)
		a.send(b.addr(), "2")
		b.send(a.addr(), "3")
		n.at(50 * ms)
		n.Heal(hb, ha)
		a.send(b.addr(), "4")
		n.at(60 * ms)
		b.wantAt("4", a.addr(), 60*ms)
		a.want()
		n.wantDrops(t, CutOff, 3)

		n.CutOneWay(ha, hb)
		a.send(b.addr(), "5")
		b.send(a.addr(), "6")
		wait(time.Second)
		b.want()
		a.want("6")
		n.Heal(ha, hb)

		n.Cut(ha, n.Any())
		a.send(b.addr(), "7")
		b.send(a.addr(), "8")
		wait(time.Second)
		a.want()
		b.want()
	})
}
