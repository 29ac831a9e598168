//go:build linux && !udpplain

package udp

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxRead is how many entries one system call fills.
const maxRead = 64

// reader is what recvmmsg needs, kept from call to call.
type reader struct {
	msgs     [maxRead]mmsghdr
	iov      [maxRead]unix.Iovec
	names    [maxRead]sockaddr
	controls [maxRead]control

	call  func(fd uintptr) bool // the method recv, bound once
	want  int                   // entries of the batch
	got   int
	errno syscall.Errno
	gro   bool
}

func newReader() *reader {
	r := &reader{}
	r.call = r.recv
	for i := range r.msgs {
		h := &r.msgs[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		h.Control = (*byte)(unsafe.Pointer(&r.controls[i]))
		h.Iov = &r.iov[i]
		h.SetIovlen(1)
	}
	return r
}

// recv takes what the socket has; false makes the poller wait for more.
func (r *reader) recv(fd uintptr) bool {
	for {
		r.got, r.errno = recvmmsg(fd, r.msgs[:r.want])
		switch r.errno {
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			return true
		}
	}
}

// ReadBatch implements Conn.
func (b *batchConn) ReadBatch(batch []Datagram) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	b.rmu.Lock()
	defer b.rmu.Unlock()
	if b.r == nil {
		b.r = newReader()
	}
	r := b.r
	r.want = min(len(batch), maxRead)
	if !r.gro && roomForJoined(batch[:r.want]) {
		r.gro = true
		_ = b.raw.Control(enableGRO)
	}
	for i := range r.want {
		d := &batch[i]
		r.iov[i].Base = unsafe.SliceData(d.Buf)
		r.iov[i].SetLen(len(d.Buf))
		h := &r.msgs[i].hdr
		h.Namelen = unix.SizeofSockaddrInet6
		h.SetControllen(int(unsafe.Sizeof(control{})))
	}
	err := b.raw.Read(r.call)
	for i := range r.want {
		r.iov[i].Base = nil // the buffers are the caller's again
	}
	if err != nil {
		return 0, err
	}
	if r.errno != 0 {
		return 0, b.fail("read", "recvmmsg", noAddr, r.errno)
	}
	for i := range r.got {
		d := &batch[i]
		d.N = int(r.msgs[i].n)
		d.Addr = decode(&r.names[i])
		d.SegmentSize, d.ECN = r.controls[i].read(int(r.msgs[i].hdr.Controllen))
		if d.SegmentSize >= d.N {
			d.SegmentSize = 0
		}
	}
	return r.got, nil
}

// roomForJoined says whether nothing would be cut off if the kernel joined
// datagrams.
func roomForJoined(batch []Datagram) bool {
	for i := range batch {
		if len(batch[i].Buf) < MaxJoined {
			return false
		}
	}
	return true
}

func enableGRO(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) }
