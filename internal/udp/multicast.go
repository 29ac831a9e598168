package udp

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// ListenMulticastUDP binds a socket to the group's address and port, which it
// shares with other programs' (RFC 6762 §15.1), and joins the group on ifi. It
// sends with a TTL of 255 (RFC 6762 §11) and hears what this host sends.
func (system) ListenMulticastUDP(ifi Interface, group netip.AddrPort) (Conn, error) {
	group = unmap(group)
	if !group.Addr().IsMulticast() {
		return nil, fmt.Errorf("udp: listen on %v: not a multicast address", group)
	}
	bind := group
	if !canBindGroup {
		all := netip.IPv4Unspecified()
		if group.Addr().Is6() {
			all = netip.IPv6Unspecified()
		}
		bind = netip.AddrPortFrom(all, group.Port())
	} else if group.Addr().Is6() {
		bind = netip.AddrPortFrom(group.Addr().WithZone(ifi.Name), group.Port())
	}
	lc := net.ListenConfig{Control: shareAddress}
	pc, err := lc.ListenPacket(context.Background(), family(group.Addr()), bind.String())
	if err != nil {
		return nil, err
	}
	c := pc.(*net.UDPConn)
	if err := join(c, ifi, group.Addr()); err != nil {
		c.Close()
		return nil, fmt.Errorf("udp: join %v on %s: %w", group, ifi.Name, err)
	}
	return newConn(c)
}

// join makes c a member of group on ifi alone, and ifi the way out.
func join(c *net.UDPConn, ifi Interface, group netip.Addr) error {
	nifi := &net.Interface{Index: ifi.Index, Name: ifi.Name, MTU: ifi.MTU, Flags: ifi.Flags}
	addr := &net.UDPAddr{IP: group.AsSlice()}
	if group.Is4() {
		p := ipv4.NewPacketConn(c)
		return firstError(
			p.JoinGroup(nifi, addr),
			p.SetMulticastInterface(nifi),
			p.SetMulticastTTL(255),
			p.SetMulticastLoopback(true))
	}
	p := ipv6.NewPacketConn(c)
	return firstError(
		p.JoinGroup(nifi, addr),
		p.SetMulticastInterface(nifi),
		p.SetMulticastHopLimit(255),
		p.SetMulticastLoopback(true))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
