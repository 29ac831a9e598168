//go:build linux && !udpplain

package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// sockaddr has room for both address families; its alignment is that of
// sockaddr_in6.
type sockaddr = unix.RawSockaddrInet6

// control is room for the control messages of one datagram, aligned for them.
type control [12]uint64

func sendmmsg(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(unsafe.SliceData(msgs))), uintptr(len(msgs)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

func recvmmsg(fd uintptr, msgs []mmsghdr) (int, syscall.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(unsafe.SliceData(msgs))), uintptr(len(msgs)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// encode writes a for a socket of the family, and returns the length of what
// it wrote, 0 if a is of the other family.
func encode(s *sockaddr, a netip.AddrPort, is4 bool) uint32 {
	*s = sockaddr{}
	addr := a.Addr().Unmap()
	if !addr.IsValid() || addr.Is4() != is4 {
		return 0
	}
	if is4 {
		s4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(s))
		*s4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: addr.As4()}
		putPort(&s4.Port, a.Port())
		return unix.SizeofSockaddrInet4
	}
	*s = sockaddr{Family: unix.AF_INET6, Addr: addr.As16()}
	if zone := addr.Zone(); zone != "" {
		s.Scope_id = zones.index(zone)
	}
	putPort(&s.Port, a.Port())
	return unix.SizeofSockaddrInet6
}

// decode returns the address in s, the zero AddrPort if there is none.
func decode(s *sockaddr) netip.AddrPort {
	switch s.Family {
	case unix.AF_INET:
		s4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(s))
		return netip.AddrPortFrom(netip.AddrFrom4(s4.Addr), port(&s4.Port))
	case unix.AF_INET6:
		addr := netip.AddrFrom16(s.Addr).Unmap()
		if s.Scope_id != 0 && addr.Is6() {
			addr = addr.WithZone(zones.name(s.Scope_id))
		}
		return netip.AddrPortFrom(addr, port(&s.Port))
	}
	return netip.AddrPort{}
}

// Ports are in network byte order.
func putPort(p *uint16, v uint16) { binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(p))[:], v) }
func port(p *uint16) uint16       { return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(p))[:]) }

// appendControl adds a control message with an integer of size bytes to the n
// bytes that c has, and returns how many it has then.
func (c *control) append(n int, level, kind int32, value uint32, size int) int {
	h := (*unix.Cmsghdr)(unsafe.Add(unsafe.Pointer(c), n))
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(size))
	data := unsafe.Add(unsafe.Pointer(c), n+unix.CmsgLen(0))
	if size == 2 {
		*(*uint16)(data) = uint16(value)
	} else {
		*(*uint32)(data) = value
	}
	return n + unix.CmsgSpace(size)
}

// read returns the segment size, the ECN field and the time of arrival that the
// first n bytes of c tell, the time in nanoseconds of the wall clock.
func (c *control) read(n int) (segment int, ecn uint8, arrived int64) {
	n = min(n, int(unsafe.Sizeof(*c)))
	for at := 0; at+unix.CmsgLen(1) <= n; {
		h := (*unix.Cmsghdr)(unsafe.Add(unsafe.Pointer(c), at))
		size := int(h.Len)
		if size < unix.CmsgLen(1) || at+size > n {
			break
		}
		data := unsafe.Add(unsafe.Pointer(c), at+unix.CmsgLen(0))
		switch {
		case h.Level == unix.IPPROTO_UDP && h.Type == unix.UDP_GRO && size >= unix.CmsgLen(4):
			segment = int(*(*int32)(data))
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_TOS:
			ecn = *(*uint8)(data) & 3
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_TCLASS && size >= unix.CmsgLen(4):
			ecn = uint8(*(*int32)(data)) & 3
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_TIMESTAMPNS && size >= unix.CmsgLen(int(unsafe.Sizeof(unix.Timespec{}))):
			arrived = (*unix.Timespec)(data).Nano()
		}
		at += unix.CmsgSpace(size - unix.CmsgLen(0))
	}
	return segment, ecn, arrived
}

// zones translates between the names and the indexes of interfaces (RFC 4007
// §11.2).
var zones zoneCache

// zoneAge is for how long an interface is taken to keep its index.
const zoneAge = 10 * time.Second

type zoneCache struct {
	mu      sync.Mutex
	fetched time.Time
	names   map[uint32]string
	indexes map[string]uint32
}

func (z *zoneCache) index(name string) uint32 {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.refresh()
	if i, ok := z.indexes[name]; ok {
		return i
	}
	i, _ := strconv.ParseUint(name, 10, 32) // a zone may be a number
	return uint32(i)
}

func (z *zoneCache) name(index uint32) string {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.refresh()
	if n, ok := z.names[index]; ok {
		return n
	}
	return strconv.FormatUint(uint64(index), 10)
}

func (z *zoneCache) refresh() {
	if time.Since(z.fetched) < zoneAge {
		return
	}
	ifis, err := net.Interfaces()
	if err != nil {
		return
	}
	z.fetched, z.names, z.indexes = time.Now(), map[uint32]string{}, map[string]uint32{}
	for i := range ifis {
		z.names[uint32(ifis[i].Index)] = ifis[i].Name
		z.indexes[ifis[i].Name] = uint32(ifis[i].Index)
	}
}
