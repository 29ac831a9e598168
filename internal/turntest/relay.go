package turntest

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// relay returns the allocation's socket of ip's version.
func (a *allocation) relay(ip netip.Addr) udp.Conn {
	i := slices.IndexFunc(a.relays, func(c udp.Conn) bool { return c.LocalAddr().Addr().Is4() == ip.Is4() })
	if i < 0 {
		return nil
	}
	return a.relays[i]
}

// alive returns the allocation of a client.
func (s *Server) alive(c client) *allocation {
	if a := s.allocations[c]; a != nil && time.Now().Before(a.expires) {
		return a
	}
	return nil
}

func (a *allocation) send(peer netip.AddrPort, data []byte) bool {
	conn := a.relay(peer.Addr())
	if conn == nil || !time.Now().Before(a.permissions[peer.Addr()]) {
		return false
	}
	_, err := conn.WriteBatch([]udp.Datagram{{Buf: data, N: len(data), Addr: peer}})
	return err == nil
}

func (s *Server) sendIndication(c client, m *stun.Message) {
	a, peer := s.alive(c), peerOf(m)
	data, err := m.Get(stun.AttrData)
	if a != nil && err == nil && peer.IsValid() && a.send(peer, data) {
		s.sent.Indications++
	}
}

func (s *Server) channelData(c client, p []byte) {
	a, number, n := s.alive(c), binary.BigEndian.Uint16(p), int(binary.BigEndian.Uint16(p[2:]))
	if a == nil || n > len(p)-4 || !time.Now().Before(a.bound[number]) {
		return
	}
	if a.send(a.byNumber[number], p[4:4+n]) {
		s.sent.ChannelData++
	}
}

// relay passes on what peers send to a relayed address, until it is closed.
func (s *Server) relay(c client, a *allocation, conn udp.Conn) {
	batch := []udp.Datagram{{Buf: make([]byte, 2048)}}
	for {
		if _, err := conn.ReadBatch(batch); err != nil {
			return
		}
		s.fromPeer(c, a, batch[0].Addr, batch[0].Buf[:batch[0].N])
	}
}

func (s *Server) fromPeer(c client, a *allocation, peer netip.AddrPort, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || s.alive(c) != a || !time.Now().Before(a.permissions[peer.Addr()]) {
		return
	}
	if number := a.byPeer[peer]; number != 0 && time.Now().Before(a.bound[number]) {
		s.data.ChannelData++
		p := binary.BigEndian.AppendUint16(nil, number)
		p = append(binary.BigEndian.AppendUint16(p, uint16(len(data))), data...)
		for c.s != nil && !c.packets && len(p)%4 != 0 {
			p = append(p, 0)
		}
		s.reply(c, p)
		return
	}
	s.data.Indications++
	m, err := stun.Build(stun.TransactionID, stun.MessageType{Method: stun.MethodData, Class: stun.ClassIndication},
		xorAddress{stun.AttrXORPeerAddress, peer}, raw{stun.AttrData, data})
	if err == nil {
		s.reply(c, m.Raw)
	}
}
