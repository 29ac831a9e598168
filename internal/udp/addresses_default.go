//go:build !linux || udpplain

package udp

import (
	"net"
	"net/netip"
)

// addAddresses fills in the addresses of the interfaces. Those of one that has
// gone meanwhile are left out.
func addAddresses(out []Interface, ifis []net.Interface) error {
	for i := range ifis {
		addrs, err := ifis[i].Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			ipnet, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			ones, _ := ipnet.Mask.Size()
			if addr, ok := netip.AddrFromSlice(ipnet.IP); ok {
				out[i].Addrs = append(out[i].Addrs, netip.PrefixFrom(addr.Unmap(), ones))
			}
		}
	}
	return nil
}
