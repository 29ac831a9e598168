package udp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// System returns the host's own network.
func System() Network { return system{} }

type system struct{}

// LookupHost asks the system's resolver and returns unmapped addresses.
func (system) LookupHost(ctx context.Context, host string) ([]netip.Addr, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for i, a := range addrs {
		addrs[i] = a.Unmap()
	}
	return addrs, nil
}

// Interfaces lists the host's interfaces. An interface that goes away
// meanwhile is left out.
func (system) Interfaces() ([]Interface, error) {
	ifis, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	out := make([]Interface, 0, len(ifis))
	for i := range ifis {
		if addrs, err := ifis[i].Addrs(); err == nil {
			out = append(out, describe(&ifis[i], addrs))
		}
	}
	return out, nil
}

func describe(ifi *net.Interface, addrs []net.Addr) Interface {
	d := Interface{Name: ifi.Name, Index: ifi.Index, MTU: ifi.MTU, Flags: ifi.Flags, Addrs: make([]netip.Prefix, 0, len(addrs))}
	for _, a := range addrs {
		ipnet, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ones, _ := ipnet.Mask.Size()
		if addr, ok := netip.AddrFromSlice(ipnet.IP); ok {
			d.Addrs = append(d.Addrs, netip.PrefixFrom(addr.Unmap(), ones))
		}
	}
	return d
}

// ListenUDP binds a socket to local. A socket for an IPv6 address is for IPv6
// alone, so that an IPv4 peer never appears under two addresses.
func (system) ListenUDP(local netip.AddrPort) (Conn, error) {
	if !local.Addr().IsValid() {
		return nil, fmt.Errorf("udp: listen on %v: no address", local)
	}
	local = unmap(local)
	c, err := net.ListenUDP(family(local.Addr()), net.UDPAddrFromAddrPort(local))
	if err != nil {
		return nil, err
	}
	return newConn(c)
}

// family names the network of a for package net, which sets IPV6_V6ONLY on the
// sockets of "udp6".
func family(a netip.Addr) string {
	if a.Is4() {
		return "udp4"
	}
	return "udp6"
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
