//go:build linux && !udpplain

package udp

import (
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxRead is how many entries one system call fills.
const maxRead = 64

// reader is what recvmmsg needs. Readers are shared: a socket has one only while
// the call runs.
type reader struct {
	msgs     [maxRead]mmsghdr
	iov      [maxRead]unix.Iovec
	names    [maxRead]sockaddr
	controls [maxRead]control
}

var readers = sync.Pool{New: func() any {
	r := &reader{}
	for i := range r.msgs {
		h := &r.msgs[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		h.Control = (*byte)(unsafe.Pointer(&r.controls[i]))
		h.Iov = &r.iov[i]
		h.SetIovlen(1)
	}
	return r
}}

// read takes what the socket has.
func (r *reader) read(c *batchConn, batch []Datagram) (got int, errno syscall.Errno) {
	want := 0
	for want < min(len(batch), maxRead) {
		d := &batch[want]
		if d.Buf == nil && want > 0 {
			break // more entries than are lent
		}
		r.iov[want].Base = unsafe.SliceData(d.Buf)
		r.iov[want].SetLen(len(d.Buf))
		h := &r.msgs[want].hdr
		h.Namelen = unix.SizeofSockaddrInet6
		h.SetControllen(int(unsafe.Sizeof(control{})))
		want++
	}
	for errno = unix.EINTR; errno == unix.EINTR; {
		got, errno = c.recvmmsg(c.fd, r.msgs[:want])
	}
	for i := range want {
		r.iov[i].Base = nil // the buffers are the caller's again
	}
	if errno != 0 {
		return 0, errno
	}
	var now time.Time
	for i := range got {
		d := &batch[i]
		d.N = int(r.msgs[i].n)
		d.Addr = decode(&r.names[i])
		var arrived int64
		d.SegmentSize, d.ECN, arrived = r.controls[i].read(int(r.msgs[i].hdr.Controllen))
		if d.SegmentSize >= d.N {
			d.SegmentSize = 0
		}
		d.Age = 0
		if arrived != 0 {
			if now.IsZero() {
				now = time.Now()
			}
			d.Age = age(now.UnixNano() - arrived)
		}
	}
	return got, 0
}

// age returns a difference of the wall clock's as an age, 0 if the clock must
// have been set meanwhile.
func age(ns int64) time.Duration {
	if d := time.Duration(ns); 0 < d && d < maxAge {
		return d
	}
	return 0
}

// maxAge is the longest that a datagram is believed to have waited in a socket.
const maxAge = 10 * time.Second

// recv takes what the socket has; false makes the poller wait for more.
// Buffers are lent only once there is something to fill them with, and not kept
// over the wait.
func (b *batchConn) recv(uintptr) bool {
	lent := Lend(b.batch)
	r := readers.Get().(*reader)
	b.got, b.errno = r.read(b, b.batch)
	if b.errno == unix.EAGAIN && b.bell.silent {
		b.bell.arm(b.fd)
		// The kernel does not ring for what has come before if it takes the bell for
		// one that has rung already: only for what comes from here on.
		b.got, b.errno = r.read(b, b.batch)
	}
	readers.Put(r)
	if lent && b.got == 0 {
		Release(b.batch)
	}
	return b.errno != unix.EAGAIN
}

// room implements quieter.
func (b *batchConn) room() int { return b.gather }

// quiet implements quieter.
func (b *batchConn) quiet() {
	b.rmu.Lock()
	defer b.rmu.Unlock()
	_ = b.bell.raw.Control(b.hush)
}

// ReadBatch implements Conn.
func (b *batchConn) ReadBatch(batch []Datagram) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	b.rmu.Lock()
	defer b.rmu.Unlock()
	if !b.gro && roomForJoined(batch[:min(len(batch), maxRead)]) {
		b.gro = true
		_ = b.control("set", func(uintptr) { enableGRO(b.fd) })
	}
	b.batch = batch
	err := b.closed("read", b.bell.raw.Read(b.read))
	b.batch = nil
	if err != nil {
		return 0, err
	}
	if b.errno != 0 {
		return 0, b.fail("read", "recvmmsg", noAddr, b.errno)
	}
	return b.got, nil
}

// roomForJoined says whether nothing would be cut off if the kernel joined
// datagrams: buffers that are lent have the room.
func roomForJoined(batch []Datagram) bool {
	if batch[0].Buf == nil {
		return true
	}
	for i := range batch {
		if len(batch[i].Buf) < MaxJoined {
			return false
		}
	}
	return true
}

func enableGRO(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) }
