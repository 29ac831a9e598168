package simnet

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// A question and its answer over 50 ms each way take 100 ms, to the nanosecond.
func TestDelayIsExact(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		n.SetDefaultPath(Path{Delay: 50 * ms})
		a := open(t, n.Host("a", Addrs("10.0.0.1")), "10.0.0.1:1000")
		b := open(t, n.Host("b", Addrs("10.0.0.2")), "10.0.0.2:2000")
		a.send(b.addr(), "question")
		wait(50*ms - 1)
		b.want()
		wait(1)
		b.wantAt("question", a.addr(), 50*ms)
		b.send(a.addr(), "answer")
		n.at(100 * ms)
		a.wantAt("answer", b.addr(), 100*ms)
	})
}

func TestWithoutDelayEverythingIsImmediate(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a := open(t, n.Host("a", Addrs("fd00::1")), "[fd00::1]:0")
		b := open(t, n.Host("b", Addrs("fd00::2")), "[fd00::2]:0")
		for i := range 3 {
			a.send(b.addr(), fmt.Sprint(i))
		}
		b.want("0", "1", "2")
	})
}

// The sender may use its buffer again at once.
func TestDataIsCopied(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		n.SetDefaultPath(Path{Delay: ms})
		a := open(t, n.Host("a", Addrs("10.0.0.1")), "10.0.0.1:0")
		b := open(t, n.Host("b", Addrs("10.0.0.2")), "10.0.0.2:0")
		buf := []byte("before")
		if _, err := a.conn.WriteBatch([]udp.Datagram{{Buf: buf, N: len(buf), Addr: b.addr()}}); err != nil {
			t.Fatal(err)
		}
		copy(buf, "after!")
		wait(ms)
		b.want("before")
	})
}

// Packets to places where nobody is vanish, and are counted.
func TestNowhere(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a := open(t, n.Host("a", Addrs("10.0.0.1")), "10.0.0.1:0")
		n.Host("b", Addrs("10.0.0.2"))
		a.send(ap("10.0.0.9:1"), "no such host")
		a.send(ap("10.0.0.2:1"), "no such socket")
		n.wantDrops(t, NoRoute, 1)
		n.wantDrops(t, NoListener, 1)
		if s := n.Stats(); s.Sent != 2 || s.Delivered != 0 || s.String() != "sent 2, delivered 0 (0 bytes), no route 1, no listener 1" {
			t.Errorf("%v", s)
		}
	})
}

// After Close nothing runs, nothing arrives and nothing can be opened.
func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		n.SetDefaultPath(Path{Delay: time.Second})
		h := n.Host("a", Addrs("10.0.0.1"))
		a, b := open(t, h, "10.0.0.1:0"), open(t, n.Host("b", Addrs("10.0.0.2")), "10.0.0.2:0")
		a.send(b.addr(), "late")
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		wait(time.Hour)
		b.want()
		if err := a.try(b.addr(), "x"); err == nil {
			t.Error("a write after Close succeeded")
		}
		if _, err := h.ListenUDP(ap("10.0.0.1:0")); err == nil {
			t.Error("a socket was opened after Close")
		}
		if _, err := h.ListenMulticastUDP(udp.Interface{Name: "eth0"}, ap("224.0.0.251:5353")); err == nil {
			t.Error("a group was joined after Close")
		}
		n.Inject(a.addr(), b.addr(), []byte("x"))
		if err := n.Close(); err != nil {
			t.Errorf("a second Close gave %v", err)
		}
	})
}

func TestMistakesInTheSetUpPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		defer n.Close()
		h := n.Host("a", Addrs("10.0.0.1"))
		nat := n.NAT("nat", "10.0.0.2", NATConfig{})
		moved := h.AddInterface("gone", Addrs("10.0.0.7"))
		moved.Remove()
		for name, f := range map[string]func(){
			"a name twice":         func() { n.Host("a") },
			"no name":              func() { n.Host("") },
			"an address twice":     func() { n.Host("b", Addrs("10.0.0.1")) },
			"a NAT's address":      func() { n.Host("c", Addrs("10.0.0.2")) },
			"an interface twice":   func() { h.AddInterface("eth0") },
			"not an address":       func() { Addrs("10.0.0") },
			"a removed interface":  func() { moved.Move(Behind(nat)) },
			"a NAT on an address":  func() { n.NAT("nat2", "10.0.0.1", NATConfig{}) },
			"a name that is a NAT": func() { n.Host("nat") },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic", name)
					}
				}()
				f()
			}()
		}
	})
}

// The same seed gives the same trace, to the packet and the nanosecond, and
// another seed another one; a third party's traffic makes no difference.
func TestDeterminism(t *testing.T) {
	trace := func(seed uint64, neighbours bool) (sum string) {
		synctest.Test(t, func(t *testing.T) {
			n := New(seed)
			defer n.Close()
			n.SetDefaultPath(Path{
				Delay: 20 * ms, Jitter: 7 * ms, Loss: 0.1, Reorder: 0.1, Duplicate: 0.1,
				Burst: Burst{Enter: 0.01, Leave: 0.2}, Rate: 1_000_000,
			})
			h := sha256.New()
			nat := n.NAT("nat", "203.0.113.1", NATConfig{Ports: RandomPorts, Mapping: AddressPortDependent})
			a := open(t, n.Host("a", Addrs("192.168.0.2"), Behind(nat)), "192.168.0.2:0")
			b := open(t, n.Host("b", Addrs("203.0.113.2")), "203.0.113.2:7")
			c := open(t, n.Host("c", Addrs("203.0.113.3")), "203.0.113.3:7")
			n.Tap(func(p Packet) {
				if p.Host == "a" {
					write(h, p)
				}
			})
			for i := range 500 {
				a.send(b.addr(), fmt.Sprint(i))
				if neighbours && i%3 == 0 {
					c.send(b.addr(), "noise")
				}
				wait(5 * ms)
			}
			wait(time.Second)
			sum = fmt.Sprintf("%x", h.Sum(nil))
		})
		return sum
	}
	first := trace(1, false)
	if again := trace(1, true); again != first {
		t.Error("the same seed gave another trace")
	}
	if other := trace(2, false); other == first {
		t.Error("another seed gave the same trace")
	}
}

func write(h hash.Hash, p Packet) {
	fmt.Fprintln(h, p.Event, p.Reason, p.Time.UnixNano(), p.From, p.To, string(p.Data))
}

// 64 MiB cross a 100 Mbit/s path with acknowledgements in the virtual time that
// they need, and in little real time.
func TestBulkTransfer(t *testing.T) {
	const total, size, window = 64 << 20, 1200, 256
	start := time.Now()
	var virtual time.Duration
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		defer n.Close()
		n.SetDefaultPath(Path{Delay: 10 * ms, Rate: 100_000_000, Queue: 1 << 20})
		from, err := n.Host("a", Addrs("10.0.0.1")).ListenUDP(ap("10.0.0.1:1"))
		if err != nil {
			t.Fatal(err)
		}
		to, err := n.Host("b", Addrs("10.0.0.2")).ListenUDP(ap("10.0.0.2:1"))
		if err != nil {
			t.Fatal(err)
		}
		received := make(chan uint32)
		go func() { received <- acknowledge(t, to, total) }()

		sent, acked, out := 0, 0, make([]udp.Datagram, 8)
		for i := range out {
			out[i] = udp.Datagram{Buf: make([]byte, size), N: size, Addr: to.LocalAddr()}
		}
		in := []udp.Datagram{{Buf: make([]byte, 64)}, {Buf: make([]byte, 64)}}
		for acked < total {
			for sent < total && sent-acked < window*size {
				k, err := from.WriteBatch(out[:min(len(out), (total-sent+size-1)/size)])
				if err != nil {
					t.Fatal(err)
				}
				sent += k * size
			}
			k, err := from.ReadBatch(in)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range in[:k] {
				acked = int(binary.BigEndian.Uint32(d.Buf))
			}
		}
		if got := <-received; got < total {
			t.Errorf("%d bytes arrived", got)
		}
		virtual = n.now()
	})
	// 64 MiB and headers at 100 Mbit/s take 5.5 s.
	if virtual < 5*time.Second || virtual > 7*time.Second {
		t.Errorf("it took %v of virtual time", virtual)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v of real time", took)
	} else {
		t.Logf("%v of virtual time in %v", virtual, took)
	}
}

// acknowledge reads total bytes and tells their sender how many came.
func acknowledge(t *testing.T, c udp.Conn, total int) (got uint32) {
	in := make([]udp.Datagram, 16)
	for i := range in {
		in[i].Buf = make([]byte, 1500)
	}
	ack := make([]byte, 4)
	for int(got) < total {
		k, err := c.ReadBatch(in)
		if err != nil {
			t.Error(err)
			return got
		}
		for _, d := range in[:k] {
			got += uint32(d.N)
		}
		binary.BigEndian.PutUint32(ack, got)
		if _, err := c.WriteBatch([]udp.Datagram{{Buf: ack, N: 4, Addr: in[0].Addr}}); err != nil {
			t.Error(err)
		}
	}
	return got
}

// Outside a bubble the network runs on the real clock.
func TestRealClock(t *testing.T) {
	n := New(1)
	defer n.Close()
	n.SetDefaultPath(Path{Delay: 20 * ms})
	a, err := n.Host("a", Addrs("10.0.0.1")).ListenPacket("udp", "10.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b, err := n.Host("b", Addrs("10.0.0.2")).ListenPacket("udp", ":9")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for i := range 3 {
		if _, err := a.WriteTo([]byte{byte(i)}, net.UDPAddrFromAddrPort(ap("10.0.0.2:9"))); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 10)
	for i := range 3 {
		k, _, err := b.ReadFrom(buf)
		if err != nil || !bytes.Equal(buf[:k], []byte{byte(i)}) {
			t.Fatalf("packet %d: %v %v", i, buf[:k], err)
		}
	}
	if took := time.Since(start); took < 20*ms {
		t.Errorf("arrived after %v", took)
	}
	n.Close()
	if _, _, err := b.ReadFrom(buf); err == nil || err == io.EOF {
		t.Errorf("a read after Close gave %v", err)
	}
}
