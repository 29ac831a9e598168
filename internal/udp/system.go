package udp

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/parleyrtc/webrtc/internal/netwatch"
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

// Interfaces lists the host's interfaces as they are now.
func (system) Interfaces() ([]Interface, error) { return interfaces() }

// WatchInterfaces is netwatch.Watch: one goroutine serves the process.
func (system) WatchInterfaces(changed func()) (stop func()) { return netwatch.Watch(changed) }

func listInterfaces() ([]Interface, error) {
	ifis, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	out := make([]Interface, len(ifis))
	for i := range ifis {
		out[i] = Interface{Name: ifis[i].Name, Index: ifis[i].Index, MTU: ifis[i].MTU, Flags: ifis[i].Flags}
	}
	if err := addAddresses(out, ifis); err != nil {
		return nil, err
	}
	return out, nil
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

// DialTCP opens a stream without Nagle's delay, as package net does.
func (system) DialTCP(ctx context.Context, local netip.Addr, remote netip.AddrPort) (net.Conn, error) {
	remote = unmap(remote)
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(local.Unmap(), 0))}
	network := "tcp6"
	if remote.Addr().Is4() {
		network = "tcp4"
	}
	return d.DialContext(ctx, network, remote.String())
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
