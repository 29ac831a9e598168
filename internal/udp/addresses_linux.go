//go:build linux && !udpplain

package udp

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// addAddresses fills in the addresses of the interfaces from one netlink dump,
// where net.Interface.Addrs takes one for each interface.
func addAddresses(out []Interface, _ []net.Interface) error {
	dump, err := syscall.NetlinkRIB(unix.RTM_GETADDR, unix.AF_UNSPEC)
	if err != nil {
		return os.NewSyscallError("netlinkrib", err)
	}
	msgs, err := syscall.ParseNetlinkMessage(dump)
	if err != nil {
		return os.NewSyscallError("parsenetlinkmessage", err)
	}
	for i := range msgs {
		index, prefix := interfaceAddress(&msgs[i])
		for k := range out {
			if out[k].Index == index && prefix.IsValid() {
				out[k].Addrs = append(out[k].Addrs, prefix)
			}
		}
	}
	return nil
}

// interfaceAddress reads an RTM_NEWADDR message.
func interfaceAddress(m *syscall.NetlinkMessage) (index int, prefix netip.Prefix) {
	if m.Header.Type != unix.RTM_NEWADDR || len(m.Data) < unix.SizeofIfAddrmsg {
		return 0, prefix
	}
	attrs, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return 0, prefix
	}
	h := (*unix.IfAddrmsg)(unsafe.Pointer(&m.Data[0]))
	var local, address netip.Addr
	for _, a := range attrs {
		switch a.Attr.Type {
		case unix.IFA_LOCAL:
			local, _ = netip.AddrFromSlice(a.Value)
		case unix.IFA_ADDRESS: // the peer's, if there is a local one besides
			address, _ = netip.AddrFromSlice(a.Value)
		}
	}
	if !local.IsValid() {
		local = address
	}
	return int(h.Index), netip.PrefixFrom(local, int(h.Prefixlen))
}
