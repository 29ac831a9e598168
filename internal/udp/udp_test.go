package udp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These tests hold for every implementation of System: run them with
// -tags udpplain to see the plain one on Linux.

var loopbacks = []string{"127.0.0.1", "::1"}

func listen(t testing.TB, addr string) Conn {
	t.Helper()
	c, err := System().ListenUDP(netip.AddrPortFrom(netip.MustParseAddr(addr), 0))
	if err != nil {
		if addr == "::1" {
			t.Skipf("no IPv6 here: %v", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// buffers returns a batch with n buffers of size bytes.
func buffers(n, size int) []Datagram {
	batch := make([]Datagram, n)
	for i := range batch {
		batch[i].Buf = make([]byte, size)
	}
	return batch
}

// datagram is one that has been received, out of its batch.
type datagram struct {
	data []byte
	from netip.AddrPort
	ecn  uint8
}

// receive reads until it has n datagrams, taken apart where they were joined.
func receive(t testing.TB, c Conn, batch []Datagram, n int) []datagram {
	t.Helper()
	alarm := time.AfterFunc(10*time.Second, func() { c.Close() })
	defer alarm.Stop()
	var got []datagram
	for len(got) < n {
		k, err := c.ReadBatch(batch)
		if err != nil {
			t.Fatalf("after %d of %d datagrams: %v", len(got), n, err)
		}
		for _, d := range batch[:k] {
			got = append(got, takeApart(d)...)
		}
	}
	return got
}

func takeApart(d Datagram) (out []datagram) {
	size := d.SegmentSize
	if size == 0 {
		size = max(d.N, 1)
	}
	for b := d.Buf[:d.N]; ; {
		n := min(size, len(b))
		out = append(out, datagram{bytes.Clone(b[:n]), d.Addr, d.ECN})
		if b = b[n:]; len(b) == 0 {
			return out
		}
	}
}

// numbered returns a datagram of size bytes with a content of its own.
func numbered(i, size int, to netip.AddrPort) Datagram {
	b := make([]byte, size)
	for k := range b {
		b[k] = byte(i*7 + k)
	}
	return Datagram{Buf: b, N: size, Addr: to}
}

func wantSame(t *testing.T, got []datagram, want []Datagram) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d datagrams, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i].data, want[i].Buf[:want[i].N]) {
			t.Fatalf("datagram %d has %d bytes that differ from the %d sent", i, len(got[i].data), want[i].N)
		}
	}
}

func TestLocalAddress(t *testing.T) {
	for _, a := range loopbacks {
		c := listen(t, a)
		if l := c.LocalAddr(); l.Addr() != netip.MustParseAddr(a) || l.Port() == 0 {
			t.Errorf("listening on %s gave %v", a, l)
		}
	}
	if c, err := System().ListenUDP(netip.AddrPort{}); err == nil {
		c.Close()
		t.Error("listening without an address succeeded")
	}
}

// A batch of every size, larger than one system call takes, arrives whole, in
// order and from the right address.
func TestBatches(t *testing.T) {
	for _, a := range loopbacks {
		for _, room := range []int{2000, MaxJoined} {
			t.Run(fmt.Sprintf("%s/%d", a, room), func(t *testing.T) {
				x, y := listen(t, a), listen(t, a)
				var sent []Datagram
				for i := range 150 {
					size := []int{1200, 1200, 1200, 700, 1, 1200, 0, 333, 333}[i%9]
					sent = append(sent, numbered(i, size, y.LocalAddr()))
				}
				n, err := x.WriteBatch(sent)
				if n != len(sent) || err != nil {
					t.Fatalf("sent %d of %d: %v", n, len(sent), err)
				}
				got := receive(t, y, buffers(8, room), len(sent))
				wantSame(t, got, sent)
				for _, d := range got {
					if d.from != x.LocalAddr() {
						t.Fatalf("from %v, want %v", d.from, x.LocalAddr())
					}
				}
			})
		}
	}
}

// An entry with a segment size leaves as datagrams of that size, and the last
// may be shorter.
func TestSegments(t *testing.T) {
	for _, total := range []int{1, 999, 1000, 1001, 5000, 63999, 200500} {
		x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
		big := numbered(3, total, y.LocalAddr())
		big.SegmentSize = 1000
		last := numbered(4, 10, y.LocalAddr())
		if n, err := x.WriteBatch([]Datagram{big, last}); n != 2 || err != nil {
			t.Fatalf("%d bytes: sent %d: %v", total, n, err)
		}
		var want []Datagram
		for at := 0; at < total; at += 1000 {
			n := min(1000, total-at)
			want = append(want, Datagram{Buf: big.Buf[at : at+n], N: n})
		}
		want = append(want, last)
		wantSame(t, receive(t, y, buffers(4, MaxJoined), len(want)), want)
	}
}

// An entry that cannot be sent does not stop those around it, nor the reader.
func TestRefusedEntries(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	closed := listen(t, "127.0.0.1")
	nobody := closed.LocalAddr()
	closed.Close()
	batch := []Datagram{
		numbered(0, 100, y.LocalAddr()),
		numbered(1, 65536, y.LocalAddr()), // EMSGSIZE
		numbered(2, 100, y.LocalAddr()),
		numbered(3, 100, netip.MustParseAddrPort("[2001:db8::1]:9")), // EAFNOSUPPORT
		numbered(4, 100, netip.AddrPort{}),
		numbered(5, 100, nobody), // an ICMP message comes back
		numbered(6, 100, y.LocalAddr()),
	}
	n, err := x.WriteBatch(batch)
	if n != 4 || err == nil {
		t.Fatalf("sent %d entries, error %v; want 4 and an error", n, err)
	}
	if errors.Is(err, net.ErrClosed) {
		t.Fatalf("the error says closed: %v", err)
	}
	got := receive(t, y, buffers(8, 2000), 3)
	wantSame(t, got, []Datagram{batch[0], batch[2], batch[6]})

	// The socket still sends and receives.
	back := numbered(7, 50, x.LocalAddr())
	if _, err := y.WriteBatch([]Datagram{back}); err != nil {
		t.Fatal(err)
	}
	wantSame(t, receive(t, x, buffers(1, 2000), 1), []Datagram{back})
}

func TestEmptyBatches(t *testing.T) {
	c := listen(t, "127.0.0.1")
	if n, err := c.ReadBatch(nil); n != 0 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	if n, err := c.WriteBatch(nil); n != 0 || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
}

// Close ends reads that wait and calls that come after.
func TestClose(t *testing.T) {
	c := listen(t, "127.0.0.1")
	errs := make(chan error)
	for range 2 {
		go func() {
			_, err := c.ReadBatch(buffers(2, 2000))
			errs <- err
		}()
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-errs; !errors.Is(err, net.ErrClosed) {
			t.Errorf("a waiting read gave %v", err)
		}
	}
	if _, err := c.ReadBatch(buffers(2, 2000)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a later read gave %v", err)
	}
	if n, err := c.WriteBatch([]Datagram{numbered(0, 1, c.LocalAddr())}); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("a later write gave %d, %v", n, err)
	}
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a second close gave %v", err)
	}
}

// Several goroutines write at once; each one's datagrams arrive in order.
func TestConcurrentWriters(t *testing.T) {
	const writers, rounds, each = 4, 20, 10
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for r := range rounds {
				var batch []Datagram
				for i := range each {
					batch = append(batch, Datagram{Buf: []byte{byte(w), byte(r*each + i)}, N: 2, Addr: y.LocalAddr()})
				}
				if n, err := x.WriteBatch(batch); n != each || err != nil {
					t.Errorf("sent %d: %v", n, err)
				}
			}
		})
	}
	got := receive(t, y, buffers(4, MaxJoined), writers*rounds*each)
	wg.Wait()
	var next [writers]int
	for _, d := range got {
		if w := d.data[0]; d.data[1] != byte(next[w]) {
			t.Fatalf("writer %d: datagram %d came where %d was due", w, d.data[1], next[w])
		} else {
			next[w]++
		}
	}
}

// An IPv6 socket is not open to IPv4, and no address is IPv4-mapped.
func TestIPv6Only(t *testing.T) {
	listen(t, "::1")
	six, err := System().ListenUDP(netip.MustParseAddrPort("[::]:0"))
	if err != nil {
		t.Skip(err)
	}
	defer six.Close()
	four, err := System().ListenUDP(netip.AddrPortFrom(netip.IPv4Unspecified(), six.LocalAddr().Port()))
	if err != nil {
		t.Fatalf("the IPv4 port is taken by the IPv6 socket: %v", err)
	}
	defer four.Close()
	mapped := netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), four.LocalAddr().Port())
	if _, err := four.WriteBatch([]Datagram{numbered(1, 9, mapped)}); err != nil {
		t.Fatal(err)
	}
	got := receive(t, four, buffers(1, 2000), 1)
	if a := got[0].from.Addr(); a != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("from %v", a)
	}
	x, err := System().ListenUDP(netip.MustParseAddrPort("[::ffff:127.0.0.1]:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if !x.LocalAddr().Addr().Is4() {
		t.Errorf("bound to %v", x.LocalAddr())
	}
}

// An IPv6 link-local address works with its zone, and what comes from one
// carries it (RFC 4007 §11).
func TestLinkLocal(t *testing.T) {
	ifis, err := System().Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range ifis {
		for _, a := range i.IPs() {
			if a.Zone() == "" {
				continue
			}
			c, err := System().ListenUDP(netip.AddrPortFrom(a, 0))
			if err != nil {
				continue // not yet usable, or down
			}
			defer c.Close()
			d := numbered(1, 20, c.LocalAddr())
			if _, err := c.WriteBatch([]Datagram{d}); err != nil {
				t.Fatalf("%v: %v", a, err)
			}
			got := receive(t, c, buffers(1, 2000), 1)
			wantSame(t, got, []Datagram{d})
			if got[0].from != c.LocalAddr() || got[0].from.Addr() != a {
				t.Errorf("from %v, want %v", got[0].from, a)
			}
			return
		}
	}
	t.Skip("no link-local address here")
}

func TestInterfaces(t *testing.T) {
	got, err := System().Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	want, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d interfaces, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		if g.Name != w.Name || g.Index != w.Index || g.MTU != w.MTU || g.Flags != w.Flags {
			t.Errorf("%+v, want %+v", g, w)
		}
		addrs, err := w.Addrs()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range g.Addrs {
			names = append(names, p.String())
		}
		for _, a := range addrs {
			if !slices.Contains(names, a.String()) {
				t.Errorf("%s: %v is not in %v", g.Name, a, names)
			}
		}
		if len(addrs) != len(names) {
			t.Errorf("%s: %v, want %v", g.Name, names, addrs)
		}
	}
}

func TestZonesOfInterfaceAddresses(t *testing.T) {
	i := Interface{Name: "eth7", Addrs: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.1/8"), netip.MustParsePrefix("fe80::1/64"), netip.MustParsePrefix("2001:db8::1/64"),
	}}
	want := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fe80::1%eth7"), netip.MustParseAddr("2001:db8::1")}
	if got := i.IPs(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestLookup(t *testing.T) {
	addrs, err := System().LookupHost(context.Background(), "127.0.0.1")
	if err != nil || len(addrs) != 1 || addrs[0] != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("%v, %v", addrs, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := System().LookupHost(ctx, "stun.invalid"); err == nil {
		t.Error("a cancelled look-up succeeded")
	}
}

// Two programs share the mDNS port; both hear what either sends (RFC 6762
// §15.1).
func TestMulticast(t *testing.T) {
	tests := []struct{ group, sub string }{{"224.0.0.251:5353", "IPv4"}, {"[ff02::fb]:5353", "IPv6"}}
	for _, tt := range tests {
		t.Run(tt.sub, func(t *testing.T) {
			group := netip.MustParseAddrPort(tt.group)
			ifi, ok := multicastInterface(t, group.Addr().Is4())
			if !ok {
				t.Skip("no interface for it here")
			}
			x, err := System().ListenMulticastUDP(ifi, group)
			if err != nil {
				t.Skipf("%s: %v", ifi.Name, err)
			}
			defer x.Close()
			y, err := System().ListenMulticastUDP(ifi, group)
			if err != nil {
				t.Fatalf("the port is not shared: %v", err)
			}
			defer y.Close()
			query := numbered(5, 40, group)
			if _, err := x.WriteBatch([]Datagram{query}); err != nil {
				t.Skipf("%s: %v", ifi.Name, err)
			}
			for _, c := range []Conn{x, y} {
				wantSame(t, receive(t, c, buffers(1, 9000), 1), []Datagram{query})
			}
		})
	}
	if _, err := System().ListenMulticastUDP(Interface{}, netip.MustParseAddrPort("127.0.0.1:5353")); err == nil {
		t.Error("127.0.0.1 passed for a multicast group")
	}
}

func multicastInterface(t *testing.T, is4 bool) (Interface, bool) {
	ifis, err := System().Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range ifis {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		for _, p := range i.Addrs {
			if p.Addr().Is4() == is4 {
				return i, true
			}
		}
	}
	return Interface{}, false
}

func BenchmarkLoopback(b *testing.B) {
	for _, batch := range []int{1, 8, 50} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			x, y := listen(b, "127.0.0.1"), listen(b, "127.0.0.1")
			out := make([]Datagram, batch)
			for i := range out {
				out[i] = numbered(i, 1200, y.LocalAddr())
			}
			in := buffers(8, MaxJoined)
			b.ReportAllocs()
			b.SetBytes(1200)
			for sent := 0; sent < b.N; sent += batch {
				if _, err := x.WriteBatch(out); err != nil {
					b.Fatal(err)
				}
				for got := 0; got < batch; {
					k, err := y.ReadBatch(in)
					if err != nil {
						b.Fatal(err)
					}
					for _, d := range in[:k] {
						got += max(1, (d.N+1199)/1200)
					}
				}
			}
		})
	}
}

func BenchmarkInterfaces(b *testing.B) {
	for b.Loop() {
		if _, err := System().Interfaces(); err != nil {
			b.Fatal(err)
		}
	}
}

// Windows calls it an error that a datagram does not fit; elsewhere it is cut off.
func TestTooLong(t *testing.T) {
	failed := func(err error) error {
		return &net.OpError{Op: "read", Net: "udp", Err: os.NewSyscallError("wsarecvfrom", err)}
	}
	if !tooLong(failed(syscall.Errno(10040))) {
		t.Error("WSAEMSGSIZE is not taken for a datagram that does not fit")
	}
	for _, err := range []error{nil, net.ErrClosed, failed(syscall.ECONNREFUSED)} {
		if tooLong(err) {
			t.Errorf("%v is taken for a datagram that does not fit", err)
		}
	}
}
