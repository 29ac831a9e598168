//go:build linux && !udpplain

package udp

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func needGSO(t testing.TB, c Conn) {
	t.Helper()
	if c.(*batchConn).maxGSO.Load() == 0 {
		t.Skip("no GSO in this kernel")
	}
}

// A run of equal datagrams crosses the loopback as one packet, there and back
// through GSO and GRO.
func TestJoinedOnTheWay(t *testing.T) {
	for _, a := range loopbacks {
		x, y := listen(t, a), listen(t, a)
		needGSO(t, x)
		in := buffers(4, MaxJoined)
		primeGRO(t, y, in)
		var sent []Datagram
		for i := range 20 {
			sent = append(sent, numbered(i, 1200, y.LocalAddr()))
		}
		sent = append(sent, numbered(20, 50, y.LocalAddr()))
		if n, err := x.WriteBatch(sent); n != 21 || err != nil {
			t.Fatalf("sent %d: %v", n, err)
		}
		k, err := y.ReadBatch(in)
		if err != nil {
			t.Fatal(err)
		}
		if k != 1 || in[0].SegmentSize != 1200 || in[0].N != 20*1200+50 || in[0].Addr != x.LocalAddr() {
			t.Fatalf("%s: %d entries, the first of %d bytes in segments of %d", a, k, in[0].N, in[0].SegmentSize)
		}
		wantSame(t, takeApart(in[0]), sent)
	}
}

// primeGRO makes c read with the batch once, so that GRO is on from here.
func primeGRO(t *testing.T, c Conn, batch []Datagram) {
	t.Helper()
	if _, err := c.WriteBatch([]Datagram{numbered(0, 1, c.LocalAddr())}); err != nil {
		t.Fatal(err)
	}
	receive(t, c, batch, 1)
}

// A reader whose buffers are too small for joined datagrams is never given any.
func TestSmallBuffersLoseNothing(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	primeGRO(t, y, buffers(4, 1500))
	big := numbered(1, 12000, y.LocalAddr())
	big.SegmentSize = 1200
	if _, err := x.WriteBatch([]Datagram{big}); err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, d := range receive(t, y, buffers(4, 1500), 10) {
		all = append(all, d.data...)
	}
	if !bytes.Equal(all, big.Buf) {
		t.Error("what arrived differs from what was sent")
	}
}

// RFC 3168 §5: the ECN field survives in both directions and both families, in
// joined datagrams too.
func TestECN(t *testing.T) {
	for _, a := range loopbacks {
		for _, count := range []int{1, 5} {
			for ecn := range uint8(4) {
				x, y := listen(t, a), listen(t, a)
				in := buffers(4, MaxJoined)
				primeGRO(t, y, in)
				var sent []Datagram
				for i := range count {
					sent = append(sent, numbered(i, 900, y.LocalAddr()))
					sent[i].ECN = ecn
				}
				if _, err := x.WriteBatch(sent); err != nil {
					t.Fatal(err)
				}
				got := receive(t, y, in, count)
				wantSame(t, got, sent)
				for _, d := range got {
					if d.ecn != ecn {
						t.Errorf("%s: sent ECN %d, got %d", a, ecn, d.ecn)
					}
				}
			}
		}
	}
}

// What cannot share a GSO message does not: destinations, ECN fields and sizes
// that grow are kept apart, and each datagram arrives as it was.
func TestMixedRuns(t *testing.T) {
	x, y, z := listen(t, "127.0.0.1"), listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	var calls [][]int // segment sizes, by message
	x.(*batchConn).sendmmsg = func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
		var sizes []int
		for i := range msgs {
			sizes = append(sizes, segmentSize(&msgs[i]))
		}
		calls = append(calls, sizes)
		return sendmmsg(fd, msgs)
	}
	needGSO(t, x)
	entry := func(size int, to Conn, ecn uint8) Datagram {
		d := numbered(size, size, to.LocalAddr())
		d.ECN = ecn
		return d
	}
	batch := []Datagram{
		entry(100, y, 0), entry(100, y, 0), entry(100, z, 0), // a run of two; alone
		entry(100, y, 1), entry(100, y, 2), // ECN differs
		entry(100, y, 0), entry(200, y, 0), entry(200, y, 0), entry(50, y, 0), entry(50, y, 0), // grows; the shorter one ends a run
		entry(0, y, 0), entry(50, y, 0),
	}
	if n, err := x.WriteBatch(batch); n != len(batch) || err != nil {
		t.Fatalf("sent %d: %v", n, err)
	}
	want := [][]int{{100, 0, 0, 0, 0, 200, 0, 0, 0}}
	if fmt.Sprint(calls) != fmt.Sprint(want) {
		t.Errorf("segment sizes %v, want %v", calls, want)
	}
	toY := slices.Concat(batch[:2], batch[3:])
	wantSame(t, receive(t, y, buffers(4, MaxJoined), len(toY)), toY)
	wantSame(t, receive(t, z, buffers(4, MaxJoined), 1), batch[2:3])
}

// segmentSize returns the GSO segment size of a message, 0 if it has none.
func segmentSize(m *mmsghdr) int {
	if m.hdr.Control == nil {
		return 0
	}
	msgs, err := unix.ParseSocketControlMessage(unsafeBytes(m.hdr.Control, int(m.hdr.Controllen)))
	if err != nil {
		panic(err)
	}
	for _, c := range msgs {
		if c.Header.Level == unix.IPPROTO_UDP && c.Header.Type == unix.UDP_SEGMENT {
			return int(c.Data[0]) | int(c.Data[1])<<8
		}
	}
	return 0
}

// A system that refuses GSO loses nothing, and is asked once.
func TestGSORefused(t *testing.T) {
	tests := []struct {
		errno syscall.Errno
		left  int32 // what maxGSO is afterwards
	}{
		{unix.EIO, 0}, {unix.EOPNOTSUPP, 0}, {unix.EINVAL, 1199}, {unix.EMSGSIZE, 1199},
	}
	for _, tt := range tests {
		x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
		needGSO(t, x)
		refused := 0
		x.(*batchConn).sendmmsg = func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
			for i := range msgs {
				if s := segmentSize(&msgs[i]); s == 0 || s < 1000 && tt.left > 0 {
					continue
				}
				if i == 0 {
					refused++
					return 0, tt.errno
				}
				return sendmmsg(fd, msgs[:i])
			}
			return sendmmsg(fd, msgs)
		}
		segments := numbered(9, 5000, y.LocalAddr())
		segments.SegmentSize = 1200
		batch := []Datagram{
			numbered(0, 90, y.LocalAddr()),
			numbered(1, 1200, y.LocalAddr()), numbered(2, 1200, y.LocalAddr()), numbered(3, 400, y.LocalAddr()),
			numbered(4, 91, y.LocalAddr()),
		}
		for i := range batch {
			batch[i].ECN = 1
		}
		for round := range 2 {
			if n, err := x.WriteBatch(append(slices.Clone(batch), segments)); n != 6 || err != nil {
				t.Fatalf("%v: sent %d of 6: %v", tt.errno, n, err)
			}
			want := slices.Clone(batch)
			for at := 0; at < 5000; at += 1200 {
				n := min(1200, 5000-at)
				want = append(want, Datagram{Buf: segments.Buf[at : at+n], N: n})
			}
			got := receive(t, y, buffers(4, MaxJoined), len(want))
			wantSame(t, got, want)
			if got[1].ecn != 1 {
				t.Errorf("%v: the ECN field is lost with the segments", tt.errno)
			}
			// In the first round both messages were laid out before the first refusal.
			if wantRefused := 2; refused != wantRefused {
				t.Errorf("%v, round %d: GSO was refused %d times, want %d", tt.errno, round, refused, wantRefused)
			}
		}
		if left := x.(*batchConn).maxGSO.Load(); left != tt.left {
			t.Errorf("%v: GSO is tried up to %d bytes, want %d", tt.errno, left, tt.left)
		}
	}
}

// Where the single datagrams fail as well, the fault is not GSO's.
func TestRefusalThatIsNotAboutGSO(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	needGSO(t, x)
	nowhere := netip.AddrPortFrom(y.LocalAddr().Addr(), 0) // EINVAL
	batch := []Datagram{numbered(0, 1200, nowhere), numbered(1, 1200, nowhere), numbered(2, 1200, y.LocalAddr())}
	n, err := x.WriteBatch(batch)
	if n != 1 || err == nil {
		t.Fatalf("sent %d, %v; want 1 and an error", n, err)
	}
	wantSame(t, receive(t, y, buffers(1, MaxJoined), 1), batch[2:])
	if x.(*batchConn).maxGSO.Load() != MaxJoined {
		t.Error("GSO was given up")
	}
}

// A socket whose buffer stays full, as behind a stalled interface, holds a
// writer up for a moment only.
func TestSendBufferThatStaysFull(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	x.(*batchConn).sendmmsg = func(uintptr, []mmsghdr) (int, syscall.Errno) { return 0, unix.EAGAIN }
	batch := []Datagram{numbered(0, 100, y.LocalAddr()), numbered(1, 100, y.LocalAddr())}
	done := make(chan error, 1)
	go func() {
		_, err := x.WriteBatch(batch)
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, unix.ENOBUFS) {
			t.Errorf("got %v, want ENOBUFS", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the writer still waits")
	}
	x.(*batchConn).sendmmsg = sendmmsg
	if n, err := x.WriteBatch(batch); n != 2 || err != nil {
		t.Errorf("once there is room: sent %d, %v; want 2", n, err)
	}
}

// A full socket buffer makes a writer wait for the poller, and an interrupted
// call is repeated.
func TestFullSendBuffer(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	var calls atomic.Int32
	x.(*batchConn).sendmmsg = func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
		switch calls.Add(1) {
		case 1:
			return 0, unix.EINTR
		case 2:
			return 0, unix.EAGAIN
		}
		return sendmmsg(fd, msgs)
	}
	batch := []Datagram{numbered(0, 100, y.LocalAddr())}
	if n, err := x.WriteBatch(batch); n != 1 || err != nil {
		t.Fatalf("sent %d: %v", n, err)
	}
	if calls.Load() != 3 {
		t.Errorf("%d calls, want 3", calls.Load())
	}
	wantSame(t, receive(t, y, buffers(1, 2000), 1), batch)
}

// ENOBUFS is a datagram lost at home: the rest of the batch goes out.
func TestNoBuffers(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	first := true
	x.(*batchConn).sendmmsg = func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
		if first {
			first = false
			return 0, unix.ENOBUFS
		}
		return sendmmsg(fd, msgs)
	}
	batch := []Datagram{numbered(0, 100, y.LocalAddr()), numbered(1, 200, y.LocalAddr())}
	n, err := x.WriteBatch(batch)
	if n != 1 || err == nil {
		t.Fatalf("sent %d, %v; want 1 and an error", n, err)
	}
	wantSame(t, receive(t, y, buffers(1, 2000), 1), batch[1:])
}

// A batch leaves in bursts that a receiver with the usual buffer survives.
func TestBurstsAreBounded(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	x.(*batchConn).sendmmsg = func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
		bytes := 0
		for i := range msgs {
			for k := range int(msgs[i].hdr.Iovlen) {
				bytes += int(iovecs(&msgs[i])[k].Len)
			}
		}
		if bytes > MaxBurst+1200 {
			t.Errorf("a burst of %d bytes", bytes)
		}
		return sendmmsg(fd, msgs)
	}
	var batch []Datagram
	for i := range 300 {
		batch = append(batch, numbered(i, 1200, y.LocalAddr()))
	}
	if n, err := x.WriteBatch(batch); n != 300 || err != nil {
		t.Fatalf("sent %d: %v", n, err)
	}
	wantSame(t, receive(t, y, buffers(8, MaxJoined), 300), batch)
}

// A burst of MaxBurst fits in a socket that nobody reads from meanwhile and that
// has the usual buffer, whether the kernel hands it over joined or in pieces.
func TestUsualReceiverSurvivesABurst(t *testing.T) {
	for _, room := range []int{1500, MaxJoined} {
		x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
		primeGRO(t, y, buffers(1, room))
		_ = unix.SetsockoptInt(int(y.(*batchConn).fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 208<<10/2) // the kernel doubles it
		var batch []Datagram
		for i := range MaxBurst / 1200 {
			batch = append(batch, numbered(i, 1200, y.LocalAddr()))
		}
		if n, err := x.WriteBatch(batch); n != len(batch) || err != nil {
			t.Fatalf("sent %d: %v", n, err)
		}
		wantSame(t, receive(t, y, buffers(1, room), len(batch)), batch)
	}
}

// Where the calls for batches are forbidden, sockets work without.
func TestBatchCallsForbidden(t *testing.T) {
	defer func(f func(uintptr) bool) { hasBatches = f }(hasBatches)
	hasBatches = func(uintptr) bool { return false }
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	if _, ok := x.(*plainConn); !ok {
		t.Fatalf("a %T", x)
	}
	sent := []Datagram{numbered(0, 100, y.LocalAddr()), numbered(1, 200, y.LocalAddr())}
	if n, err := x.WriteBatch(sent); n != 2 || err != nil {
		t.Fatalf("sent %d: %v", n, err)
	}
	wantSame(t, receive(t, y, buffers(4, 2000), 2), sent)
}

func TestSocketBuffers(t *testing.T) {
	c := listen(t, "127.0.0.1").(*batchConn)
	size, _ := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
	plain, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(plain)
	before, _ := unix.GetsockoptInt(plain, unix.SOL_SOCKET, unix.SO_RCVBUF)
	if size < before {
		t.Errorf("the receive buffer is %d bytes, less than the default of %d", size, before)
	}
	t.Logf("receive buffer: %d bytes, by default %d", size, before)
}

// Control messages of other kinds, short ones and garbage are stepped over.
func TestControlMessages(t *testing.T) {
	var c control
	n := c.append(0, unix.SOL_SOCKET, unix.SCM_TIMESTAMP, 77, 4)
	n = c.append(n, unix.IPPROTO_UDP, unix.UDP_GRO, 1200, 4)
	if segment, ecn, _ := c.read(n); segment != 1200 || ecn != 0 {
		t.Errorf("segment %d, ECN %d", segment, ecn)
	}
	n = c.append(0, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, 0xb9, 4)
	n = c.append(n, unix.IPPROTO_UDP, unix.UDP_GRO, 900, 4)
	if segment, ecn, _ := c.read(n); segment != 900 || ecn != 1 {
		t.Errorf("segment %d, ECN %d", segment, ecn)
	}
	for cut := range n {
		c.read(cut) // must not panic
	}
	for word := range c {
		bad := c
		bad[word] = ^uint64(0)
		bad.read(n)
		bad[word] = 0
		bad.read(n)
	}
}

func FuzzControlMessages(f *testing.F) {
	f.Add([]byte{}, 0)
	var c control
	n := c.append(0, unix.IPPROTO_UDP, unix.UDP_GRO, 1200, 4)
	f.Add(unsafeBytes((*byte)(ptr(&c)), n), n)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		var c control
		copy(unsafeBytes((*byte)(ptr(&c)), len(c)*8), b)
		if _, ecn, _ := c.read(n); ecn > 3 {
			t.Fatalf("ECN %d", ecn)
		}
	})
}

func TestAddressesInSystemForm(t *testing.T) {
	loop := zones.name(1)
	tests := []struct {
		addr string
		is4  bool
		want string // "" if it does not fit the socket
	}{
		{"1.2.3.4:5", true, "1.2.3.4:5"},
		{"[::ffff:1.2.3.4]:5", true, "1.2.3.4:5"},
		{"1.2.3.4:5", false, ""},
		{"[2001:db8::1]:65535", false, "[2001:db8::1]:65535"},
		{"[2001:db8::1]:65535", true, ""},
		{"[fe80::1%" + loop + "]:9", false, "[fe80::1%" + loop + "]:9"},
		{"[fe80::1%1]:9", false, "[fe80::1%" + loop + "]:9"},
		{"[fe80::1%99999]:9", false, "[fe80::1%99999]:9"},
	}
	for _, tt := range tests {
		var s sockaddr
		if n := encode(&s, netip.MustParseAddrPort(tt.addr), tt.is4); (n == 0) != (tt.want == "") {
			t.Errorf("%s: %d bytes", tt.addr, n)
		}
		if got := decode(&s); tt.want != "" && got.String() != tt.want || tt.want == "" && got.IsValid() {
			t.Errorf("%s came back as %v", tt.addr, got)
		}
	}
}

// No packet costs an allocation, sent or received.
func TestPacketsDoNotAllocate(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	var out []Datagram
	for i := range 20 {
		out = append(out, numbered(i, 1000+i%3, y.LocalAddr()))
	}
	in := buffers(8, MaxJoined)
	allocs := testing.AllocsPerRun(50, func() {
		if _, err := x.WriteBatch(out); err != nil {
			t.Fatal(err)
		}
		for got := 0; got < len(out); {
			k, err := y.ReadBatch(in)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range in[:k] {
				if got++; d.SegmentSize > 0 {
					got += (d.N - 1) / d.SegmentSize
				}
			}
		}
	})
	if allocs > 3 { // one writer anew: the race detector empties pools at random
		t.Errorf("%v allocations for 20 packets", allocs)
	}
}

// The kernel says when a datagram came, which may be long before it is read. It
// begins to take these times a while after the first socket has asked for them; until
// then it tells when the datagram was read.
func TestAge(t *testing.T) {
	for _, a := range loopbacks {
		x, y := listen(t, a), listen(t, a)
		batch := make([]Datagram, 2)
		for tries := 0; ; tries++ {
			began := time.Now()
			if _, err := x.WriteBatch([]Datagram{numbered(1, 100, y.LocalAddr())}); err != nil {
				t.Fatal(err)
			}
			written := time.Now()
			for time.Since(written) < 20*time.Millisecond {
				time.Sleep(20 * time.Millisecond)
			}
			least := time.Since(written) - time.Millisecond // clocks may be slewed
			if n, err := y.ReadBatch(batch); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			d, most := batch[0].Age, time.Since(began)+time.Millisecond
			Release(batch)
			if least <= d && d <= most {
				break
			}
			if d > most || tries == 100 {
				t.Fatalf("%s: %v old, want %v to %v", a, d, least, most)
			}
		}
	}
}

// Ages that only a clock that was set can give are none.
func TestUnbelievableAge(t *testing.T) {
	for _, ns := range []int64{-1, 0, int64(maxAge), 1 << 62, -1 << 63} {
		if d := age(ns); d != 0 {
			t.Errorf("age(%d) = %v", ns, d)
		}
	}
	if d := age(5); d != 5 {
		t.Errorf("age(5) = %v", d)
	}
}

// A write to a socket whose buffer stays full gives up after a while; those that
// follow do not wait again until one has passed.
func TestStalledSocket(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	conn, calls, full := x.(*batchConn), 0, true
	conn.sendmmsg = func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
		if calls++; full {
			return 0, unix.EAGAIN
		}
		return sendmmsg(fd, msgs)
	}
	one := []Datagram{numbered(1, 100, y.LocalAddr())}
	write := func() (int, error) {
		calls = 0
		n, err := x.WriteBatch(one)
		if full != errors.Is(err, unix.ENOBUFS) || full == (n == 1) {
			t.Fatalf("%d sent, %v; full: %v", n, err, full)
		}
		return calls, err
	}
	if n, _ := write(); n < 2 {
		t.Errorf("the first write has tried %d times", n)
	}
	for range 3 {
		if n, _ := write(); n != 1 {
			t.Errorf("a write to a stalled socket has tried %d times", n)
		}
	}
	full = false
	write()
	full = true
	if n, _ := write(); n < 2 {
		t.Errorf("after one that has passed a write has tried %d times", n)
	}
}

// A write uses room in the socket's buffer as soon as it is there, though the kernel
// does not call the socket writable yet.
func TestLittleRoom(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	for b := make([]byte, 1<<16); ; {
		if _, err := unix.Write(pipe[1], b); err != nil {
			break // it is full, and not writable
		}
	}
	conn, calls := x.(*batchConn), 0
	fd := conn.fd
	defer func() { conn.fd = fd }()
	conn.fd = uintptr(pipe[1])
	conn.sendmmsg = func(_ uintptr, msgs []mmsghdr) (int, syscall.Errno) {
		if calls++; calls < 4 {
			return 0, unix.EAGAIN
		}
		return sendmmsg(fd, msgs)
	}
	if n, err := x.WriteBatch([]Datagram{numbered(1, 100, y.LocalAddr())}); n != 1 || err != nil {
		t.Errorf("%d sent, %v", n, err)
	}
}
