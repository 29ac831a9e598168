//go:build linux && !udpplain

package udp

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A doorbell tells the runtime's poller when a socket has something to read. It is
// an epoll instance with the socket in it, and the poller watches that: a socket
// that the poller watched itself would wake it for each datagram, also while its
// reader is held back, for the poller is told of every arrival. A doorbell can be
// silenced.
type doorbell struct {
	file   *os.File
	raw    syscall.RawConn
	epoll  int
	silent bool // guarded by rmu of the batchConn
}

// takeOver returns another descriptor of the socket fd, which may be closed then,
// and its doorbell.
func takeOver(fd uintptr) (uintptr, *doorbell, error) {
	own, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return 0, nil, err
	}
	bell, err := newDoorbell(own)
	if err != nil {
		unix.Close(own)
		return 0, nil, err
	}
	return uintptr(own), bell, nil
}

func newDoorbell(fd int) (*doorbell, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	d := &doorbell{epoll: epoll}
	err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN})
	if err == nil {
		err = unix.SetNonblock(epoll, true) // which makes the runtime watch it
	}
	if err != nil {
		unix.Close(epoll)
		return nil, err
	}
	d.file = os.NewFile(uintptr(epoll), "udp")
	// Where the runtime cannot watch it, as in sandboxes without nested instances, it
	// has no deadline either.
	if err = d.file.SetReadDeadline(time.Time{}); err == nil {
		d.raw, err = d.file.SyscallConn()
	}
	if err != nil {
		d.file.Close()
		return nil, err
	}
	return d, nil
}

// silence has the doorbell not ring until it is armed.
func (d *doorbell) silence(fd uintptr) {
	if !d.silent {
		d.silent = unix.EpollCtl(d.epoll, unix.EPOLL_CTL_MOD, int(fd), &unix.EpollEvent{}) == nil
	}
}

// arm has the doorbell ring for what comes; not always for what has come meanwhile.
func (d *doorbell) arm(fd uintptr) {
	if d.silent {
		d.silent = unix.EpollCtl(d.epoll, unix.EPOLL_CTL_MOD, int(fd), &unix.EpollEvent{Events: unix.EPOLLIN}) != nil
	}
}
