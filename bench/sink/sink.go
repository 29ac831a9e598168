// Package sink is a peer.Library whose peers receive RTP as cheaply as can be: a
// connection is set up by github.com/pion/webrtc, but its socket counts what has
// the form of RTP or RTCP (RFC 7983 §7) and drops it. Nothing is decrypted and no
// feedback is sent, so that what a sender costs can be measured with many of them
// on one machine. It serves senders of either library.
package sink

import (
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"

	"github.com/parleyrtc/webrtc/bench/pion"
)

// A Library makes peers that count.
type Library struct {
	*pion.Library
	packets, bytes atomic.Uint64
}

// New returns a library whose counters are zero.
func New() (*Library, error) {
	system, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	l := &Library{}
	l.Library = pion.New(false, func(s *webrtc.SettingEngine) { s.SetNet(&network{system, l}) })
	return l, nil
}

// Received is how many packets, and bytes of them, have arrived at all peers.
func (l *Library) Received() (packets, bytes uint64) { return l.packets.Load(), l.bytes.Load() }

// A network makes sockets that count.
type network struct {
	transport.Net
	library *Library
}

// ListenUDP implements transport.Net.
func (n *network) ListenUDP(name string, address *net.UDPAddr) (transport.UDPConn, error) {
	c, err := net.ListenUDP(name, address)
	if err != nil {
		return nil, err
	}
	return &socket{UDPConn: c, system: c, library: n.library}, nil
}

type socket struct {
	transport.UDPConn
	system  *net.UDPConn
	library *Library
}

// next reads the next datagram that is not RTP.
func (s *socket) next(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := s.system.ReadFromUDPAddrPort(b)
		if err != nil || n == 0 || b[0] < 128 || b[0] > 191 {
			return n, from, err
		}
		s.library.packets.Add(1)
		s.library.bytes.Add(uint64(n))
	}
}

// ReadFrom implements net.PacketConn.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromUDP(b)
	if err != nil {
		return n, nil, err
	}
	return n, from, nil
}

// ReadFromUDP implements transport.UDPConn.
func (s *socket) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	n, from, err := s.next(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// ReadMsgUDP implements transport.UDPConn; it returns no control messages.
func (s *socket) ReadMsgUDP(b, _ []byte) (n, oobn, flags int, from *net.UDPAddr, err error) {
	n, from, err = s.ReadFromUDP(b)
	return n, 0, 0, from, err
}
