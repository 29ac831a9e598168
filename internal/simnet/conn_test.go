package simnet

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

func TestBinding(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		h := n.Host("a", Addrs("10.0.0.1", "fd00::1"))
		steps := []struct {
			local string
			want  error
			bound string
		}{
			{"10.0.0.1:0", nil, "10.0.0.1:49152"},
			{"10.0.0.1:0", nil, "10.0.0.1:49153"},
			{"10.0.0.1:7", nil, "10.0.0.1:7"},
			{"10.0.0.1:7", syscall.EADDRINUSE, ""},
			{"0.0.0.0:7", syscall.EADDRINUSE, ""},
			{"127.0.0.1:7", nil, "127.0.0.1:7"},
			{"[::]:7", nil, "[::]:7"},
			{"[fd00::1]:7", syscall.EADDRINUSE, ""},
			{"[::ffff:10.0.0.1]:8", nil, "10.0.0.1:8"},
			{"10.0.0.2:9", syscall.EADDRNOTAVAIL, ""},
		}
		for _, s := range steps {
			c, err := h.ListenUDP(ap(s.local))
			if !errors.Is(err, s.want) || err == nil && c.LocalAddr() != ap(s.bound) {
				t.Errorf("%s: %v, %v; want %s, %v", s.local, c, err, s.bound, s.want)
			}
		}
		c := open(t, h, "10.0.0.1:10")
		c.conn.Close()
		open(t, h, "0.0.0.0:10") // the port is free again
	})
}

func TestWriteErrors(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a := open(t, n.Host("a", Addrs("10.0.0.1")), "10.0.0.1:1")
		b := open(t, n.Host("b", Addrs("10.0.0.2")), "10.0.0.2:1")
		entry := func(text, to string) udp.Datagram {
			return udp.Datagram{Buf: []byte(text), N: len(text), Addr: ap(to)}
		}
		bad := []udp.Datagram{
			entry("x", "[fd00::2]:1"), entry("x", "10.0.0.2:0"), {Buf: []byte("x"), N: 1},
			entry(strings.Repeat("x", 65508), "10.0.0.2:1"),
		}
		want := []error{syscall.EAFNOSUPPORT, syscall.EINVAL, syscall.EINVAL, syscall.EMSGSIZE}
		for i, d := range bad {
			// Those around it are sent all the same.
			sent, err := a.conn.WriteBatch([]udp.Datagram{entry("before", "10.0.0.2:1"), d, entry("after", "10.0.0.2:1")})
			if sent != 2 || !errors.Is(err, want[i]) {
				t.Errorf("entry %d: sent %d, %v; want 2, %v", i, sent, err, want[i])
			}
			b.want("before", "after")
		}
	})
}

// Segments leave one by one, and arrive one by one unless the host has GRO.
func TestSegments(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a := open(t, n.Host("a", Addrs("10.0.0.1")), "10.0.0.1:1")
		b := open(t, n.Host("b", Addrs("10.0.0.2")), "10.0.0.2:1")
		d := udp.Datagram{Buf: []byte("aaabbbcccd"), N: 10, SegmentSize: 3, Addr: b.addr()}
		if sent, err := a.conn.WriteBatch([]udp.Datagram{d, {Addr: b.addr()}}); sent != 2 || err != nil {
			t.Fatal(sent, err)
		}
		b.want("aaa", "bbb", "ccc", "d", "")
	})
}

// With GRO equal datagrams of one flow are joined as Linux joins them; a
// shorter one is the last.
func TestGRO(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a := open(t, n.Host("a", Addrs("10.0.0.1")), "10.0.0.1:1")
		c := open(t, n.Host("c", Addrs("10.0.0.3")), "10.0.0.3:1")
		b, err := n.Host("b", Addrs("10.0.0.2"), GRO()).ListenUDP(ap("10.0.0.2:1"))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"aaa", "bbb", "cc", "ddd", "eee", "ffff", "", "gg"} {
			a.send(b.LocalAddr(), text)
		}
		c.send(b.LocalAddr(), "hh")
		batch := make([]udp.Datagram, 10)
		for i := range batch {
			batch[i].Buf = make([]byte, 100)
		}
		k, err := b.ReadBatch(batch)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range batch[:k] {
			got = append(got, fmt.Sprintf("%s/%d", d.Buf[:d.N], d.SegmentSize))
		}
		if want := []string{"aaabbbcc/3", "dddeee/3", "ffff/0", "/0", "gg/0", "hh/0"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestShortBuffersAndEmptyBatches(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		h := n.Host("a", Addrs("10.0.0.1"))
		c, err := h.ListenUDP(ap("10.0.0.1:1"))
		if err != nil {
			t.Fatal(err)
		}
		open(t, h, "0.0.0.0:2").send(c.LocalAddr(), "12345")
		batch := []udp.Datagram{{Buf: make([]byte, 3)}}
		if k, err := c.ReadBatch(batch); k != 1 || err != nil || string(batch[0].Buf[:batch[0].N]) != "123" {
			t.Errorf("%d, %v, %q", k, err, batch[0].Buf)
		}
		if k, err := c.WriteBatch(nil); k != 0 || err != nil {
			t.Errorf("%d, %v", k, err)
		}
		if k, err := c.ReadBatch(nil); k != 0 || err != nil {
			t.Errorf("%d, %v", k, err)
		}
	})
}

// What the reader leaves lying beyond the buffer's size is dropped.
func TestReceiveBuffer(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a := open(t, n.Host("a", Addrs("10.0.0.1")), "10.0.0.1:1")
		b, err := n.Host("b", Addrs("10.0.0.2"), ReceiveBuffer(1000)).ListenUDP(ap("10.0.0.2:1"))
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			a.send(b.LocalAddr(), strings.Repeat("x", 300))
		}
		n.wantDrops(t, ReceiveBufferFull, 2)
		batch := []udp.Datagram{{Buf: make([]byte, 2000)}}
		for range 3 {
			if _, err := b.ReadBatch(batch); err != nil {
				t.Fatal(err)
			}
		}
		a.send(b.LocalAddr(), "room again")
		if _, err := b.ReadBatch(batch); err != nil || string(batch[0].Buf[:batch[0].N]) != "room again" {
			t.Errorf("%q, %v", batch[0].Buf[:batch[0].N], err)
		}
	})
}

// Close ends every read that waits, and calls after it match net.ErrClosed.
func TestClose(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		c, err := n.Host("a", Addrs("10.0.0.1")).ListenUDP(ap("10.0.0.1:1"))
		if err != nil {
			t.Fatal(err)
		}
		errs := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := c.ReadBatch(make([]udp.Datagram, 1))
				errs <- err
			}()
		}
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := <-errs; !errors.Is(err, net.ErrClosed) {
				t.Errorf("a waiting read gave %v", err)
			}
		}
		_, werr := c.WriteBatch([]udp.Datagram{{Addr: c.LocalAddr()}})
		if err := c.Close(); !errors.Is(werr, net.ErrClosed) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("write %v, close %v", werr, err)
		}
	})
}

// Several readers share what comes.
func TestSeveralReaders(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		a := open(t, n.Host("a", Addrs("10.0.0.1")), "10.0.0.1:1")
		c, err := n.Host("b", Addrs("10.0.0.2")).ListenUDP(ap("10.0.0.2:1"))
		if err != nil {
			t.Fatal(err)
		}
		x, y := reading(t, n, c), reading(t, n, c)
		synctest.Wait()
		for range 100 {
			a.send(c.LocalAddr(), "x")
		}
		if got := len(x.got()) + len(y.got()); got != 100 {
			t.Errorf("%d of 100 read", got)
		}
	})
}

// The adapter is a net.PacketConn, deadlines included.
func TestPacketConn(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		n.SetDefaultPath(Path{Delay: 10 * ms})
		a, err := n.Host("a", Addrs("10.0.0.1")).ListenPacket("udp4", "10.0.0.1:")
		if err != nil {
			t.Fatal(err)
		}
		hb := n.Host("b", Addrs("10.0.0.2", "fd00::2"))
		b, err := hb.ListenPacket("udp", ":3478")
		if err != nil {
			t.Fatal(err)
		}
		if b.LocalAddr().String() != "0.0.0.0:3478" || b.LocalAddr().Network() != "udp" {
			t.Errorf("bound to %v", b.LocalAddr())
		}
		to := &net.UDPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 3478}
		if k, err := a.WriteTo([]byte("hello"), to); k != 5 || err != nil {
			t.Fatal(k, err)
		}
		buf := make([]byte, 100)
		k, from, err := b.ReadFrom(buf)
		if err != nil || !bytes.Equal(buf[:k], []byte("hello")) || from.String() != a.LocalAddr().String() || n.now() != 10*ms {
			t.Fatalf("%q from %v at %v, %v", buf[:k], from, n.now(), err)
		}

		// A deadline set before and one set while a read waits.
		b.SetReadDeadline(time.Now().Add(time.Second))
		if _, _, err := b.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) || n.now() != 1010*ms {
			t.Errorf("%v at %v", err, n.now())
		}
		b.SetDeadline(time.Time{})
		time.AfterFunc(time.Second, func() { b.SetDeadline(time.Now()) })
		var timeout net.Error
		if _, _, err := b.ReadFrom(buf); !errors.As(err, &timeout) || !timeout.Timeout() || n.now() != 2010*ms {
			t.Errorf("%v at %v", err, n.now())
		}
		b.SetReadDeadline(time.Now().Add(time.Hour))
		b.Close()
		if _, _, err := b.ReadFrom(buf); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		if err := b.SetReadDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a deadline after Close: %v", err)
		}
		if _, err := b.WriteTo(buf, to); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a write after Close: %v", err)
		}
		if _, err := a.WriteTo(buf, &net.TCPAddr{}); err == nil {
			t.Error("a TCP address passed")
		}
		if _, err := a.WriteTo(buf, &net.UDPAddr{IP: net.IPv6loopback, Port: 1}); !errors.Is(err, syscall.EAFNOSUPPORT) {
			t.Errorf("to IPv6: %v", err)
		}
		if err := a.SetWriteDeadline(time.Now()); err != nil {
			t.Error(err)
		}
	})
}

func TestListenPacketAddresses(t *testing.T) {
	bubble(t, 1, func(t *testing.T, n *Network) {
		h := n.Host("a", Addrs("10.0.0.1", "fd00::1"))
		for _, tt := range []struct{ network, address, want string }{
			{"udp", "10.0.0.1:1", "10.0.0.1:1"}, {"udp6", ":1", "[::]:1"}, {"udp", "[fd00::1]:2", "[fd00::1]:2"},
			{"udp6", "10.0.0.1:3", ""}, {"udp4", "[fd00::1]:3", ""}, {"tcp", "10.0.0.1:3", ""},
			{"udp", "10.0.0.1", ""}, {"udp", "host:1", ""}, {"udp", "10.0.0.7:1", ""},
		} {
			c, err := h.ListenPacket(tt.network, tt.address)
			if (err == nil) != (tt.want != "") || err == nil && c.LocalAddr().String() != tt.want {
				t.Errorf("%s %s: %v, %v", tt.network, tt.address, c, err)
			}
		}
	})
}

func TestUnspecifiedDestinationsOfEachFamily(t *testing.T) {
	for _, a := range []string{"1.2.3.4", "fd00::1"} {
		addr := netip.MustParseAddr(a)
		if u := unspecified(addr); !u.IsUnspecified() || u.Is4() != addr.Is4() {
			t.Errorf("%v", u)
		}
	}
}
