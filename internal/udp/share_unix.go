//go:build unix

package udp

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// canBindGroup: a socket bound to the group hears nothing sent to the port at
// other addresses.
const canBindGroup = true

// shareAddress lets several sockets have the same multicast address and port:
// on Linux SO_REUSEADDR is enough, the BSDs want SO_REUSEPORT, and both must be
// set where another responder sets both.
func shareAddress(_, _ string, c syscall.RawConn) error {
	var err error
	if cerr := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); cerr != nil {
		return cerr
	}
	return err
}
