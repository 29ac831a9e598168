//go:build !linux

package udp

import (
	"net"
	"net/netip"
)

// ListenShared binds a socket; elsewhere than on Linux, which spreads what comes
// over several, one is as good.
func ListenShared(local netip.AddrPort, _ int) ([]Conn, error) {
	c, err := System().ListenUDP(local)
	if err != nil {
		return nil, err
	}
	return []Conn{c}, nil
}

// v6only says whether a socket takes IPv6 alone, which is not asked here.
func v6only(*net.UDPConn) bool { return false }
