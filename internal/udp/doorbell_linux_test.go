//go:build linux && !udpplain

package udp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What arrives while the bell is silent wakes nobody, and is there for the next
// read; a read that finds nothing has the bell ring again.
func TestSilentBell(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	conn := y.(*batchConn)
	batch := make([]Datagram, 2)
	rings := func() bool {
		fds := []unix.PollFd{{Fd: int32(conn.bell.epoll), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n > 0
	}
	for round := range 3 {
		sent := []Datagram{numbered(round, 100, y.LocalAddr())}
		conn.quiet()
		conn.quiet()
		if _, err := x.WriteBatch(sent); err != nil {
			t.Fatal(err)
		}
		if rings() {
			t.Fatal("the bell rings though it is silent")
		}
		if n, err := y.ReadBatch(batch); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		Release(batch)
		done := make(chan error)
		go func() {
			_, err := y.ReadBatch(batch)
			Release(batch)
			done <- err
		}()
		if _, err := x.WriteBatch(sent); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	y.Close()
	conn.quiet() // does no harm
	if _, err := y.ReadBatch(batch); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
}

// No descriptor is left of a socket that was closed.
func TestDescriptors(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(entries)
	}
	before := count()
	for range 20 {
		c, err := System().ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	if after := count(); after > before+10 {
		t.Errorf("%d descriptors, %d before 20 sockets", after, before)
	}
}

// Datagrams that are sent as fast as a sender can, with its bursts, reach a reader
// with the usual buffer that holds itself back: nothing is lost while the sender
// keeps within MaxBurst of what was read.
func TestUsualReceiverAtLoopbackSpeed(t *testing.T) {
	for _, gso := range []bool{true, false} {
		x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
		if !gso {
			x.(*batchConn).maxGSO.Store(0)
		}
		const usual = 208 << 10
		_ = unix.SetsockoptInt(int(y.(*batchConn).fd), unix.SOL_SOCKET, unix.SO_RCVBUF, usual/2) // the kernel doubles it
		y.(*batchConn).gather = gathered(usual)
		const each, bursts = 48, 200
		var got atomic.Int64
		read := make(chan struct{}, 1)
		go func() {
			batch := make([]Datagram, MaxLent)
			m := Moderator{Limit: 2 * time.Millisecond}
			for {
				n, err := y.ReadBatch(batch)
				if err != nil {
					return
				}
				now := time.Now()
				for _, d := range batch[:n] {
					got.Add(int64(max(1, (d.N+1199)/1200)))
				}
				Release(batch)
				select {
				case read <- struct{}{}:
				default:
				}
				m.Hold(y, now, batch, n)
			}
		}()
		out := make([]Datagram, each)
		for i := range out {
			out[i] = numbered(i, 1200, y.LocalAddr())
		}
		alarm := time.NewTimer(10 * time.Second)
		for k := range bursts {
			if _, err := x.WriteBatch(out); err != nil {
				t.Fatal(err)
			}
			for got.Load() < int64((k+1)*each) {
				select {
				case <-read:
				case <-alarm.C:
					t.Fatalf("GSO %v: %d of %d datagrams have arrived", gso, got.Load(), (k+1)*each)
				}
			}
		}
		y.Close()
	}
}

// What a reader that is held back lets gather fits the usual buffer, also if it is
// many small datagrams, of which the buffer takes more than their bytes.
func TestRoomFits(t *testing.T) {
	const usual = 208 << 10
	for _, size := range []int{1, 100, 200, 700, 1200, 1400} {
		x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
		x.(*batchConn).maxGSO.Store(0)
		conn := y.(*batchConn)
		if err := unix.SetsockoptInt(int(conn.fd), unix.SOL_SOCKET, unix.SO_RCVBUF, usual/2); err != nil { // the kernel doubles it
			t.Fatal(err)
		}
		conn.gather = gathered(usual)
		var out []Datagram
		for bytes := 0; bytes < conn.room(); bytes += weight(size) {
			out = append(out, Datagram{Buf: make([]byte, size), N: size, Addr: y.LocalAddr()})
		}
		if n, err := x.WriteBatch(out); n != len(out) || err != nil {
			t.Fatal(n, err)
		}
		got := 0
		for in := buffers(64, 2000); ; {
			r := readers.Get().(*reader)
			n, errno := r.read(conn, in)
			readers.Put(r)
			if got += n; errno != 0 {
				break
			}
		}
		if got != len(out) {
			t.Errorf("%d of %d datagrams of %d bytes", got, len(out), size)
		}
	}
}

// What arrives when a reader has found nothing and the bell is still silent is read,
// though nothing comes after it.
func TestArrivalBeforeTheBellIsArmed(t *testing.T) {
	x, y := listen(t, "127.0.0.1"), listen(t, "127.0.0.1")
	conn, batch := y.(*batchConn), make([]Datagram, 2)
	one := []Datagram{numbered(1, 100, y.LocalAddr())}
	read := func() {
		alarm := time.AfterFunc(10*time.Second, func() { y.Close() })
		defer alarm.Stop()
		if n, err := y.ReadBatch(batch); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		Release(batch)
	}
	waiting := make(chan struct{})
	conn.recvmmsg = func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
		n, errno := recvmmsg(fd, msgs)
		if errno == unix.EAGAIN {
			close(waiting)
		}
		return n, errno
	}
	go func() {
		<-waiting
		x.WriteBatch(one)
	}()
	read() // the bell has rung
	conn.quiet()
	conn.recvmmsg = func(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
		n, errno := recvmmsg(fd, msgs)
		if errno == unix.EAGAIN {
			conn.recvmmsg = recvmmsg
			x.WriteBatch(one)
		}
		return n, errno
	}
	read()
}
