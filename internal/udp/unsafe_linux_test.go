//go:build linux && !udpplain

package udp

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func unsafeBytes(p *byte, n int) []byte { return unsafe.Slice(p, n) }

func ptr(c *control) unsafe.Pointer { return unsafe.Pointer(c) }

func iovecs(m *mmsghdr) []unix.Iovec { return unsafe.Slice(m.hdr.Iov, int(m.hdr.Iovlen)) }
